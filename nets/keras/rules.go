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
//
// It is read for two things. A network that will be trained takes layers whose classes
// have settings of their own, and hands these to the layer. Of a file of weights only
// some of the classes are known, and of their settings some values.
type rule struct {
	own      own                      // the settings in which layers of a network differ; nil: there is no such layer in a network
	settings map[string]setting       // the others
	weights  map[string]setting       // settings of both kinds, where weights are read
	apply    func(*walk, entry) error // what the layer computes, where weights are read; nil: it is idle, or has no counterpart there
	idle     bool                     // it changes nothing in prediction
	nothing  bool                     // nor in training: a network is the same without it
	axis     bool                     // it has an axis, which has to be the last
	bare     bool                     // Keras's takes no trainable
}

// own are a class's settings, with what they are in Keras if nobody says: a JSON text,
// "=KEY" for what another setting is, or "" for those that must be said.
type own map[string]string

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
	with = maps.Clone(with)
	if with == nil {
		with = make(map[string]setting)
	}
	for _, key := range slices.Concat(free, ofEachLayer) {
		with[key] = nil
	}
	return with
}

// none is settings without one that matters.
func none(free ...string) map[string]setting { return settings(nil, free...) }

// ofEachLayer are settings that a layer of any class may have.
var ofEachLayer = []string{"name", "trainable", "dtype", "activity_regularizer"}

// inTraining are settings that matter only in training, and which a network may not
// have but as own ones of a layer's. The kernel that Keras saves has its LoRA in it.
var inTraining = []string{
	"activity_regularizer", "noise_shape", "lora_rank", "lora_alpha", "kernel_constraint", "bias_constraint", "depthwise_constraint", "pointwise_constraint",
	"beta_constraint", "gamma_constraint", "alpha_constraint",
}

// defaults are settings that older Keras does not write, and does not take, and that
// are then as they must be.
var defaults = []string{"quantization_config", "optional", "ragged", "sparse", "input_axes", "output_axes", "synchronized", "renorm", "renorm_clipping", "renorm_momentum", "rms_scaling"}

// The defaults that several classes have.
var (
	glorot      = string(WriteInitializer(defaultInitializer, 0))
	noughts     = string(WriteInitializer(zeros, 0))
	allOnes     = string(WriteInitializer(ones, 0))
	lastChannel = map[string]setting{"data_format": must(`"channels_last"`)}
)

// and is those settings with more of them.
func (o own) and(more own) own {
	all := maps.Clone(o)
	maps.Copy(all, more)
	return all
}

// rules is made as the program starts, for what its functions do looks at it.
var rules map[string]rule

func init() {
	window := own{"kernel_size": "", "strides": "[1,1]", "padding": `"valid"`, "dilation_rate": "[1,1]", "activation": `"linear"`, "use_bias": "true", "bias_initializer": noughts,
		"bias_regularizer": "null", "activity_regularizer": "null"}
	kernel := own{"kernel_initializer": glorot, "kernel_regularizer": "null"}
	depthwise := window.and(own{"depth_multiplier": "1", "depthwise_initializer": glorot, "depthwise_regularizer": "null"})
	pool := rule{own: own{"pool_size": "[2,2]", "strides": "=pool_size", "padding": `"valid"`}, settings: settings(lastChannel)}
	global := rule{own: own{"keepdims": "false"}, settings: settings(lastChannel)}
	scaled := own{"epsilon": "0.001", "center": "true", "scale": "true", "beta_initializer": noughts, "gamma_initializer": allOnes, "beta_regularizer": "null", "gamma_regularizer": "null"}
	merge := rule{own: own{}, settings: none()}
	augmentation := rule{idle: true, settings: none("seed", "data_format", "mode", "factor", "height_factor", "width_factor", "fill_mode", "fill_value", "interpolation", "value_range")}
	noise := rule{idle: true, settings: none("rate", "stddev", "seed", "noise_shape")}
	plainReLU := map[string]setting{"max_value": must("null"), "negative_slope": must("0"), "threshold": must("0")}

	rules = map[string]rule{
		"InputLayer": {settings: settings(map[string]setting{"sparse": must("false"), "ragged": must("false"), "optional": must("false")}, "batch_shape")},

		// Those with kernels.
		"Conv2D": {
			own:      window.and(kernel).and(own{"filters": "", "groups": "1"}),
			settings: settings(lastChannel, "kernel_constraint", "bias_constraint", "lora_rank", "lora_alpha"),
			weights:  map[string]setting{"strides": must("[1,1]"), "padding": must(`"valid"`), "dilation_rate": must("[1,1]"), "groups": must("1"), "use_bias": must("true")},
			apply:    (*walk).convolution,
		},
		"DepthwiseConv2D": {own: depthwise, settings: settings(lastChannel, "depthwise_constraint", "bias_constraint")},
		"SeparableConv2D": {
			own:      depthwise.and(own{"filters": "", "pointwise_initializer": glorot, "pointwise_regularizer": "null"}),
			settings: settings(lastChannel, "depthwise_constraint", "pointwise_constraint", "bias_constraint"),
		},
		"Dense": {
			own:      kernel.and(own{"units": "", "activation": `"linear"`, "use_bias": "true", "bias_initializer": noughts, "bias_regularizer": "null", "activity_regularizer": "null"}),
			settings: settings(map[string]setting{"quantization_config": must("null")}, "kernel_constraint", "bias_constraint", "lora_rank", "lora_alpha"),
			weights:  map[string]setting{"use_bias": must("true")},
			apply:    (*walk).dense,
		},

		// Those that pool and normalize.
		"MaxPooling2D": pool, "AveragePooling2D": pool, "GlobalAveragePooling2D": global, "GlobalMaxPooling2D": global,
		"BatchNormalization": {
			own:      scaled.and(own{"momentum": "0.99", "moving_mean_initializer": noughts, "moving_variance_initializer": allOnes}),
			settings: settings(map[string]setting{"synchronized": must("false"), "renorm": must("false"), "renorm_clipping": must("null")}, "axis", "renorm_momentum", "beta_constraint", "gamma_constraint"),
			axis:     true,
		},
		"LayerNormalization": {own: scaled, settings: settings(map[string]setting{"rms_scaling": must("false")}, "axis", "beta_constraint", "gamma_constraint"), axis: true},
		"Normalization":      {own: own{"mean": "", "variance": "", "invert": "false"}, settings: none("axis"), axis: true},
		"Rescaling":          {own: own{"scale": "", "offset": "0"}, settings: none(), weights: map[string]setting{"scale": must("1"), "offset": must("0")}, idle: true},

		// Activations.
		"Activation": {own: own{"activation": ""}, settings: none(), apply: (*walk).activation},
		"ReLU":       {own: own{"max_value": "null", "negative_slope": "0", "threshold": "0"}, settings: none(), weights: plainReLU, apply: (*walk).relu},
		"LeakyReLU":  {own: own{"negative_slope": "0.3"}, settings: none()},
		"ELU":        {own: own{"alpha": "1"}, settings: none()},
		"PReLU":      {own: own{"alpha_initializer": noughts, "alpha_regularizer": "null", "shared_axes": "null"}, settings: none("alpha_constraint")},
		"Softmax":    {own: own{}, settings: none("axis"), weights: map[string]setting{"axis": must("-1", "[-1]")}, apply: (*walk).softmax, axis: true},

		// Shapes.
		"Flatten":       {own: own{}, settings: settings(lastChannel), apply: (*walk).flatten},
		"Reshape":       {own: own{"target_shape": ""}, settings: none()},
		"ZeroPadding2D": {own: own{"padding": "[[1,1],[1,1]]"}, settings: settings(lastChannel)},
		"Cropping2D":    {own: own{"cropping": "[[0,0],[0,0]]"}, settings: settings(lastChannel)},
		"Identity":      {settings: none(), idle: true, nothing: true},

		// Where branches meet.
		"Add": merge, "Subtract": merge, "Multiply": merge, "Average": merge, "Maximum": merge, "Minimum": merge,
		"Concatenate": {own: own{}, settings: none("axis"), axis: true},

		// Noise.
		"Dropout":          {own: own{"rate": ""}, settings: none("seed", "noise_shape"), idle: true},
		"SpatialDropout2D": {own: own{"rate": ""}, settings: settings(lastChannel, "seed"), weights: map[string]setting{"data_format": nil}, idle: true, bare: true},
		"GaussianNoise":    {own: own{"stddev": ""}, settings: none("seed"), idle: true},
		"AlphaDropout":     noise, "GaussianDropout": noise,

		"ActivityRegularization": {settings: none("l1", "l2"), idle: true},
		"RandomFlip":             augmentation, "RandomRotation": augmentation, "RandomZoom": augmentation,
		"RandomTranslation": augmentation, "RandomContrast": augmentation, "RandomBrightness": augmentation,
	}
}

// check holds an entry's settings to its rule, and to narrower values of some.
func (r rule) check(e entry, narrow map[string]setting) error {
	allowed := maps.Clone(r.settings)
	for key := range r.own {
		allowed[key] = nil
	}
	maps.Copy(allowed, narrow)
	for _, key := range slices.Sorted(maps.Keys(e.config)) {
		value := e.config[key]
		allowed, known := allowed[key]
		switch {
		case !known:
			return fmt.Errorf("%s has the setting %.60q: %s, which is not known here", e, key, short(value))
		case allowed != nil && !slices.ContainsFunc(allowed, func(v json.RawMessage) bool { return equal(v, value) }):
			return fmt.Errorf("%s has the %s %s, expected %s%s", e, key, short(value), allowed[0], e.advice(narrow != nil))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(allowed)) {
		allowed := allowed[key]
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
		return fmt.Errorf("%s has no counterpart", e)
	}
	return fmt.Errorf("%s is a class of your own, of which the file does not say what it computes: build the model as keras.Sequential of Keras's layers, and give it the weights with set_weights(model.get_weights())", e)
}

// advice is what to do about a setting of a class, where weights are read or a network.
func (e entry) advice(weights bool) string {
	switch {
	case weights && (e.class == "Rescaling" || e.class == "Normalization"):
		return ": here pixels are from 0 to 1; save the model without this layer if that is what it makes of 0 to 255, else train it without"
	case weights && e.class == "Conv2D":
		return ": weights are read of convolutions of stride 1, padding valid and a bias"
	}
	return ""
}
