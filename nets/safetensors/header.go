package safetensors

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// entry is what the header says of one tensor; data lies in [begin, end) of the body.
type entry struct {
	Tensor
	begin, end int
}

// parseHeader reads the JSON header, entries in the header's order.
func parseHeader(text []byte) (entries []entry, metadata map[string]string, err error) {
	if err := checkText(text); err != nil {
		return nil, nil, err
	}
	c := &cursor{text: text}
	err = c.object(func(key string, at int) error {
		if key == metadataKey {
			metadata, err = parseMetadata(c)
			return err
		}
		if key == "" {
			return failAt(at, "found an empty tensor name, expected a name")
		}
		e, err := parseEntry(c, key)
		if err != nil {
			return fmt.Errorf("tensor %s: %w", clip(key), err)
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for ; c.pos < len(text); c.pos++ {
		if text[c.pos] != ' ' {
			return nil, nil, c.fail("found %s after the header's JSON, expected only spaces", c.found())
		}
	}
	return entries, metadata, nil
}

// checkText refuses what is not UTF-8 text starting with an object.
func checkText(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		c := cursor{text: text}
		return c.fail("found %s, expected '{', the beginning of the header's JSON", c.found())
	}
	if utf8.Valid(text) {
		return nil
	}
	pos := 0
	for {
		r, n := utf8.DecodeRune(text[pos:])
		if r == utf8.RuneError && n == 1 {
			return failAt(pos, "found the byte 0x%02x, expected UTF-8", text[pos])
		}
		pos += n
	}
}

func parseMetadata(c *cursor) (map[string]string, error) {
	metadata := map[string]string{}
	err := c.object(func(key string, _ int) error {
		value, err := c.str()
		if err != nil {
			return fmt.Errorf("key %s: %w", clip(key), err)
		}
		metadata[key] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataKey, err)
	}
	return metadata, nil
}

// parseEntry reads one tensor's object and holds its three fields against each other.
func parseEntry(c *cursor, name string) (entry, error) {
	e := entry{Tensor: Tensor{Name: name}}
	var offsets []int
	has := map[string]bool{}
	err := c.object(func(key string, at int) (err error) {
		switch key {
		case "dtype":
			e.DType, err = c.str()
		case "shape":
			e.Shape, err = c.integers()
		case "data_offsets":
			offsets, err = c.integers()
		default:
			return failAt(at, "found the key %s, expected dtype, shape or data_offsets", clip(key))
		}
		has[key] = true
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !has[key] {
			return e, c.fail("found no %s, expected dtype, shape and data_offsets", key)
		}
	}
	if len(offsets) != 2 {
		return e, fmt.Errorf("data_offsets: found %d numbers, expected 2", len(offsets))
	}
	e.begin, e.end = offsets[0], offsets[1]
	return e, e.check()
}

// span writes the offsets as they stand in the header.
func (e entry) span() string { return fmt.Sprintf("data_offsets [%d, %d]", e.begin, e.end) }

func (e entry) check() error {
	if e.begin > e.end {
		return fmt.Errorf("%s: the begin is after the end", e.span())
	}
	want, err := byteSize(e.DType, e.Shape)
	if err != nil {
		return err
	}
	if found := uint64(e.end - e.begin); found != want {
		return fmt.Errorf("%s: %d bytes, but %s %s takes %d", e.span(), found, e.DType, show(e.Shape), want)
	}
	return nil
}

// arrange puts the entries into file order and holds them against the body's length:
// each begins where the one before it ends, the last ends with the file. bodyAt is
// the file offset of the body.
func arrange(entries []entry, bodyAt, body int64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	last := entry{Tensor: Tensor{Name: "none"}}
	for _, e := range entries {
		switch {
		case e.begin < last.end:
			return fmt.Errorf("tensor %s: %s overlaps tensor %s, which ends at %d", clip(e.Name), e.span(), clip(last.Name), last.end)
		case e.begin > last.end:
			return fmt.Errorf("tensor %s: %s leaves a hole of %d bytes, expected the begin %d", clip(e.Name), e.span(), e.begin-last.end, last.end)
		case int64(e.end) > body:
			return fmt.Errorf("tensor %s: %s: the file ends at offset %d, after %d bytes of data", clip(e.Name), e.span(), bodyAt+body, body)
		}
		last = e
	}
	if rest := body - int64(last.end); rest != 0 {
		return fmt.Errorf("offset %d: found %d bytes after the last tensor, expected the end of the file", bodyAt+int64(last.end), rest)
	}
	return nil
}
