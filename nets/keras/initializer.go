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
	ones               = "Ones"
	constant           = "Constant"
)

// Initializers are Keras's classes of initializers that there are here.
var Initializers = []string{"GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", zeros, ones, constant}

// WriteInitializer is what a config says of an initializer without a seed of its own. The
// value is Constant's alone.
func WriteInitializer(class string, value float64) json.RawMessage {
	config := `{"seed":null}`
	switch class {
	case zeros, ones:
		config = "{}"
	case constant:
		number, _ := json.Marshal(value)
		config = fmt.Sprintf(`{"value":%s}`, number)
	}
	return fmt.Appendf(nil, `{"module":%q,"class_name":%q,"config":%s,"registered_name":null}`, kerasInitializers, class, config)
}

// ReadInitializer is the class of an initializer, one of [Initializers], and Constant's
// value. A seed is left alone: here a run has one for all.
func ReadInitializer(text []byte) (class string, value float64, err error) {
	e, err := parseEntry(text)
	known := err == nil && e.module == kerasInitializers && e.registered == ""
	switch {
	case known && e.class == constant:
		if err := json.Unmarshal(e.config["value"], &value); err != nil || len(e.config) != 1 {
			return "", 0, fmt.Errorf("the initializer is %s, expected a Constant of one value", short(text))
		}
		return e.class, value, nil
	case known && slices.Contains(Initializers, e.class):
		return e.class, 0, initializerRule.check(e, nil)
	case known:
		return "", 0, fmt.Errorf("the initializer is %s, expected %s", e, strings.Join(Initializers, ", "))
	}
	return "", 0, fmt.Errorf("the initializer is %s, expected Keras's %s", short(text), strings.Join(Initializers, ", "))
}

var initializerRule = rule{settings: map[string]setting{"seed": nil, "input_axes": must("null"), "output_axes": must("null")}}
