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

// MarshalJSON writes a network as the config of a Keras model, which
// keras.models.model_from_json takes, with the Python twins of our layers
// registered: Sequential, or Functional if it branches. The softmax behind the last
// layer is the activation of a Dense that has none, else a layer. Two equal networks
// give the same bytes.
func (n Network) MarshalJSON() ([]byte, error) {
	used, err := n.names()
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	layers, input := slices.Clone(n.Layers), unused("input_layer", used)
	if last := len(layers) - 1; last >= 0 && layers[last].takesSoftmax() {
		layers[last].Settings = maps.Clone(layers[last].Settings)
		layers[last].Settings["activation"] = json.RawMessage(`"softmax"`)
	} else if last >= 0 {
		layers = append(layers, NetworkLayer{Class: "Softmax", Name: unused("softmax", used), After: []int{last}})
	}
	shape := shapeText(n.Input[:])
	head := fields{{"batch_shape", shape}, {"dtype", `"float32"`}, {"sparse", "false"}, {"ragged", "false"}, {"name", quoted(input)}}
	texts := []fields{written(kerasLayers, "InputLayer", "", head)}
	for _, l := range layers {
		texts = append(texts, l.written())
	}
	var config string
	if n.branches() {
		texts[0] = append(texts[0], field{"name", quoted(input)}, field{"inbound_nodes", "[]"})
		for i, l := range layers {
			texts[i+1] = append(texts[i+1], field{"name", quoted(l.Name)}, field{"inbound_nodes", n.call(l, input)})
		}
		config = written("keras.src.models.functional", "Functional", "Functional", fields{
			{"name", quoted(n.Name)}, {"trainable", "true"}, {"layers", list(texts)},
			{"input_layers", tensorOf(input)}, {"output_layers", tensorOf(layers[len(layers)-1].Name)},
		}).String()
	} else {
		config = written("keras", "Sequential", "", fields{
			{"name", quoted(n.Name)}, {"trainable", "true"}, {"dtype", policy}, {"layers", list(texts)}, {"build_input_shape", shape},
		}).String()
	}
	if len(config) > mostConfig {
		return nil, fmt.Errorf("keras: the network's config has %d bytes, of which at most %d are read", len(config), mostConfig)
	}
	return []byte(config), nil
}

// names are those of the layers. It refuses what could not be read back.
func (n Network) names() (used map[string]bool, err error) {
	used = make(map[string]bool)
	for _, l := range n.Layers {
		if l.Name == "" || used[l.Name] {
			return nil, fmt.Errorf("the layer %s has the name %q, expected one of its own", l, l.Name)
		}
		if err := checkName("layer", l.Name); err != nil {
			return nil, err
		}
		used[l.Name] = true
	}
	read := Network{Layers: slices.Clone(n.Layers)}
	read.rename()
	for i, l := range read.Layers {
		if l.Name != n.Layers[i].Name {
			return nil, fmt.Errorf("%s has the name that Keras gives to another layer of its class, so that it would be read as %s: call it something else", n.Layers[i], l)
		}
	}
	return used, checkName("network", n.Name)
}

// branches says whether a network is no chain.
func (n Network) branches() bool {
	for i, l := range n.Layers {
		if !slices.Equal(l.After, []int{i - 1}) {
			return true
		}
	}
	return false
}

// call is that of a layer on the outputs of others, as a Functional model has it.
func (n Network) call(l NetworkLayer, input string) string {
	var args []string
	for _, at := range l.After {
		name, shape := input, n.Input[:]
		if at != Image {
			name, shape = n.Layers[at].Name, n.Layers[at].Output
		}
		tensor := fields{{"shape", shapeText(shape)}, {"dtype", `"float32"`}, {"keras_history", tensorOf(name)}}
		args = append(args, fields{{"class_name", quoted(kerasTensor)}, {"config", tensor.String()}}.String())
	}
	on := strings.Join(args, ",")
	if len(args) > 1 {
		on = "[" + on + "]"
	}
	return `[{"args":[` + on + `],"kwargs":{}}]`
}

// tensorOf is a layer's output.
func tensorOf(name string) string { return "[" + quoted(name) + ",0,0]" }

// shapeText is the shape of a batch of what has this one.
func shapeText(of []int) string {
	text := "[null"
	for _, side := range of {
		text += fmt.Sprintf(",%d", side)
	}
	return text + "]"
}

func list(of []fields) string {
	texts := make([]string, len(of))
	for i, f := range of {
		texts[i] = f.String()
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// takesSoftmax says whether a layer is a Dense without activation that can have one.
func (l NetworkLayer) takesSoftmax() bool {
	_, penalized := l.All()["activity_regularizer"] // of what it gives before
	return l.Class == "Dense" && !l.Ours && !penalized && equal(l.All()["activation"], []byte(`"linear"`))
}

// All are a layer's settings, with those that its rule fixes and Keras's defaults.
func (l NetworkLayer) All() map[string]json.RawMessage {
	all := maps.Clone(l.Settings)
	if all == nil {
		all = make(map[string]json.RawMessage)
	}
	if !l.Ours {
		all = Settings(l.Class, all)
		rules[l.Class].fix(all)
	}
	return all
}

func (l NetworkLayer) written() fields {
	all := l.All()
	config := fields{{"name", quoted(l.Name)}, {"trainable", fmt.Sprint(!l.Frozen)}, {"dtype", policy}}
	if !l.Ours && rules[l.Class].bare {
		config = fields{config[0], config[2]}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		config = append(config, field{key, string(all[key])})
	}
	if l.Ours {
		return written(l.Module, l.Class, ownPackage+">"+l.Class, config)
	}
	return written(kerasLayers, l.Class, "", config)
}

// fix adds the settings that layers of a network have in common, and Keras's defaults
// of the others.
func (r rule) fix(all map[string]json.RawMessage) {
	for key := range r.own {
		_, has := all[key]
		normal := r.own.normal(key, all)
		if !has && normal != nil && key != "activity_regularizer" { // which Keras writes only where it is not null
			all[key] = normal
		}
	}
	for key, allowed := range r.settings {
		switch {
		case slices.Contains(defaults, key): // older Keras does not take it
		case allowed != nil:
			all[key] = allowed[0]
		case key == "axis":
			all[key] = json.RawMessage("-1")
		case slices.Contains(inTraining, key) && !strings.HasPrefix(key, "lora") && !slices.Contains(ofEachLayer, key):
			all[key] = json.RawMessage("null")
		}
	}
}

// field is a key of an object with its value, as JSON.
type field struct{ key, value string }

type fields []field

// written is an entry of a config.
func written(module, class, registered string, config fields) fields {
	orNull := func(s string) string {
		if s == "" {
			return "null"
		}
		return quoted(s)
	}
	return fields{{"module", orNull(module)}, {"class_name", quoted(class)}, {"config", config.String()}, {"registered_name", orNull(registered)}}
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
