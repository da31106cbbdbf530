// Package strict reads JSON that this house has written: a field that is not known,
// or anything behind the value, is an error, and errors are said in words.
package strict

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Decode decodes one JSON value that has no field unknown to v, and
// nothing behind it.
func Decode(content []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return InWords(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something stands behind the JSON value")
	}
	return nil
}

// InWords says an error of package json as a user can act on it: by the field's
// path in the file, without Go's types.
func InWords(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("is cut off: its JSON does not end")
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Errorf("is no JSON: %w at byte %d", err, syntax.Offset)
	}
	wrong := (*json.UnmarshalTypeError)(nil)
	if !errors.As(err, &wrong) {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	found := "a " + wrong.Value
	if number, ok := strings.CutPrefix(wrong.Value, "number "); ok {
		found = "the number " + number
	} else if strings.HasPrefix(found, "a o") || strings.HasPrefix(found, "a a") {
		found = "an " + wrong.Value
	}
	return fmt.Errorf("%s: found %s, expected %s", cmp.Or(wrong.Field, "all of it"), found, kindInWords(wrong.Type))
}

func kindInWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint32:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "an array"
	}
	return "an object"
}
