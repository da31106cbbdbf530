package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep a request's JSON may be nested. A tensor needs five
// levels, in three of the request.
const maxDepth = 32

// errTooMany is more values than a request may have.
var errTooMany = errors.New("too many values")

// scanner reads JSON from a text, by its grammar (RFC 8259) and without
// recursion: what it takes of memory is a part of the text's length.
type scanner struct {
	text string
	at   int
}

// fail is an error that says where.
func (s *scanner) fail(format string, args ...any) error {
	return fmt.Errorf("malformed JSON at byte %d: %s", s.at, fmt.Sprintf(format, args...))
}

// peek skips white space and returns the next byte; 0 is the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// expect takes one byte.
func (s *scanner) expect(c byte, where string) error {
	if got := s.peek(); got != c {
		return s.fail("%s expected %s, found %s", strconv.QuoteRune(rune(c)), where, s.found())
	}
	s.at++
	return nil
}

// found describes what stands at the current place.
func (s *scanner) found() string {
	if s.at >= len(s.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(s.text[s.at:])
	return strconv.QuoteRune(r)
}

// end checks that nothing stands behind the value.
func (s *scanner) end() error {
	if s.peek(); s.at < len(s.text) {
		return s.fail("%s stands behind the request", s.found())
	}
	return nil
}

// maxKeys bounds how many keys an object may have that is read key by key.
const maxKeys = 256

// object calls field for each key; field must take the value. A key stands once,
// and one whose value is null is as good as absent: clients write what they leave
// out that way.
func (s *scanner) object(what string, field func(key string) error) error {
	if c := s.peek(); c != '{' && c != 0 {
		return fmt.Errorf("%s must be an object", what)
	}
	if err := s.expect('{', "at the beginning of "+what); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.at++
		return nil
	}
	var few [8]string
	seen := few[:0]
	for {
		key, err := s.str("a key of " + what)
		switch {
		case err != nil:
			return err
		case slices.Contains(seen, key):
			return fmt.Errorf("%q stands twice in %s", short(key), what)
		case len(seen) == maxKeys:
			return fmt.Errorf("%s has more than %d keys", what, maxKeys)
		}
		seen = append(seen, key)
		if err = s.expect(':', "behind a key"); err == nil && !s.null() {
			err = field(key)
		}
		if err != nil {
			return err
		}
		if s.peek() == '}' {
			s.at++
			return nil
		}
		if err := s.expect(',', "or '}' in "+what); err != nil {
			return err
		}
		s.peek()
	}
}

// null takes a null, if one stands here. What stands behind it is looked at next.
func (s *scanner) null() bool {
	if s.peek() != 'n' || !strings.HasPrefix(s.text[s.at:], "null") {
		return false
	}
	s.at += len("null")
	return true
}

// array calls element for each element; element must take it.
func (s *scanner) array(what string, element func() error) error {
	if c := s.peek(); c != '[' && c != 0 {
		return fmt.Errorf("%s must be an array", what)
	}
	if err := s.expect('[', "at the beginning of "+what); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.peek() == ']' {
			s.at++
			return nil
		}
		if err := s.expect(',', "or ']' in "+what); err != nil {
			return err
		}
	}
}

// str reads a string.
func (s *scanner) str(what string) (string, error) {
	if c := s.peek(); c != '"' && c != 0 {
		if strings.HasPrefix(what, "a key") {
			return "", s.fail("%s expected, found %s", what, s.found())
		}
		return "", fmt.Errorf("%s must be a string", what)
	}
	raw, err := s.rawString()
	if err != nil {
		return "", err
	}
	if !strings.ContainsAny(raw, "\\") && utf8.ValidString(raw) {
		return raw[1 : len(raw)-1], nil
	}
	var text string
	if err := json.Unmarshal([]byte(raw), &text); err != nil {
		return "", s.fail("%v", err)
	}
	return text, nil
}

// rawString takes a string with its quotes.
func (s *scanner) rawString() (string, error) {
	from := s.at
	if err := s.expect('"', "at the beginning of a string"); err != nil {
		return "", err
	}
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '\\':
			s.at++
		case c == '"':
			s.at++
			return s.text[from:s.at], nil
		case c < ' ':
			return "", s.fail("a string holds a control character")
		}
	}
	s.at = len(s.text)
	return "", s.fail("a string does not end")
}

// raw takes any value and returns its text.
func (s *scanner) raw() (string, error) {
	s.peek()
	from, depth := s.at, 0
	for {
		switch c := s.peek(); c {
		case 0:
			return "", s.fail("a value expected, found %s", s.found())
		case '"':
			if _, err := s.rawString(); err != nil {
				return "", err
			}
		case '{', '[':
			if depth++; depth > maxDepth {
				return "", s.fail("nested deeper than %d", maxDepth)
			}
			s.at++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return "", s.fail("a value expected, found %s", s.found())
			}
			s.at++
		case ',', ':':
			if depth == 0 {
				return "", s.fail("a value expected, found %s", s.found())
			}
			s.at++
			continue
		default:
			word := s.at
			for s.at < len(s.text) && !strings.ContainsRune(" \t\n\r,:{}[]\"", rune(s.text[s.at])) {
				s.at++
			}
			if word == s.at {
				return "", s.fail("a value expected, found %s", s.found())
			}
		}
		if depth == 0 {
			break
		}
	}
	if text := s.text[from:s.at]; json.Valid([]byte(text)) {
		return text, nil
	}
	s.at = from
	return "", s.fail("no value stands here")
}

// whole reads a number without a fraction from 0 to 2^31-1.
func (s *scanner) whole(what string) (int, error) {
	v, err := s.number(what)
	if err == nil && !(v >= 0 && v == math.Trunc(v) && v < 1<<31) {
		err = fmt.Errorf("%s must be a whole number that is not negative", what)
	}
	return int(v), err
}

// number reads a number as float64.
func (s *scanner) number(what string) (float64, error) {
	text, err := s.literal(what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %s is outside of what a number can be", what, short(text))
	}
	return v, nil
}

// literal takes a number by its grammar.
func (s *scanner) literal(what string) (string, error) {
	s.peek()
	from := s.at
	digits := func() int {
		n := s.at
		for s.at < len(s.text) && s.text[s.at]-'0' <= 9 {
			s.at++
		}
		return s.at - n
	}
	take := func(set string) bool {
		if s.at < len(s.text) && strings.IndexByte(set, s.text[s.at]) >= 0 {
			s.at++
			return true
		}
		return false
	}
	take("-")
	first := s.at
	n := digits()
	ok := n == 1 || n > 1 && s.text[first] != '0'
	if ok && take(".") {
		ok = digits() > 0
	}
	if ok && take("eE") {
		take("+-")
		ok = digits() > 0
	}
	if !ok {
		if s.at == from {
			return "", s.fail("%s must hold numbers, found %s", what, s.found())
		}
		return "", s.fail("%s holds %s, which is no number", what, short(s.text[from:min(s.at+1, len(s.text))]))
	}
	return s.text[from:s.at], nil
}

// tens are powers of ten, which a float64 holds exactly up to 1e22.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// maxDigits are as many as a float64 holds whatever they are.
const maxDigits = 15

// decimal reads digits, with a fraction or without, as the float32 nearest to
// them; next is behind them. What is written in another way is not ok.
//
// The digits and the power of ten below them are exact, so their quotient is the
// nearest float64. Rounded again it is the nearest float32, unless it lies right
// between two of these: then it may have come from either side.
func decimal(text string, at int) (v float32, next int, ok bool) {
	m, point, i := int64(0), 0, at
	for ; i < len(text) && i < at+maxDigits+2; i++ {
		if c := text[i] - '0'; c <= 9 {
			m = 10*m + int64(c)
		} else if text[i] == '.' && point == 0 && i > at {
			point = i + 1
		} else {
			break
		}
	}
	digits := i - at
	if point > 0 {
		digits--
	}
	if digits < 1 || digits > maxDigits || i == len(text) || point == i || text[at] == '0' && point != at+2 && digits > 1 {
		return 0, at, false
	}
	if point == 0 {
		return float32(m), i, true
	}
	q := float64(m) / tens[i-point]
	const below = 1<<29 - 1 // the bits that a float32 has not
	return float32(q), i, math.Float64bits(q)&below != 1<<28
}

// float reads a number as the float32 nearest to it.
func (s *scanner) float(what string) (float32, error) {
	s.peek()
	if v, next, ok := decimal(s.text, s.at); ok && (s.text[next] == ',' || s.text[next] == ']') {
		s.at = next
		return v, nil
	}
	text, err := s.literal(what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 32)
	if err != nil {
		return 0, fmt.Errorf("%s holds %s, which is outside of float32", what, short(text))
	}
	return float32(v), nil
}

// floats appends numbers that stand behind each other, each with its comma and
// without white space, up to a number of values. It is most of what reading a
// request costs; what it leaves, tensor reads.
func (s *scanner) floats(values []float32, limit int) []float32 {
	text := s.text
	for len(values) < limit {
		if i := s.at; i+1 < len(text) && text[i] == '0' && text[i+1] == ',' { // most of an image
			values, s.at = append(values, 0), i+2
			continue
		}
		v, next, ok := decimal(text, s.at)
		if !ok || text[next] != ',' {
			break
		}
		values, s.at = append(values, v), next+1
	}
	return values
}

// short is the beginning of a text, for a message.
func short(text string) string {
	if len(text) > 24 {
		return text[:24] + "..."
	}
	return text
}

// tensor reads numbers in arrays, appends them to values and returns its shape:
// one number for a flat array. The arrays of a level must have one length.
func (s *scanner) tensor(what string, values []float32, limit int) ([]float32, []int, error) {
	var shape, counts []int // of each level: elements, or -1 while unknown; those of the open array
	if c := s.peek(); c != '[' && c != 0 {
		return nil, nil, fmt.Errorf("%s must be an array", what)
	}
	leaf := -1 // the level that holds numbers
	for {
		if c := s.peek(); c == '[' {
			if len(counts) == leaf {
				return nil, nil, fmt.Errorf("%s holds numbers beside arrays", what)
			}
			if len(counts) == maxDepth {
				return nil, nil, s.fail("nested deeper than %d", maxDepth)
			}
			s.at++
			if len(counts) == len(shape) {
				shape = append(shape, -1)
			}
			counts = append(counts, 0)
			if s.peek() != ']' {
				continue
			}
		} else if c == ']' {
			return nil, nil, s.fail("a value expected, found ']'")
		} else {
			if leaf < 0 {
				leaf = len(counts)
			}
			if len(counts) != leaf {
				return nil, nil, s.numbersOrArrays(what)
			}
			v, err := s.float(what)
			if err != nil {
				return nil, nil, err
			}
			if len(values) == limit {
				return nil, nil, errTooMany
			}
			values = append(values, v)
			counts[leaf-1]++
		}
		for {
			c := s.peek()
			if c == ',' {
				s.at++
				if len(counts) == leaf {
					n := len(values)
					values = s.floats(values, limit)
					counts[leaf-1] += len(values) - n
				}
				break
			}
			if c != ']' {
				return nil, nil, s.fail("',' or ']' expected in %s, found %s", what, s.found())
			}
			s.at++
			level := len(counts) - 1
			if shape[level] >= 0 && shape[level] != counts[level] {
				return nil, nil, fmt.Errorf("%s is ragged: arrays of %d and of %d elements stand on one level", what, shape[level], counts[level])
			}
			shape[level] = counts[level]
			counts = counts[:level]
			if level == 0 {
				return values, shape, nil
			}
			counts[level-1]++
		}
	}
}

// numbersOrArrays is the error of a value that is no array where others are.
func (s *scanner) numbersOrArrays(what string) error {
	if _, err := s.literal(what); err != nil {
		return err
	}
	return fmt.Errorf("%s holds numbers beside arrays", what)
}
