package nets

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
)

// question is a network around one layer of Keras's, made at random.
type question struct {
	class    string
	settings map[string]any // under Keras's names
	input    [3]int
	rows     bool  // the layer takes rows, not images
	inputs   int   // how many branches meet in it; 0 is a layer of one input
	widths   []int // of the branches, if they differ
	global   bool  // the first branch is one pixel for an image
	noisy    bool  // training draws random numbers
	frozen   bool
	many     bool // of one or two numbers there is no mean worth the name
}

// dice make questions.
type dice struct{ *rand.Rand }

func (d dice) chance(p float64) bool { return d.Float64() < p }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

func (d dice) side() int { return pick(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14) }

func (d dice) channels() int { return pick(d, 1, 3, 5, 16, 17) }

func (d dice) real(low, high float64) float64 { return low + (high-low)*d.Float64() }

func (d dice) image() [3]int { return [3]int{d.side(), d.side(), d.channels()} }

// generators make a question of each class of Keras's that is registered.
var generators = map[string]func(dice) question{
	"Conv2D": func(d dice) question {
		q, groups := d.window(), pick(d, 1, 1, 1, 2, 3)
		q.input[2] *= groups
		return q.with("filters", d.channels()*groups, "groups", groups).kernels(d, "kernel")
	},
	"DepthwiseConv2D": func(d dice) question {
		return d.window().square().with("depth_multiplier", pick(d, 1, 1, 2, 3)).kernels(d, "depthwise")
	},
	"SeparableConv2D": func(d dice) question {
		return d.window().square().with("filters", d.channels(), "depth_multiplier", pick(d, 1, 1, 2, 3)).kernels(d, "depthwise", "pointwise")
	},
	"Dense": func(d dice) question {
		q := question{input: d.image(), rows: true}
		return q.with("units", d.channels(), "activation", d.activation(), "use_bias", d.chance(0.7)).kernels(d, "kernel")
	},
	"MaxPooling2D": dice.pool, "AveragePooling2D": dice.pool,
	"GlobalAveragePooling2D": dice.global, "GlobalMaxPooling2D": dice.global,
	"BatchNormalization": func(d dice) question {
		return d.scaled().with("momentum", pick(d, 0.99, 0.9, d.Float64()))
	},
	"LayerNormalization": func(d dice) question {
		q := d.scaled()
		if q.input[2] == 1 { // the distance from the mean is rounding
			q = q.with("epsilon", 0.5)
		}
		return q
	},
	"Normalization": func(d dice) question {
		q := question{input: d.image()}
		mean, variance := make([]float64, q.input[2]), make([]float64, q.input[2])
		for i := range mean {
			mean[i], variance[i] = narrow(d.NormFloat64()), narrow(d.real(0.1, 2))
		}
		q = q.with("mean", mean, "variance", variance, "invert", d.chance(0.3))
		if d.chance(0.3) {
			q = q.with("mean", mean[0], "variance", variance[0])
		}
		return q
	},
	"Rescaling": func(d dice) question {
		return question{input: d.image()}.with("scale", narrow(d.NormFloat64()), "offset", pick(d, 0, narrow(d.NormFloat64())))
	},
	"Activation": func(d dice) question { return d.anywhere().with("activation", d.activation()) },
	"ReLU": func(d dice) question {
		q := d.anywhere().with("max_value", pick[any](d, nil, 6.0, narrow(d.Float64())), "negative_slope", pick(d, 0, narrow(d.Float64())), "threshold", 0.0)
		if d.chance(0.4) {
			q = q.with("threshold", narrow(d.real(0, 0.5)))
		}
		return q
	},
	"LeakyReLU": func(d dice) question { return d.anywhere().with("negative_slope", pick(d, 0.3, narrow(d.Float64()))) },
	"ELU":       func(d dice) question { return d.anywhere().with("alpha", pick(d, 1, narrow(d.real(0.1, 3)))) },
	"PReLU": func(d dice) question {
		q := d.anywhere().penalized(d, "alpha")
		if q.rows {
			return q
		}
		return q.with("shared_axes", pick[any](d, nil, []int{1, 2}, []int{1, 2}, []int{1}, []int{2}, []int{3}, []int{1, 2, 3}))
	},
	"Softmax": dice.anywhere, "Flatten": dice.images,
	"Reshape": func(d dice) question {
		q := d.images()
		h, w, c := q.input[0], q.input[1], q.input[2]
		return q.with("target_shape", pick(d, []int{w, h, c}, []int{c, h, w}, []int{-1, w, h}, []int{h * w, 1, c}, []int{h, -1, 1}, []int{h * w * c}, []int{-1}))
	},
	"ZeroPadding2D": func(d dice) question { return d.images().with("padding", d.border(4, 4)) },
	"Cropping2D": func(d dice) question {
		q := d.images()
		return q.with("cropping", d.border((q.input[0]-1)/2, (q.input[1]-1)/2))
	},
	"Add": dice.merge, "Multiply": dice.merge, "Average": dice.merge, "Maximum": dice.merge, "Minimum": dice.merge,
	"Subtract": func(d dice) question {
		q := d.merge()
		q.inputs = 2
		return q
	},
	"Concatenate": func(d dice) question {
		q := d.merge()
		q.global = false
		for range q.inputs {
			q.widths = append(q.widths, d.channels())
		}
		return q
	},
	"Dropout": func(d dice) question { return d.anywhere().noise(d, "rate") }, "SpatialDropout2D": func(d dice) question { return d.images().noise(d, "rate") },
	"GaussianNoise": func(d dice) question { return d.anywhere().noise(d, "stddev") },
}

// narrow is a setting that Keras rounds to float32, whatever a layer's type is.
func narrow(x float64) float64 { return float64(float32(x)) }

// rounded says whether Keras rounds a number in the question to float32.
func (q question) rounded() bool {
	return q.settings["activation"] == "gelu" || q.class == "LeakyReLU"
}

// with is a question with these settings, a key before each.
func (q question) with(settings ...any) question {
	all := make(map[string]any)
	for key, value := range q.settings {
		all[key] = value
	}
	for i := 0; i < len(settings); i += 2 {
		all[settings[i].(string)] = settings[i+1]
	}
	q.settings = all
	return q
}

// images is a layer of images without settings, anywhere one of images or of rows.
func (d dice) images() question { return question{input: d.image()} }

func (d dice) anywhere() question { return question{input: d.image(), rows: d.chance(0.3)} }

// window is a convolution.
func (d dice) window() question {
	size := []int{d.between(1, 5), d.between(1, 5)}
	if d.chance(0.5) {
		size = slices.Repeat([]int{pick(d, 1, 2, 3, 3, 3, 5)}, 2)
	}
	strides, dilation := []int{1, 1}, []int{1, 1}
	switch {
	case d.chance(0.4):
		strides = pick(d, []int{2, 2}, []int{2, 2}, []int{1, 2}, []int{3, 1}, []int{3, 3})
	case d.chance(0.3):
		dilation = pick(d, []int{2, 2}, []int{1, 3}, []int{3, 2})
	}
	padding := pick(d, "valid", "same")
	input := d.image()
	for i := range 2 {
		if span := (size[i]-1)*dilation[i] + 1; padding == "valid" && input[i] < span {
			input[i] += span
		}
	}
	q := question{input: input}.with("kernel_size", size, "strides", strides, "dilation_rate", dilation, "padding", padding)
	return q.with("activation", pick(d, "linear", "linear", d.activation()), "use_bias", d.chance(0.7))
}

// square makes a convolution's strides alike: TensorFlow has no depthwise ones of others.
func (q question) square() question {
	first := q.settings["strides"].([]int)[0]
	return q.with("strides", []int{first, first})
}

// kernels gives some layers with kernels penalties.
func (q question) kernels(d dice, of ...string) question {
	if q.settings["use_bias"] == true {
		of = append(of, "bias")
	}
	return q.penalized(d, append(of, "activity")...)
}

// penalized gives some of these a penalty, which gradients tell.
func (q question) penalized(d dice, of ...string) question {
	for _, what := range of {
		if d.chance(0.2) {
			q = q.with(what+"_regularizer", d.regularizer())
		}
	}
	return q
}

func (d dice) regularizer() json.RawMessage {
	return pick(d,
		json.RawMessage(`{"module":"keras.regularizers","class_name":"L2","config":{"l2":0.03125},"registered_name":null}`),
		json.RawMessage(`{"module":"keras.regularizers","class_name":"L1","config":{"l1":0.0625},"registered_name":null}`),
		json.RawMessage(`{"module":"keras.regularizers","class_name":"L1L2","config":{"l1":0.015625,"l2":0.0625},"registered_name":null}`))
}

func (d dice) pool() question {
	size, strides := []int{d.between(1, 4), d.between(1, 4)}, []int{d.between(1, 3), d.between(1, 3)}
	if d.chance(0.5) {
		side := pick(d, 2, 2, 3)
		size, strides = []int{side, side}, []int{2, 2}
	}
	input := d.image()
	input[0], input[1] = max(input[0], size[0]), max(input[1], size[1])
	return question{input: input}.with("pool_size", size, "strides", strides, "padding", pick(d, "valid", "same"))
}

func (d dice) global() question { return d.images().with("keepdims", d.chance(0.5)) }

// scaled is a normalization with its scale and center.
func (d dice) scaled() question {
	q := d.anywhere().with("epsilon", pick(d, 0.001, 1e-5, d.real(0.01, 1)), "center", d.chance(0.8), "scale", d.chance(0.8))
	q.frozen, q.many = d.chance(0.2), true
	if q.settings["center"] == true {
		q = q.penalized(d, "beta")
	}
	if q.settings["scale"] == true {
		q = q.penalized(d, "gamma")
	}
	return q
}

func (d dice) border(high, wide int) [][]int {
	return [][]int{{d.between(0, high), d.between(0, high)}, {d.between(0, wide), d.between(0, wide)}}
}

func (d dice) merge() question {
	return question{input: d.image(), inputs: pick(d, 2, 2, 2, 3, 4), global: d.chance(0.2)}
}

// noise is a layer whose training draws random numbers, unless it has nothing to do.
func (q question) noise(d dice, of string) question {
	q.noisy = d.chance(0.5)
	if q.noisy {
		return q.with(of, d.real(0.01, 0.9))
	}
	return q.with(of, 0.0)
}

// activation is the name of one of those that there are.
func (d dice) activation() string {
	var known []string
	for _, name := range []string{
		"linear", "relu", "elu", "selu", "celu", "leaky_relu", "relu6", "silu", "gelu", "tanh", "sigmoid", "hard_sigmoid", "hard_silu", "softplus", "softsign", "exponential", "mish",
		"log_sigmoid", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus", "sparse_plus", "threshold", "glu", "softmax", "log_softmax", "sparsemax", "sparse_sigmoid",
	} {
		if json.Unmarshal([]byte(`"`+name+`"`), new(Activation)) == nil {
			known = append(known, name)
		}
	}
	return pick(d, known...)
}
