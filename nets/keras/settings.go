package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// pairs are settings of two numbers, for which Keras also takes one.
var pairs = []string{"kernel_size", "strides", "dilation_rate", "pool_size"}

// lists are settings of a number for each channel, or of one for all.
var lists = []string{"mean", "variance"}

// Settings are a layer's of one of Keras's classes as they count: without those that
// are Keras's defaults, and with a list where one number stands for it. All others are
// as they are.
func Settings(class string, all map[string]json.RawMessage) map[string]json.RawMessage {
	out, own := make(map[string]json.RawMessage), rules[class].own
	for key, value := range all {
		var number json.Number
		if single := json.Unmarshal(value, &number) == nil && number != ""; single && slices.Contains(pairs, key) {
			value = fmt.Appendf(nil, "[%s,%s]", value, value)
		} else if single && slices.Contains(lists, key) {
			value = fmt.Appendf(nil, "[%s]", value)
		}
		out[key] = value
	}
	for key := range maps.Clone(out) {
		normal := own.normal(key, out)
		says := !equal(out[key], []byte("null")) || !strings.HasSuffix(key, "_initializer") && !strings.HasPrefix(own[key], "=")
		if normal != nil && (!says || Same(out[key], normal)) {
			defer delete(out, key) // at the end, as it may be another one's default
		}
	}
	return out
}

// normal is what a setting is if nobody says; nil if it must be said.
func (o own) normal(key string, all map[string]json.RawMessage) json.RawMessage {
	text := o[key]
	if other, ok := strings.CutPrefix(text, "="); ok {
		if value, ok := all[other]; ok {
			return value
		}
		text = o[other]
	}
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// Same says whether two settings mean the same: 1 is 1.0, and the seed of an
// initializer means nothing.
func Same(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(bare(x), bare(y))
}

// bare takes out of serialized objects what means nothing.
func bare(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = bare(v[i])
		}
	case map[string]any:
		config, ok := v["config"].(map[string]any)
		if ok && v["module"] == kerasInitializers {
			delete(config, "seed")
			for _, key := range defaults {
				if config[key] == nil {
					delete(config, key)
				}
			}
		}
		if ok && v["module"] == kerasRegularizers { // an L2 is an L1L2 without an l1
			for _, key := range []string{"l1", "l2"} {
				if _, has := config[key]; !has {
					config[key] = 0.0
				}
			}
			v["class_name"] = "L1L2"
		}
		if _, class := v["class_name"]; class {
			delete(v, "shared_object_id")
			delete(v, "build_config")
			if v["registered_name"] == nil {
				delete(v, "registered_name")
			}
		}
		for key := range v {
			v[key] = bare(v[key])
		}
	}
	return v
}
