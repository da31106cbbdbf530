package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Write writes the tensors in the given order, without holes. The header has the
// metadata first, its keys sorted (left out if empty), then the tensors in the same
// order, then spaces up to a multiple of 8, so that float64 data may be mapped.
//
// Everything is checked before the first byte goes out: an empty, repeated or
// reserved name, text that is not UTF-8, an unknown type, a negative size, and Data
// of another length than type and shape take are refused. Errors of w stay wrapped.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	header, err := header(tensors, metadata)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if _, err := w.Write(header); err != nil {
		return fmt.Errorf("safetensors: writing the header: %w", err)
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return fmt.Errorf("safetensors: tensor %s: writing the data: %w", clip(t.Name), err)
		}
	}
	return nil
}

// header returns the length field and the padded header.
func header(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	buf := append(make([]byte, lengthSize, 1024), '{')
	if len(metadata) > 0 {
		var err error
		if buf, err = appendMetadata(buf, metadata); err != nil {
			return nil, err
		}
	}
	seen, begin := map[string]bool{}, 0
	for _, t := range tensors {
		if err := t.check(seen); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", clip(t.Name), err)
		}
		seen[t.Name] = true
		if buf[len(buf)-1] != '{' {
			buf = append(buf, ',')
		}
		buf = t.appendEntry(buf, begin)
		begin += len(t.Data)
	}
	buf = append(buf, '}')
	for len(buf)%8 != 0 {
		buf = append(buf, ' ')
	}
	n := len(buf) - lengthSize
	if n > headerLimit {
		return nil, fmt.Errorf("the header takes %d bytes, the format allows %d", n, headerLimit)
	}
	binary.LittleEndian.PutUint64(buf, uint64(n))
	return buf, nil
}

// check refuses a tensor that no reader should get; seen holds the names before it.
func (t Tensor) check(seen map[string]bool) error {
	switch {
	case t.Name == "":
		return fmt.Errorf("found an empty name, expected a name")
	case t.Name == metadataKey:
		return fmt.Errorf("found the name that the format keeps for its metadata")
	case !utf8.ValidString(t.Name):
		return fmt.Errorf("found a name that is not UTF-8")
	case seen[t.Name]:
		return fmt.Errorf("found the name a second time")
	}
	want, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return err
	}
	if found := uint64(len(t.Data)); found != want {
		return fmt.Errorf("data: %d bytes, but %s %s takes %d", found, t.DType, show(t.Shape), want)
	}
	return nil
}

func (t Tensor) appendEntry(buf []byte, begin int) []byte {
	buf = appendString(buf, t.Name)
	buf = append(buf, `:{"dtype":"`...)
	buf = append(buf, t.DType...)
	buf = append(buf, `","shape":`...)
	buf = appendInts(buf, t.Shape...)
	buf = append(buf, `,"data_offsets":`...)
	buf = appendInts(buf, begin, begin+len(t.Data))
	return append(buf, '}')
}

func appendMetadata(buf []byte, metadata map[string]string) ([]byte, error) {
	buf = append(buf, `"`+metadataKey+`":{`...)
	for i, key := range slices.Sorted(maps.Keys(metadata)) {
		if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
			return nil, fmt.Errorf("%s: key %s: found text that is not UTF-8", metadataKey, clip(key))
		}
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(appendString(buf, key), ':')
		buf = appendString(buf, metadata[key])
	}
	return append(buf, '}'), nil
}

func appendInts(buf []byte, list ...int) []byte {
	buf = append(buf, '[')
	for i, n := range list {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = strconv.AppendInt(buf, int64(n), 10)
	}
	return append(buf, ']')
}

// appendString appends s as a JSON string. HTML's characters stay as they are, for
// the sake of those who look into a file with less.
func appendString(buf []byte, s string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.Encode(s) // cannot fail: a string into a Buffer
	return append(buf, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
