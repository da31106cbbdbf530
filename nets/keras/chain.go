package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// chain is a model's layers in the order in which an image passes them.
type chain struct {
	name   string
	layers []entry
	groups []string        // of each layer: where its weights lie in the file
	input  json.RawMessage // the shape that a Sequential without an InputLayer was built for
}

// parseChain reads the order of a model's layers: of a Sequential model, or of a
// Functional one that is a chain, each layer called once on the output of the
// one before. In a network there may be layers of ours among them.
func parseChain(text []byte, network bool) (c chain, err error) {
	if syntax := (*json.SyntaxError)(nil); errors.As(json.Unmarshal(text, new(object)), &syntax) {
		return c, syntax
	}
	model, err := parseEntry(text)
	if err != nil {
		return c, err
	}
	module := "keras"
	if model.class == "Functional" {
		module = "keras.src.models.functional"
	}
	if err := model.from(module, "Functional"); err != nil {
		return c, err
	}
	if model.class != "Sequential" && model.class != "Functional" {
		return c, model.unknown("")
	}
	c.name = model.name
	var texts []json.RawMessage
	if err := model.config.read("layers", &texts); err != nil {
		return c, fmt.Errorf("%s: %w", model, err)
	}
	used := make(map[string]int)
	for _, text := range texts {
		layer, err := parseEntry(text)
		if err == nil && !(network && layer.ours()) {
			err = layer.from(kerasLayers, "")
		}
		if err != nil {
			return c, err
		}
		c.layers, c.groups = append(c.layers, layer), append(c.groups, group(layer.class, used))
	}
	if model.class == "Sequential" {
		c.input = model.config["build_input_shape"]
		return c, model.has("name", "trainable", "dtype", "layers", "build_input_shape")
	}
	if err := model.has("name", "trainable", "dtype", "layers", "input_layers", "output_layers"); err != nil {
		return c, err
	}
	return c.follow(model)
}

// has refuses settings of a model beyond these.
func (e entry) has(keys ...string) error {
	known := make(map[string]setting)
	for _, key := range keys {
		known[key] = nil
	}
	return rule{settings: known}.check(e)
}

// follow puts the layers of a Functional model into the order of its nodes, from
// the output back to the input.
func (c chain) follow(model entry) (chain, error) {
	first, err := model.end("input_layers")
	if err != nil {
		return c, err
	}
	name, err := model.end("output_layers")
	if err != nil {
		return c, err
	}
	byName := make(map[string]int)
	for i, l := range c.layers {
		if _, twice := byName[l.name]; twice {
			return c, fmt.Errorf("%s is there twice, expected each name once", l)
		}
		byName[l.name] = i
	}
	ordered := chain{name: c.name, layers: make([]entry, len(c.layers)), groups: make([]string, len(c.layers))}
	for at := len(c.layers) - 1; ; at-- {
		i, ok := byName[name]
		if !ok || at < 0 {
			return c, fmt.Errorf("%s: found no way from its output to its input along %.60q", model, name)
		}
		ordered.layers[at], ordered.groups[at] = c.layers[i], c.groups[i]
		if name == first {
			if at > 0 {
				return c, fmt.Errorf("%s has layers that do not stand between its input and its output, expected a chain", model)
			}
			return ordered, nil
		}
		if name, err = c.layers[i].before(); err != nil {
			return c, err
		}
	}
}

// end is the name of the one layer where a model begins or ends:
// ["dense_1", 0, 0], or a list of it alone.
func (e entry) end(key string) (string, error) {
	text := e.config[key]
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil && len(list) == 1 {
		text = list[0]
	}
	name, ok := history(text)
	if !ok {
		return "", fmt.Errorf("%s has the %s %s, expected one layer: models of several inputs or outputs have no counterpart", e, key, short(text))
	}
	return name, nil
}

// before is the name of the layer whose output this one is called on.
func (e entry) before() (string, error) {
	if len(e.nodes) != 1 {
		return "", fmt.Errorf("%s is called %d times, expected once: layers that share their weights have no counterpart", e, len(e.nodes))
	}
	var args []struct {
		Class  string `json:"class_name"`
		Config struct {
			History json.RawMessage `json:"keras_history"`
		}
	}
	text := e.nodes[0]["args"]
	if json.Unmarshal(text, &args) != nil || len(args) != 1 || args[0].Class != "__keras_tensor__" {
		return "", fmt.Errorf("%s is called on %s, expected the output of one layer", e, short(text))
	}
	var named object
	if err := e.nodes[0].optional("kwargs", &named); err != nil {
		return "", fmt.Errorf("%s: %w", e, err)
	}
	for key, value := range named {
		if !e.ignores(key, value) {
			return "", fmt.Errorf("%s is called with %.60s=%s, expected no arguments but its input", e, key, short(value))
		}
	}
	name, ok := history(args[0].Config.History)
	if !ok {
		return "", fmt.Errorf("%s is called on %s, expected the one output of a layer that is called once", e, short(args[0].Config.History))
	}
	return name, nil
}

// ignores says whether an argument that a layer was called with changes no
// prediction. Augmentation has training=true unless the user says otherwise, and
// predict() goes before that.
func (e entry) ignores(key string, value json.RawMessage) bool {
	switch {
	case key == "training" && equal(value, []byte("true")):
		return strings.HasPrefix(e.class, "Random")
	case key == "training":
		return equal(value, []byte("false")) || equal(value, []byte("null"))
	}
	return key == "mask" && equal(value, []byte("null"))
}

// history reads ["dense", 0, 0]: a layer, the first call of it, its first output.
func history(text json.RawMessage) (name string, ok bool) {
	var parts []json.RawMessage
	if json.Unmarshal(text, &parts) != nil || len(parts) != 3 || json.Unmarshal(parts[0], &name) != nil {
		return "", false
	}
	return name, equal(parts[1], []byte("0")) && equal(parts[2], []byte("0"))
}
