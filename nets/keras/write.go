package keras

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// policy is the element type of all layers that are written. A network has none;
// this is Keras's default.
const policy = `{"module":"keras","class_name":"DTypePolicy","config":{"name":"float32"},"registered_name":null}`

// MarshalJSON writes a network as a Sequential model's config, which
// keras.models.model_from_json takes, with the Python twins of our layers
// registered. The softmax behind the last layer is the activation of a Dense that
// has none, else a layer. Two equal networks give the same bytes.
func (n Network) MarshalJSON() ([]byte, error) {
	used := make(map[string]bool)
	for _, l := range n.Layers {
		if l.Name == "" || strings.Contains(l.Name, "/") || used[l.Name] {
			return nil, fmt.Errorf("keras: the layer %s has the name %q, expected one of its own and without a slash", l, l.Name)
		}
		used[l.Name] = true
	}
	if err := checkName("network", n.Name); err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	shape := fmt.Sprintf("[null,%d,%d,%d]", n.Input[0], n.Input[1], n.Input[2])
	texts := []string{written(kerasLayers, "InputLayer", "", fields{
		{"batch_shape", shape}, {"dtype", `"float32"`}, {"sparse", "false"}, {"ragged", "false"}, {"name", quoted(unused("input_layer", used))},
	})}
	for i, l := range n.Layers {
		if i == len(n.Layers)-1 && l.takesSoftmax() {
			l.Settings = maps.Clone(l.Settings)
			l.Settings["activation"] = json.RawMessage(`"softmax"`)
			texts = append(texts, l.written())
			break
		}
		texts = append(texts, l.written())
		if i == len(n.Layers)-1 {
			softmax := NetworkLayer{Class: "Softmax", Name: unused("softmax", used)}
			texts = append(texts, softmax.written())
		}
	}
	config := written("keras", "Sequential", "", fields{
		{"name", quoted(n.Name)}, {"trainable", "true"}, {"dtype", policy}, {"layers", "[" + strings.Join(texts, ",") + "]"}, {"build_input_shape", shape},
	})
	if len(config) > mostConfig {
		return nil, fmt.Errorf("keras: the network's config has %d bytes, of which at most %d are read", len(config), mostConfig)
	}
	return []byte(config), nil
}

// takesSoftmax says whether a layer is a Dense without activation.
func (l NetworkLayer) takesSoftmax() bool {
	return l.Class == "Dense" && !l.Ours && equal(l.Settings["activation"], []byte(`"linear"`))
}

// All are a layer's settings, with those that its rule fixes.
func (l NetworkLayer) All() map[string]json.RawMessage {
	all := maps.Clone(l.Settings)
	if all == nil {
		all = make(map[string]json.RawMessage)
	}
	if !l.Ours {
		rules[l.Class].fix(all)
	}
	return all
}

func (l NetworkLayer) written() string {
	all := l.All()
	config := fields{{"name", quoted(l.Name)}, {"trainable", fmt.Sprint(!l.Frozen)}, {"dtype", policy}}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		config = append(config, field{key, string(all[key])})
	}
	if l.Ours {
		return written(l.Module, l.Class, ownPackage+">"+l.Class, config)
	}
	return written(kerasLayers, l.Class, "", config)
}

// fix adds the settings that layers of a network have in common.
func (r rule) fix(all map[string]json.RawMessage) {
	for key, allowed := range r.settings {
		_, has := all[key]
		switch {
		case has:
		case key == "kernel_initializer":
			all[key] = WriteInitializer(defaultInitializer)
		case key == "bias_initializer":
			all[key] = WriteInitializer(zeros)
		case slices.Contains(defaults, key): // older Keras does not take it
		case allowed != nil:
			all[key] = allowed[0]
		case slices.Contains(inTraining, key) && !strings.HasPrefix(key, "lora") && !slices.Contains(ofEachLayer, key): // which Keras writes only where it is not null
			all[key] = json.RawMessage("null")
		}
	}
}

// field is a key of an object with its value, as JSON.
type field struct{ key, value string }

type fields []field

// written is an entry of a config.
func written(module, class, registered string, config fields) string {
	orNull := func(s string) string {
		if s == "" {
			return "null"
		}
		return quoted(s)
	}
	return fields{{"module", orNull(module)}, {"class_name", quoted(class)}, {"config", config.String()}, {"registered_name", orNull(registered)}}.String()
}

// String is an object with its keys in this order.
func (f fields) String() string {
	texts := make([]string, len(f))
	for i, field := range f {
		texts[i] = quoted(field.key) + ":" + field.value
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// quoted is a JSON text.
func quoted(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // registered names have a >
	_ = encoder.Encode(s)        // a text can be written
	return strings.TrimSuffix(b.String(), "\n")
}

// unused is a name that no layer has.
func unused(name string, used map[string]bool) string {
	given := name
	for i := 1; used[given]; i++ {
		given = fmt.Sprintf("%s_%d", name, i)
	}
	used[given] = true
	return given
}
