package keras

import (
	"encoding/json"
	"fmt"
	"strings"
)

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

// before are the names of the layers whose outputs this one is called on: of one, or
// of a list.
func (e entry) before() ([]string, error) {
	if len(e.nodes) != 1 {
		return nil, fmt.Errorf("%s is called %d times, expected once: layers that share their weights have no counterpart", e, len(e.nodes))
	}
	var named object
	if err := e.nodes[0].optional("kwargs", &named); err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	for key, value := range named {
		if !e.ignores(key, value) {
			return nil, fmt.Errorf("%s is called with %.60s=%s, expected no arguments but its input", e, key, short(value))
		}
	}
	text := e.nodes[0]["args"]
	var args []json.RawMessage
	if json.Unmarshal(text, &args) != nil || len(args) != 1 {
		return nil, e.calledOn(text)
	}
	var list []json.RawMessage
	if json.Unmarshal(args[0], &list) == nil {
		args = list
	}
	var names []string
	for _, arg := range args {
		name, err := e.tensor(arg)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, e.calledOn(text)
	}
	return names, nil
}

func (e entry) calledOn(args json.RawMessage) error {
	return fmt.Errorf("%s is called on %s, expected the output of one layer, or a list of such", e, short(args))
}

// tensor is the name of the layer whose output an argument is.
func (e entry) tensor(arg json.RawMessage) (string, error) {
	var tensor struct {
		Class  string `json:"class_name"`
		Config struct {
			History json.RawMessage `json:"keras_history"`
		}
	}
	if json.Unmarshal(arg, &tensor) != nil || tensor.Class != kerasTensor {
		return "", e.calledOn(arg)
	}
	name, ok := history(tensor.Config.History)
	if !ok {
		return "", fmt.Errorf("%s is called on %s, expected the one output of a layer that is called once", e, short(tensor.Config.History))
	}
	return name, nil
}

// kerasTensor is the class of a layer's output among the arguments of another one.
const kerasTensor = "__keras_tensor__"

// ignores says whether an argument that a layer was called with changes no
// prediction. Augmentation has training=true unless the user says otherwise, and
// predict() goes before that, as fit() goes before training=false.
func (e entry) ignores(key string, value json.RawMessage) bool {
	switch {
	case key == "training" && equal(value, []byte("true")):
		return strings.HasPrefix(e.class, "Random")
	case key == "training":
		return equal(value, []byte("false")) || equal(value, []byte("null"))
	}
	return key == "mask" && (equal(value, []byte("null")) || equal(value, []byte("[null,null]")))
}

// history reads ["dense", 0, 0]: a layer, the first call of it, its first output.
func history(text json.RawMessage) (name string, ok bool) {
	var parts []json.RawMessage
	if json.Unmarshal(text, &parts) != nil || len(parts) != 3 || json.Unmarshal(parts[0], &name) != nil {
		return "", false
	}
	return name, equal(parts[1], []byte("0")) && equal(parts[2], []byte("0"))
}
