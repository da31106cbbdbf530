package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	kerasInitializers  = "keras.initializers"
	defaultInitializer = "GlorotUniform" // of kernels
)

// Initializers are Keras's classes of initializers that there are here.
var Initializers = []string{defaultInitializer, "HeUniform", "HeNormal", "Zeros"}

// WriteInitializer is what a config says of an initializer without a seed of its own.
func WriteInitializer(class string) json.RawMessage {
	config := `{"seed":null}`
	if class == "Zeros" {
		config = "{}"
	}
	return fmt.Appendf(nil, `{"module":%q,"class_name":%q,"config":%s,"registered_name":null}`, kerasInitializers, class, config)
}

// ReadInitializer is the class of an initializer, one of [Initializers]. A seed is
// left alone: here a run has one for all.
func ReadInitializer(text []byte) (class string, err error) {
	e, err := parseEntry(text)
	if err != nil || e.module != kerasInitializers || e.registered != "" || !slices.Contains(Initializers, e.class) {
		return "", fmt.Errorf("found the initializer %s, expected Keras's %s", short(text), strings.Join(Initializers, ", "))
	}
	if err := initializerRule.check(e); err != nil {
		return "", fmt.Errorf("found the initializer %w", err)
	}
	return e.class, nil
}

var initializerRule = rule{settings: map[string]setting{"seed": nil, "input_axes": must("null"), "output_axes": must("null")}}

// initializer is the class that a setting of a layer names.
func (e entry) initializer(key string) (string, error) {
	class, err := ReadInitializer(e.config[key])
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", e, key, err)
	}
	return class, nil
}
