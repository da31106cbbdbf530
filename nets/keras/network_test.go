package keras_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"stheno/nets/keras"
)

// readNetwork parses a model's config as a network, a layer a word: its class, its
// name, what it takes, and its own settings.
func readNetwork(t *testing.T, model part) (string, error) {
	t.Helper()
	text, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	n, err := keras.ParseNetwork(text)
	if err != nil {
		return "", err
	}
	written, err := n.MarshalJSON()
	if err != nil {
		t.Fatalf("%+v is not written: %v", n, err)
	}
	if back, err := keras.ParseNetwork(written); err != nil || described(back) != described(n) {
		t.Errorf("%s comes back as %s, %v", described(n), described(back), err)
	}
	return described(n), nil
}

func described(n *keras.Network) string {
	if n == nil {
		return ""
	}
	var words []string
	for i, l := range n.Layers {
		settings, _ := json.Marshal(l.Settings)
		words = append(words, fmt.Sprintf("%s(%s)%s", l.Name, strings.Join(n.Takes(i), ","), strings.ReplaceAll(string(settings), "{}", "")))
	}
	return strings.Join(words, " ")
}

// calls is a Functional model of layers, each called on those that it names: "add a b"
// is a layer of the name add on the outputs of a and b. The last one is its output.
func calls(layers map[string]part, wiring ...string) part {
	m := functional()
	all := []part{m["config"].(part)["layers"].([]part)[0]}
	for _, line := range wiring {
		words := strings.Fields(line)
		l := layers[words[0]]
		l["config"].(part)["name"], l["name"] = words[0], words[0]
		delete(l["config"].(part), "kernel_initializer") // as if Keras's default stood there
		var tensors []part
		for _, of := range words[1:] {
			tensors = append(tensors, node(of, nil)["args"].([]part)[0])
		}
		args := any(tensors)
		if len(tensors) > 1 {
			args = []any{tensors}
		}
		l["inbound_nodes"] = []part{{"args": args, "kwargs": part{}}}
		all = append(all, l)
	}
	m["config"].(part)["layers"] = all
	m["config"].(part)["output_layers"] = []any{strings.Fields(wiring[len(wiring)-1])[0], 0, 0}
	return m
}

// probabilities is the end of a network.
func probabilities() part { return layer("Dense", part{"activation": "softmax"}) }

// branched are layers for a model that branches.
func branched() map[string]part {
	return map[string]part{
		"conv2d_3": layer("Conv2D", part{"padding": "same"}), "conv2d_4": layer("Conv2D", part{"kernel_size": 1, "activation": "linear"}), "conv2d_5": layer("Conv2D", part{"strides": 2}),
		"add_1": layer("Add", nil), "concatenate": layer("Concatenate", part{"axis": 3}), "identity": layer("Identity", nil), "flatten_2": layer("Flatten", nil), "dense_8": probabilities(),
		"stem": layer("Conv2D", nil), "mean": layer("GlobalAveragePooling2D", part{"data_format": "channels_last", "keepdims": false}), "softmax": layer("Softmax", nil), "logits": layer("Dense", part{"activation": "linear"}),
	}
}

// TestNetworksThatBranch are read in any order, by names or, if these are Keras's own,
// by the order in which layers were made.
func TestNetworksThatBranch(t *testing.T) {
	const plain = `{"activation":"relu","filters":2,"kernel_size":[3,3]`
	for want, wiring := range map[string][]string{
		`conv2d(the images)` + plain + `,"padding":"same"} conv2d_1(the images){"filters":2,"kernel_size":[1,1]} add(conv2d,conv2d_1) flatten(add) dense(flatten){"units":3}`: {
			"conv2d_4 l0", "conv2d_3 l0", "add_1 conv2d_3 conv2d_4", "flatten_2 add_1", "dense_8 flatten_2"},
		`conv2d(the images)` + plain + `,"padding":"same"} add(conv2d,the images) flatten(add) dense(flatten){"units":3}`: {
			"flatten_2 add_1", "identity l0", "add_1 conv2d_3 identity", "conv2d_3 l0", "dense_8 flatten_2"},
		`conv2d(the images){"filters":2,"kernel_size":[1,1]} conv2d_1(conv2d)` + plain + `,"strides":[2,2]} flatten(conv2d_1) dense(flatten){"units":3}`: {
			"conv2d_4 l0", "conv2d_5 conv2d_4", "flatten_2 conv2d_5", "dense_8 flatten_2"},
		`conv2d_5(the images)` + plain + `,"strides":[2,2]} conv2d_4(conv2d_5){"filters":2,"kernel_size":[1,1]} stem(conv2d_4)` + plain + `} flatten_2(stem) dense_8(flatten_2){"units":3}`: {
			"conv2d_5 l0", "conv2d_4 conv2d_5", "stem conv2d_4", "flatten_2 stem", "dense_8 flatten_2"},
		`stem(the images)` + plain + `} concatenate(stem,stem) mean(concatenate) logits(mean){"units":3}`: {
			"stem l0", "concatenate stem stem", "mean concatenate", "logits mean", "softmax logits"},
	} {
		if got, err := readNetwork(t, calls(branched(), wiring...)); err != nil || got != want {
			t.Errorf("%v:\n%s, %v, want\n%s", wiring, got, err, want)
		}
	}
}

// TestNetworksAreReadWithDefaults: what Keras's classes have if nobody says it, and two
// ways to say one thing, are one network.
func TestNetworksAreReadWithDefaults(t *testing.T) {
	l2 := part{"module": "keras.regularizers", "class_name": "L2", "config": part{"l2": 0.5}, "registered_name": nil}
	zeros := part{"module": "keras.initializers", "class_name": "Zeros", "config": part{}, "registered_name": nil}
	glorot := part{"module": "keras.initializers", "class_name": "GlorotUniform", "config": part{"seed": 7, "input_axes": nil}, "registered_name": nil}
	data := part{"data_format": "channels_last"}
	with := func(key string, value any) part { return part{key: value, "data_format": "channels_last"} }
	for want, l := range map[string]part{
		"max_pooling2d(the images)":                           layer("MaxPooling2D", part{"pool_size": []int{2, 2}, "strides": []int{2, 2}, "padding": "valid", "data_format": "channels_last", "name": "max_pooling2d_4"}),
		`pool(the images){"pool_size":[3,3]}`:                 layer("MaxPooling2D", part{"pool_size": 3, "strides": nil, "data_format": "channels_last", "name": "pool"}),
		`pool(the images){"pool_size":[3,3],"strides":[1,2]}`: layer("AveragePooling2D", part{"pool_size": 3, "strides": []int{1, 2}, "data_format": "channels_last", "name": "pool"}),
		`pool(the images){"strides":[1,1]}`:                   layer("AveragePooling2D", part{"strides": 1, "data_format": "channels_last", "name": "pool"}),
		`a(the images){"filters":2,"kernel_regularizer":{"class_name":"L2","config":{"l2":0.5},"module":"keras.regularizers","registered_name":null},"kernel_size":[3,3]}`: layer("Conv2D", part{"kernel_initializer": glorot, "bias_initializer": zeros,
			"kernel_regularizer": l2, "activation": "linear", "name": "a", "activity_regularizer": nil, "dilation_rate": 1}),
		`a(the images){"activation":"relu","depth_multiplier":3,"kernel_size":[3,2],"use_bias":false}`: layer("DepthwiseConv2D", part{"kernel_size": []int{3, 2}, "depth_multiplier": 3, "use_bias": false, "activation": layer("ReLU", nil), "data_format": "channels_last", "name": "a"}),
		`a(the images){"epsilon":0.01}`:              layer("BatchNormalization", part{"axis": 3, "momentum": 0.99, "epsilon": 0.01, "renorm": false, "synchronized": false, "gamma_initializer": missing, "moving_mean_initializer": zeros, "renorm_momentum": 0.5, "name": "a"}),
		`a(the images)`:                              layer("LayerNormalization", part{"axis": []int{-1}, "rms_scaling": false, "name": "a"}),
		`a(the images){"mean":[1],"variance":[2,3]}`: layer("Normalization", part{"axis": []int{-1}, "mean": 1, "variance": []int{2, 3}, "invert": false, "name": "a"}),
		`a(the images){"max_value":6}`:               layer("ReLU", part{"max_value": 6, "name": "a"}),
		`a(the images){"negative_slope":0.1}`:        layer("LeakyReLU", part{"negative_slope": 0.1, "name": "a"}),
		`leaky_re_lu(the images)`:                    layer("LeakyReLU", part{"negative_slope": 0.3, "name": "leaky_re_lu_12"}),
		`a(the images){"shared_axes":[1,2]}`:         layer("PReLU", part{"shared_axes": []int{1, 2}, "alpha_initializer": zeros, "alpha_constraint": nil, "name": "a"}),
		`a(the images){"padding":[[1,0],[0,2]]}`:     layer("ZeroPadding2D", part{"padding": [][]int{{1, 0}, {0, 2}}, "data_format": "channels_last", "name": "a"}),
		`zero_padding2d(the images)`:                 layer("ZeroPadding2D", part{"padding": [][]int{{1, 1}, {1, 1}}, "data_format": "channels_last", "name": "zero_padding2d"}),
		`a(the images){"cropping":[[0,0],[1,0]]}`:    layer("Cropping2D", part{"cropping": [][]int{{0, 0}, {1, 0}}, "data_format": "channels_last", "name": "a"}),
		`a(the images){"rate":0.5}`:                  layer("SpatialDropout2D", part{"rate": 0.5, "seed": 3, "dtype": "float32", "trainable": missing, "data_format": "channels_last", "name": "a"}),
		`a(the images){"stddev":0.5}`:                layer("GaussianNoise", part{"stddev": 0.5, "seed": nil, "name": "a"}),
		`a(the images){"keepdims":true}`:             layer("GlobalMaxPooling2D", with("keepdims", true)),
		`a(the images){"target_shape":[-1,4]}`:       layer("Reshape", part{"target_shape": []int{-1, 4}, "name": "a"}),
		`a(the images){"scale":0.5}`:                 layer("Rescaling", part{"scale": 0.5, "name": "a"}),
		`a(the images){"activation":"gelu"}`:         layer("Activation", part{"activation": "gelu", "name": "a"}),
		`global_average_pooling2d(the images)`:       layer("GlobalAveragePooling2D", part{"data_format": "channels_last", "name": "global_average_pooling2d_1"}),
	} {
		if l["config"].(part)["name"] == strings.ToLower(l["class_name"].(string)) {
			l["config"].(part)["name"] = "a"
		}
		flatten := layer("Flatten", data)
		got, err := readNetwork(t, sequential(l, flatten, probabilities()))
		want += ` flatten(` + strings.SplitN(want, "(", 2)[0] + `) dense(flatten){"units":3}`
		if err != nil || got != want {
			t.Errorf("%s, %v, want\n%s", got, err, want)
		}
	}
}

// TestSettingsThatNetworksRefuse, by the layer's class and name.
func TestSettingsThatNetworksRefuse(t *testing.T) {
	behind := func(l part) part { return sequential(l, layer("Flatten", nil), probabilities()) }
	conv := func(key string, value any) part { return behind(layer("Conv2D", part{key: value})) }
	a := func(class, key string, value any) part {
		settings := part{key: value}
		if _, ok := settings["data_format"]; !ok && strings.HasSuffix(class, "2D") {
			settings["data_format"] = "channels_last"
		}
		return behind(layer(class, settings))
	}
	tanh := layer("Dense", part{"activation": "tanh"})
	op := part{"module": "keras.src.ops.numpy", "class_name": "Add", "config": part{"name": "add"}, "registered_name": "Add"}
	wired := func(change func(layers map[string]part), wiring ...string) part {
		layers := branched()
		if change != nil {
			change(layers)
		}
		return calls(layers, wiring...)
	}
	outputs := wired(nil, "conv2d_3 l0", "conv2d_4 l0", "flatten_2 conv2d_3", "dense_8 flatten_2")
	shared := wired(nil, "stem l0", "mean stem", "dense_8 mean")
	shared["config"].(part)["layers"].([]part)[1]["inbound_nodes"] = []part{node("l0", nil), node("l0", nil)}
	twice := wired(nil, "stem l0", "mean stem", "dense_8 mean")
	twice["config"].(part)["layers"].([]part)[1]["inbound_nodes"] = []part{{"args": []any{1, 2}, "kwargs": part{}}}
	second := wired(nil, "stem l0", "mean stem", "dense_8 mean")
	more := layer("InputLayer", part{"name": "more"})
	more["name"], more["inbound_nodes"] = "more", []part{}
	second["config"].(part)["layers"] = append(second["config"].(part)["layers"].([]part), more)
	late := wired(nil, "stem l0", "mean stem", "dense_8 mean")
	late["config"].(part)["output_layers"] = []any{"mean", 0, 0}
	for want, model := range map[string]part{
		`Conv2D "conv2d" has the data_format "channels_first", expected "channels_last"`:                           conv("data_format", "channels_first"),
		`Conv2D "conv2d" has the kernel_constraint {}, expected null: it changes what is learnt`:                   conv("kernel_constraint", part{}),
		`Conv2D "conv2d" has the bias_constraint {}, expected null`:                                                conv("bias_constraint", part{}),
		`Conv2D "conv2d" has the lora_rank 4, expected null`:                                                       conv("lora_rank", 4),
		`Conv2D "conv2d" has the kernel_initializer null, expected one`:                                            conv("kernel_initializer", nil),
		`Conv2D "conv2d" has the setting "quantum": 1, which is not known here`:                                    conv("quantum", 1),
		`Conv2D "conv2d" has 16777217 outputs, expected 1 to 16777216`:                                             conv("filters", 1<<24+1),
		`Conv2D "conv2d" has no data_format, expected "channels_last"`:                                             conv("data_format", missing),
		`Conv2D "conv2d" has the dtype policy "float16", expected float32`:                                         conv("dtype", "float16"),
		`Conv2D "conv2d": found the trainable "no", expected true or false`:                                        conv("trainable", "no"),
		`the layer has the name "a/b", expected one without a slash`:                                               conv("name", "a/b"),
		`the layer has the name "a\nb", expected one without control characters`:                                   conv("name", "a\nb"),
		`Dense "dense" has the quantization_config {}, expected null`:                                              sequential(layer("Flatten", nil), layer("Dense", part{"activation": "softmax", "quantization_config": part{}})),
		`DepthwiseConv2D "depthwiseconv2d" has the depthwise_constraint {}, expected null`:                         a("DepthwiseConv2D", "depthwise_constraint", part{}),
		`SeparableConv2D "separableconv2d" has the pointwise_constraint {}, expected null`:                         a("SeparableConv2D", "pointwise_constraint", part{}),
		`DepthwiseConv2D "depthwiseconv2d" has the setting "groups": 1, which is not known here`:                   a("DepthwiseConv2D", "groups", 1),
		`MaxPooling2D "maxpooling2d" has the data_format "channels_first"`:                                         a("MaxPooling2D", "data_format", "channels_first"),
		`MaxPooling2D "maxpooling2d" has the activity_regularizer {}, expected null`:                               a("MaxPooling2D", "activity_regularizer", part{}),
		`GlobalMaxPooling2D "globalmaxpooling2d" has the data_format "channels_first"`:                             a("GlobalMaxPooling2D", "data_format", "channels_first"),
		`BatchNormalization "batchnormalization" has the axis 0, expected the last, -1`:                            a("BatchNormalization", "axis", 0),
		`BatchNormalization "batchnormalization" has the axis [1,2], expected the last, -1`:                        a("BatchNormalization", "axis", []int{1, 2}),
		`BatchNormalization "batchnormalization" has the renorm true, expected false`:                              a("BatchNormalization", "renorm", true),
		`BatchNormalization "batchnormalization" has the synchronized true, expected false`:                        a("BatchNormalization", "synchronized", true),
		`BatchNormalization "batchnormalization" has the gamma_constraint {}, expected null`:                       a("BatchNormalization", "gamma_constraint", part{}),
		`BatchNormalization "batchnormalization" has the moving_mean_initializer null, expected one`:               a("BatchNormalization", "moving_mean_initializer", nil),
		`LayerNormalization "layernormalization" has the rms_scaling true, expected false`:                         a("LayerNormalization", "rms_scaling", true),
		`LayerNormalization "layernormalization" has the axis [1,2,3], expected the last`:                          a("LayerNormalization", "axis", []int{1, 2, 3}),
		`Normalization "normalization" has the mean null, expected one that the file says`:                         a("Normalization", "mean", nil),
		`PReLU "prelu" has the alpha_constraint {}, expected null`:                                                 a("PReLU", "alpha_constraint", part{}),
		`Softmax "softmax" has the axis 0, expected the last, -1`:                                                  sequential(append(head(), layer("Softmax", part{"axis": 0}))...),
		`Dropout "dropout" has the noise_shape [1], expected null`:                                                 behind(layer("Dropout", part{"noise_shape": []int{1}})),
		`ZeroPadding2D "zeropadding2d" has the data_format "channels_first"`:                                       a("ZeroPadding2D", "data_format", "channels_first"),
		`SpatialDropout2D "spatialdropout2d" has the data_format "channels_first"`:                                 a("SpatialDropout2D", "data_format", "channels_first"),
		`AlphaDropout "alphadropout" changes what is learnt, and has no counterpart`:                               a("AlphaDropout", "rate", 0.5),
		`RandomFlip "randomflip" changes what is learnt`:                                                           a("RandomFlip", "mode", "horizontal"),
		`ActivityRegularization "activityregularization" changes what is learnt`:                                   a("ActivityRegularization", "l1", 1),
		`Permute "permute" has no counterpart`:                                                                     a("Permute", "dims", []int{2, 1, 3}),
		`Add "add" is an operation between layers`:                                                                 behind(op),
		`Sequential "sequential" is a model within the model`:                                                      behind(bare(layer("Flatten", nil))),
		`Dense "dense" is the last layer, and no softmax follows`:                                                  sequential(layer("Flatten", nil), tanh),
		`Dense "dense" is there twice, expected each name once`:                                                    sequential(layer("Flatten", nil), tanh, probabilities()),
		`Functional "functional" has layers that do not stand between its input and its output, Conv2D "conv2d_4"`: outputs,
		`Conv2D "stem" is called 2 times, expected once: layers that share their weights have no counterpart`:      shared,
		`Conv2D "stem" is called on [1,2], expected the output of one layer`:                                       twice,
		`InputLayer "more" stands behind other layers, or is a second input`:                                       second,
		`Functional "functional" has layers that do not stand between its input and its output, GlobalAverage`:     late,
		`Conv2D "stem" is called on the output of "stern", which is no layer of the model`:                         wired(nil, "stem stern", "mean stem", "dense_8 mean"),
		`Functional "functional" has layers that stand behind themselves`:                                          wired(nil, "stem add_1", "add_1 stem l0", "mean add_1", "dense_8 mean"),
	} {
		if got, err := readNetwork(t, model); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 {
			t.Errorf("want an error with %s, got %s, %v", want, got, err)
		}
	}
}
