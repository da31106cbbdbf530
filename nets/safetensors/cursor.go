package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// cursor walks over the header's JSON once, from left to right. It knows only what
// the format needs - objects, strings, whole numbers and lists of them - so nothing
// nests deeper than three levels and no file can make it recurse. encoding/json
// would do, but for the byte offsets, which its errors give only sometimes.
type cursor struct {
	text []byte
	pos  int
}

// fail returns an error at the cursor. Offsets in errors are those of the file.
func (c *cursor) fail(format string, args ...any) error {
	return failAt(c.pos, format, args...)
}

func failAt(pos int, format string, args ...any) error {
	return fmt.Errorf("offset %d: %s", lengthSize+pos, fmt.Sprintf(format, args...))
}

// found describes the byte under the cursor.
func (c *cursor) found() string {
	if c.pos >= len(c.text) {
		return "the end of the header"
	}
	return strconv.QuoteRune(rune(c.text[c.pos]))
}

// peek skips white space and returns the next byte, or 0 at the end.
func (c *cursor) peek() byte {
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return c.text[c.pos]
		}
	}
	return 0
}

// take steps over the byte want, after white space.
func (c *cursor) take(want byte) error {
	if c.peek() != want || c.pos >= len(c.text) {
		return c.fail("found %s, expected %q", c.found(), want)
	}
	c.pos++
	return nil
}

// next reports whether a further item follows in the list that ends with end, and
// steps over the comma or the end. first is true before the first item.
func (c *cursor) next(end byte, first bool) (bool, error) {
	b := c.peek()
	switch {
	case b == end:
		c.pos++
		return false, nil
	case first:
		return true, nil
	case b == ',':
		c.pos++
		return true, nil
	}
	return false, c.fail("found %s, expected ',' or %q", c.found(), end)
}

// str reads a JSON string.
func (c *cursor) str() (string, error) {
	if err := c.take('"'); err != nil {
		return "", err
	}
	start := c.pos - 1
	for c.pos < len(c.text) && c.text[c.pos] != '"' {
		if c.text[c.pos] == '\\' {
			c.pos++
		}
		c.pos++
	}
	if c.pos >= len(c.text) {
		return "", failAt(start, "found a string without an end, expected '\"'")
	}
	c.pos++
	return unquote(c.text[start:c.pos], start)
}

// unquote decodes the JSON string raw, which begins at pos.
func unquote(raw []byte, pos int) (string, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", failAt(pos, "found the string %s, expected JSON: %v", clip(string(raw)), err)
	}
	// encoding/json turns half a surrogate pair into U+FFFD: two names could become one.
	if strings.Count(s, "\uFFFD") > bytes.Count(raw, []byte("\uFFFD")) {
		return "", failAt(pos, "found the string %s, expected \\u escapes of whole characters", clip(string(raw)))
	}
	return s, nil
}

// integer reads a whole number from 0 to 2^63-1, digits only.
func (c *cursor) integer() (int64, error) {
	c.peek()
	start := c.pos
	for c.pos < len(c.text) && bytes.IndexByte([]byte("+-.0123456789eE"), c.text[c.pos]) >= 0 {
		c.pos++
	}
	digits := string(c.text[start:c.pos])
	if digits == "" {
		return 0, c.fail("found %s, expected a whole number", c.found())
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		return 0, failAt(start, "found the number %s, expected a whole number from 0 to 2^63-1", clip(digits))
	}
	return int64(n), nil
}

// integers reads a list of whole numbers.
func (c *cursor) integers() ([]int, error) {
	if err := c.take('['); err != nil {
		return nil, err
	}
	list := []int{}
	for {
		more, err := c.next(']', len(list) == 0)
		if err != nil || !more {
			return list, err
		}
		n, err := c.integer()
		if err != nil {
			return nil, err
		}
		if int64(int(n)) != n {
			return nil, c.fail("found the number %d, expected one that fits this machine's int", n)
		}
		list = append(list, int(n))
	}
}

// object reads {"key": value, ...}, calling value with each key and the key's place
// to read the value; a key given twice is refused.
func (c *cursor) object(value func(key string, at int) error) error {
	if err := c.take('{'); err != nil {
		return err
	}
	seen := map[string]int{}
	for {
		more, err := c.next('}', len(seen) == 0)
		if err != nil || !more {
			return err
		}
		c.peek()
		at := c.pos
		key, err := c.str()
		if err != nil {
			return err
		}
		if earlier, twice := seen[key]; twice {
			return failAt(at, "found the key %s again, expected it once, at offset %d", clip(key), lengthSize+earlier)
		}
		seen[key] = at
		if err := c.take(':'); err != nil {
			return err
		}
		if err := value(key, at); err != nil {
			return err
		}
	}
}
