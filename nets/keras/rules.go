package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rule is how a class of layers is understood: the settings that it may have, and
// what it computes. Nothing else is let through.
type rule struct {
	settings map[string]setting
	apply    func(*walk, entry) error // nil: in prediction the layer changes nothing
	own      []string                 // the settings in which layers of a network differ
	nothing  bool                     // it changes nothing in training either
}

// setting is the values that a setting may have; none is any.
type setting []json.RawMessage

// must is a setting that has one of these values.
func must(values ...string) (s setting) {
	for _, v := range values {
		s = append(s, json.RawMessage(v))
	}
	return s
}

// settings are those with their values, beside those that change no prediction.
func settings(with map[string]setting, free ...string) map[string]setting {
	for _, key := range slices.Concat(free, ofEachLayer) {
		with[key] = nil
	}
	return with
}

// none is settings without one that matters.
func none(free ...string) map[string]setting { return settings(map[string]setting{}, free...) }

// ofEachLayer are settings that a layer of any class may have.
var ofEachLayer = []string{"name", "trainable", "dtype", "activity_regularizer"}

// Of layers with weights these matter only in training; the kernel that Keras
// saves has its LoRA in it.
var forTraining = []string{"kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint", "lora_rank", "lora_alpha"}

// inTraining are those of any class that a network which is trained may not have.
var inTraining = []string{"kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint", "lora_rank", "lora_alpha", "noise_shape"}

var rules map[string]rule

func init() { // as the functions below look at it
	augmentation := none("seed", "data_format", "mode", "factor", "height_factor", "width_factor", "fill_mode", "fill_value", "interpolation", "value_range")
	noise := none("rate", "stddev", "seed", "noise_shape", "data_format")
	rules = map[string]rule{
		"InputLayer": {settings: settings(map[string]setting{"sparse": must("false"), "ragged": must("false"), "optional": must("false")}, "batch_shape"), apply: (*walk).input},
		"Conv2D": {
			settings: settings(map[string]setting{
				"strides": must("[1,1]"), "padding": must(`"valid"`), "dilation_rate": must("[1,1]"), "groups": must("1"),
				"data_format": must(`"channels_last"`), "use_bias": must("true"),
			}, append(forTraining, "filters", "kernel_size", "activation")...),
			apply: (*walk).convolution,
			own:   []string{"filters", "kernel_size", "activation", "kernel_initializer"},
		},
		"Dense": {
			settings: settings(map[string]setting{"use_bias": must("true"), "quantization_config": must("null")}, append(forTraining, "units", "activation")...),
			apply:    (*walk).dense,
			own:      []string{"units", "activation", "kernel_initializer"},
		},
		"Flatten":    {settings: settings(map[string]setting{"data_format": must(`"channels_last"`)}), apply: (*walk).flatten},
		"Activation": {settings: none("activation"), apply: (*walk).activation},
		"ReLU":       {settings: settings(map[string]setting{"max_value": must("null"), "negative_slope": must("0"), "threshold": must("0")}), apply: (*walk).relu},
		"Softmax":    {settings: settings(map[string]setting{"axis": must("-1", "[-1]")}), apply: (*walk).softmax},
		"Rescaling":  {settings: settings(map[string]setting{"scale": must("1"), "offset": must("0")}), nothing: true},
		"Identity":   {settings: none(), nothing: true},
		"Dropout":    {settings: noise, own: []string{"rate"}},

		"SpatialDropout2D": {settings: noise}, "AlphaDropout": {settings: noise}, "GaussianDropout": {settings: noise}, "GaussianNoise": {settings: noise},
		"ActivityRegularization": {settings: none("l1", "l2")},
		"RandomFlip":             {settings: augmentation}, "RandomRotation": {settings: augmentation}, "RandomZoom": {settings: augmentation},
		"RandomTranslation": {settings: augmentation}, "RandomContrast": {settings: augmentation}, "RandomBrightness": {settings: augmentation},
	}
}

// defaults are settings that older Keras does not write, and that are then as they
// must be.
var defaults = []string{"quantization_config", "optional", "ragged", "sparse", "input_axes", "output_axes"}

// check holds an entry's settings to its rule.
func (r rule) check(e entry) error {
	for _, key := range slices.Sorted(maps.Keys(e.config)) {
		value := e.config[key]
		allowed, known := r.settings[key]
		switch {
		case !known:
			return fmt.Errorf("%s has the setting %.60q: %s, which is not known here", e, key, short(value))
		case allowed != nil && !slices.ContainsFunc(allowed, func(v json.RawMessage) bool { return equal(v, value) }):
			return fmt.Errorf("%s has the %s %s, expected %s%s", e, key, short(value), allowed[0], e.advice())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.settings)) {
		allowed := r.settings[key]
		if _, ok := e.config[key]; !ok && allowed != nil && !slices.Contains(defaults, key) {
			return fmt.Errorf("%s has no %s, expected %s", e, key, allowed[0])
		}
	}
	return nil
}

// unknown says what to do about an entry of a module that no rule is for.
func (e entry) unknown(module string) error {
	_, rule := rules[e.class]
	switch {
	case strings.HasPrefix(module, "keras.src.ops"):
		return fmt.Errorf("%s is an operation between layers, which has no counterpart: build the model of layers alone", e)
	case strings.HasPrefix(module, "keras") && (e.class == "Sequential" || e.class == "Functional"):
		return fmt.Errorf("%s is a model within the model, which has no counterpart: build one model of all the layers, and give it the weights with set_weights(model.get_weights())", e)
	case strings.HasPrefix(module, "keras") && !rule:
		return fmt.Errorf("%s has no counterpart%s", e, e.advice())
	}
	return fmt.Errorf("%s is a class of your own, of which the file does not say what it computes: build the model as keras.Sequential of Keras's layers, and give it the weights with set_weights(model.get_weights())", e)
}

// advice is what to do about a class, or about a setting of it.
func (e entry) advice() string {
	_, rule := rules[e.class]
	switch {
	case e.class == "Rescaling" || e.class == "Normalization":
		return ": here pixels are from 0 to 1; save the model without this layer if that is what it makes of 0 to 255, else train it without"
	case e.class == "Conv2D":
		return ": convolutions have stride 1, padding valid and a bias"
	case !rule:
		return ": the networks here are made of Conv2D, Flatten, Dense, relu and softmax"
	}
	return ""
}
