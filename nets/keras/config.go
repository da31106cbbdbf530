package keras

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// kerasLayers is the module of Keras's own layers.
const kerasLayers = "keras.layers"

// object is a JSON object; its keys count as they are spelled.
type object map[string]json.RawMessage

// entry is what config.json says of a layer, an operation or a whole model.
type entry struct {
	class      string
	module     string
	registered string // "" for none
	name       string // the user's
	config     object
	nodes      []object // where it stands in a Functional model
}

// String names the entry in an error.
func (e entry) String() string {
	class := fmt.Sprintf("%.60q", e.class) // quoted only if it has to be
	if class == `"`+e.class+`"` {
		class = e.class
	}
	if e.name == "" {
		return class
	}
	return fmt.Sprintf("%s %.60q", class, e.name)
}

// parseEntry reads a layer or model.
func parseEntry(text json.RawMessage) (e entry, err error) {
	var o object
	if err := json.Unmarshal(text, &o); err != nil || o == nil {
		return e, fmt.Errorf("found %s, expected a layer with its class_name and config", short(text))
	}
	if err := o.read("class_name", &e.class); err != nil {
		return e, err
	}
	if err := o.read("config", &e.config); err != nil {
		return e, fmt.Errorf("%s: %w", e, err)
	}
	_ = e.config.read("name", &e.name) // of a class of one's own there may be none
	known := []string{"class_name", "config", "module", "registered_name", "build_config", "compile_config", "inbound_nodes", "name", "shared_object_id"}
	for key := range o {
		if !slices.Contains(known, key) {
			return e, fmt.Errorf("%s has a %.60q, which is not known here", e, key)
		}
	}
	if own, ok := o["name"]; ok && !equal(own, e.config["name"]) { // Keras wires layers by the one, and calls them by the other
		return e, fmt.Errorf("%s is called %s beside its config, expected one name", e, short(own))
	}
	for key, into := range map[string]any{"module": &e.module, "registered_name": &e.registered, "inbound_nodes": &e.nodes} {
		if err := o.optional(key, into); err != nil {
			return e, fmt.Errorf("%s: %w", e, err)
		}
	}
	return e, nil
}

// from refuses an entry that is not Keras's own, whatever its class is called:
// what it computes stands in nobody's file.
func (e entry) from(module, registered string) error {
	if e.module != module || e.registered != "" && e.registered != registered {
		return e.unknown(e.module)
	}
	return nil
}

// layerEntry reads a layer of Keras's own.
func layerEntry(text json.RawMessage) (entry, error) {
	e, err := parseEntry(text)
	if err == nil {
		err = e.from(kerasLayers, "")
	}
	return e, err
}

// read decodes the value of a key that has to be there.
func (o object) read(key string, into any) error {
	text, ok := o[key]
	if !ok {
		return fmt.Errorf("found no %s", key)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("found the %s %s, expected %s", key, short(text), kindOf(into))
	}
	return nil
}

// optional is read for a key that may be missing.
func (o object) optional(key string, into any) error {
	if _, ok := o[key]; !ok {
		return nil
	}
	return o.read(key, into)
}

// kindOf says what a pointer can be read from.
func kindOf(into any) string {
	switch reflect.TypeOf(into).Elem().Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "an object"
	case reflect.Bool:
		return "true or false"
	}
	return "a text"
}

// equal says whether two JSON texts mean the same: 1 is 1.0.
func equal(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// short is a JSON text for an error: one line of bearable length.
func short(text json.RawMessage) string {
	const most = 80
	line := strings.Join(strings.Fields(string(text)), "")
	if len(line) > most {
		return line[:most] + "..."
	}
	return line
}
