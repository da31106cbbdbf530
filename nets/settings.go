package nets

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"stheno/nets/keras"
)

// ofEachLayer are settings in a config that are no layer's own.
var ofEachLayer = []string{"name", "trainable", "dtype", frozenWithin}

// frozenWithin is, of a layer made of layers, which of them are frozen alone.
const frozenWithin = "frozen"

// writeSettings are a layer's settings as JSON. It refuses a layer that could not be
// read back as it is, by the field that keeps it from that. Keras's layers write
// themselves what they are, and may leave out what is Keras's default.
func writeSettings(l Layer) (map[string]json.RawMessage, error) {
	v, ours := reflect.ValueOf(settings(l)), !isKeras(l)
	if err := unwritable(v); err != nil && ours {
		return nil, err
	}
	p := reflect.New(v.Type()) // whose methods JSON calls, whether they are a value's or a pointer's
	p.Elem().Set(v)
	all, err := marshalled(p.Interface())
	if err != nil {
		return nil, err
	}
	for _, key := range ofEachLayer {
		if _, ok := all[key]; ok {
			return nil, fmt.Errorf("its JSON has a %q, which each layer has in a config: call it something else", key)
		}
	}
	if _, ok := all["activity_regularizer"]; ok && ours {
		return nil, fmt.Errorf("its JSON has a %q, which is a layer of Keras's own: call it something else", "activity_regularizer")
	}
	read, err := readSettings(reflect.TypeOf(plain(l)), all)
	if err == nil && ours {
		err = lost(v, reflect.ValueOf(settings(read)))
	}
	return all, err
}

// marshalled is an object's JSON.
func marshalled(v any) (all map[string]json.RawMessage, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, bareJSON(err)
	}
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return nil, fmt.Errorf("its JSON is %.60s, expected an object", text)
	}
	return all, nil
}

// readSettings makes a layer of a type, a struct or a pointer to one, of settings.
// They must be all that the layer has, and be in it what they are in JSON; of Keras's
// layers, all that is not Keras's default.
func readSettings(t reflect.Type, all map[string]json.RawMessage) (Layer, error) {
	text, err := json.Marshal(all)
	if err != nil {
		return nil, bareJSON(err)
	}
	v := reflect.New(settingsType(t))
	if err := json.Unmarshal(text, v.Interface()); err != nil {
		return nil, bareJSON(err)
	}
	held, err := marshalled(v.Interface())
	if err != nil {
		return nil, err
	}
	if t.Kind() != reflect.Pointer {
		v = v.Elem()
	}
	l := v.Interface().(Layer)
	if isKeras(l) {
		all, held = keras.Settings(kind(l), all), keras.Settings(kind(l), held)
	}
	if key := differing(all, held); key != "" {
		switch read, has := all[key]; {
		case !has:
			return nil, fmt.Errorf("there is no %.60q", key)
		case held[key] == nil:
			return nil, fmt.Errorf("it has a %.60q, which is not known", key)
		default:
			return nil, fmt.Errorf("the %.60s is %.60s, which is %.60s when it is read", key, read, held[key])
		}
	}
	return l, nil
}

// differing is the first key that two objects do not have alike.
func differing(a, b map[string]json.RawMessage) string {
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		x, inA := a[key]
		y, inB := b[key]
		if inA != inB || !keras.Same(x, y) {
			return key
		}
	}
	return ""
}

// bareJSON is an error without the name of what says it.
func bareJSON(err error) error {
	if own := (*json.MarshalerError)(nil); errors.As(err, &own) {
		return bareJSON(own.Unwrap())
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return fmt.Errorf("the %s is a %s, expected %v", kind.Field, kind.Value, kind.Type)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// unwritable says which field of a layer JSON cannot hold: a function, a channel,
// an interface with something in it, a number that is none, or a setting that is
// not exported. A field with the tag "-" is none.
func unwritable(v reflect.Value) error {
	if writesItself(v) {
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		return unwritableField(v)
	case reflect.Pointer:
		if !v.IsNil() {
			return unwritable(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := unwritable(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if err := unwritable(v.MapIndex(key)); err != nil {
				return err
			}
		}
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("is %v, which a file cannot hold", f)
		}
	case reflect.Interface:
		if !v.IsNil() {
			return fmt.Errorf("is an interface, which a file cannot hold")
		}
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Errorf("is a %v, which a file cannot hold", v.Kind())
	}
	return nil
}

func unwritableField(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		var err error
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && settingsType(f.Type).Kind() == reflect.Struct:
			err = unwritable(v.Field(i))
		case !f.IsExported() && !v.Field(i).IsZero():
			err = errors.New("is set and not exported, so that a file cannot hold it")
		case f.IsExported():
			err = unwritable(v.Field(i))
		}
		if err != nil {
			return fmt.Errorf("its field %s %w", f.Name, err)
		}
	}
	return nil
}

// lost says which field of a layer has not come back from its JSON. Go leaves out,
// without a word, fields of embedded structs that have one name, and all others
// beside an embedded type that has JSON of its own.
func lost(v, read reflect.Value) error {
	for i := range v.NumField() {
		f, was, is := v.Type().Field(i), v.Field(i), read.Field(i)
		if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if was.Kind() == reflect.Pointer && !was.IsNil() && !is.IsNil() {
			was, is = was.Elem(), is.Elem()
		}
		switch {
		case was.Kind() == reflect.Struct && (f.Anonymous || !writesItself(was)):
			if err := lost(was, is); err != nil {
				return fmt.Errorf("its field %s: %w", f.Name, err)
			}
		case !isEmpty(was) && isEmpty(is):
			return fmt.Errorf("its field %s is not in its JSON, as another field's name or an embedded type's JSON stands before it: call it something else, embed nothing, or, if it is no setting, give it the tag `json:\"-\"`", f.Name)
		}
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// writesItself says whether a value has JSON of its own, both ways.
func writesItself(v reflect.Value) bool {
	writes, reads := reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler]()
	p := reflect.PointerTo(v.Type())
	return p.Implements(writes) && p.Implements(reads)
}
