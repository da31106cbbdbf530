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
	zeros              = "Zeros"         // of biases
)

// Initializers are Keras's classes of initializers that there are here.
var Initializers = []string{defaultInitializer, "HeUniform", "HeNormal", zeros, "Ones"}

// WriteInitializer is what a config says of an initializer without a seed of its own.
func WriteInitializer(class string) json.RawMessage {
	config := `{"seed":null}`
	if class == zeros || class == "Ones" {
		config = "{}"
	}
	return fmt.Appendf(nil, `{"module":%q,"class_name":%q,"config":%s,"registered_name":null}`, kerasInitializers, class, config)
}

// ReadInitializer is the class of an initializer, one of [Initializers]. A seed is
// left alone: here a run has one for all.
func ReadInitializer(text []byte) (class string, err error) {
	e, err := parseEntry(text)
	known := err == nil && e.module == kerasInitializers && e.registered == ""
	switch {
	case known && slices.Contains(Initializers, e.class):
		return e.class, initializerRule.check(e, nil)
	case known:
		return "", fmt.Errorf("the initializer is %s, expected %s", e, strings.Join(Initializers, ", "))
	}
	return "", fmt.Errorf("the initializer is %s, expected Keras's %s", short(text), strings.Join(Initializers, ", "))
}

var initializerRule = rule{settings: map[string]setting{"seed": nil, "input_axes": must("null"), "output_axes": must("null")}}
