package keras_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"stheno/nets/keras"
)

// part is a JSON object.
type part = map[string]any

// layer is an entry of config.json as Keras 3.15 writes it. Its name is its class
// in lower case, unless the settings have one.
func layer(class string, settings part) part {
	config := part{"name": strings.ToLower(class), "trainable": true, "dtype": part{
		"module": "keras", "class_name": "DTypePolicy", "config": part{"name": "float32"}, "registered_name": nil, "shared_object_id": 7,
	}}
	defaults := map[string]part{
		"InputLayer": {"batch_shape": []any{nil, 4, 4, 1}, "dtype": "float32", "sparse": false, "ragged": false, "optional": false},
		"Conv2D": {"filters": 2, "kernel_size": []int{3, 3}, "strides": []int{1, 1}, "padding": "valid", "data_format": "channels_last",
			"dilation_rate": []int{1, 1}, "groups": 1, "activation": "relu", "use_bias": true, "kernel_initializer": part{}, "kernel_regularizer": nil},
		"Dense":      {"units": 3, "activation": "relu", "use_bias": true, "quantization_config": nil, "bias_constraint": nil},
		"Flatten":    {"data_format": "channels_last"},
		"ReLU":       {"max_value": nil, "negative_slope": 0.0, "threshold": 0.0},
		"Softmax":    {"axis": -1},
		"Activation": {"activation": "relu"},
		"Dropout":    {"rate": 0.5, "seed": nil, "noise_shape": nil},
		"Rescaling":  {"scale": 1.0, "offset": 0.0},
	}
	for _, with := range []part{defaults[class], settings} {
		for key, value := range with {
			if config[key] = value; value == missing {
				delete(config, key)
			}
		}
	}
	return part{"module": "keras.layers", "class_name": class, "config": config, "registered_name": nil, "build_config": part{"input_shape": nil}}
}

// missing is a setting that is not there.
const missing = "is missing"

// sequential is a model of these layers behind an input.
func sequential(layers ...part) part {
	return bare(append([]part{layer("InputLayer", nil)}, layers...)...)
}

// bare is a model of these layers.
func bare(layers ...part) part {
	return part{"module": "keras", "class_name": "Sequential", "registered_name": nil, "compile_config": part{}, "config": part{
		"name": "sequential", "trainable": true, "dtype": "float32", "layers": layers, "build_input_shape": []any{nil, 4, 4, 1},
	}}
}

// functional is a model of these layers behind an input, each called on the one
// before.
func functional(layers ...part) part {
	layers = append([]part{layer("InputLayer", nil)}, layers...)
	before := ""
	for i, l := range layers {
		name := fmt.Sprintf("l%d", i)
		l["config"].(part)["name"], l["name"], l["inbound_nodes"] = name, name, []part{}
		if i > 0 {
			l["inbound_nodes"] = []part{node(before, nil)}
		}
		before = name
	}
	return part{"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional", "config": part{
		"name": "functional", "trainable": true, "layers": layers, "input_layers": []any{"l0", 0, 0}, "output_layers": []any{[]any{before, 0, 0}},
	}}
}

// node is a call on the output of a layer.
func node(of string, kwargs part) part {
	return part{"args": []part{{"class_name": "__keras_tensor__", "config": part{"shape": nil, "dtype": "float32", "keras_history": []any{of, 0, 0}}}}, "kwargs": kwargs}
}

// head is the end of every classifier here.
func head(before ...part) []part {
	return append(before, layer("Flatten", nil), layer("Dense", part{"units": 5, "name": "hidden"}), layer("Dense", part{"activation": "softmax", "name": "out"}))
}

// changed is a Functional classifier in which something is changed.
func changed(change func(config part, layers []part)) part {
	m := functional(head(layer("Dropout", nil))...)
	config := m["config"].(part)
	change(config, config["layers"].([]part))
	return m
}

// read parses a model's config.json; the text of what it computes is one line.
func read(t *testing.T, model part) (string, error) {
	t.Helper()
	text, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	m, err := keras.Parse(text)
	if err != nil {
		return "", err
	}
	line := fmt.Sprint(m.Input)
	for _, l := range m.Layers {
		line += fmt.Sprintf(" %s", l.Class)
		if l.Class != "Flatten" {
			line += fmt.Sprintf("(%d,%s)", l.Units, l.Activation)
		}
	}
	return line, nil
}

func TestWhatIsUnderstood(t *testing.T) {
	const mlp = "[4 4 1] Flatten Dense(5,relu) Dense(3,softmax)"
	const cnn = "[4 4 1] Conv2D(2,relu) Flatten Dense(5,relu) Dense(3,softmax)"
	linear := func(class string) part { return layer(class, part{"activation": "linear"}) }
	for name, c := range map[string]struct {
		model part
		want  string
	}{
		"sequential":                     {sequential(head()...), mlp},
		"functional":                     {functional(head()...), mlp},
		"built without an input":         {bare(head()...), mlp},
		"convolution":                    {sequential(head(layer("Conv2D", nil))...), cnn},
		"dropout":                        {functional(head(layer("Conv2D", nil), layer("Dropout", nil))...), cnn},
		"noise and augmentation":         {sequential(head(layer("GaussianNoise", part{"stddev": 0.1, "seed": nil}), layer("RandomFlip", part{"mode": "horizontal", "seed": 1, "data_format": "channels_last"}))...), mlp},
		"what changes nothing":           {sequential(head(layer("Identity", nil), layer("Rescaling", nil), layer("Rescaling", part{"scale": 1, "offset": 0}))...), mlp},
		"ReLU behind Dense":              {sequential(layer("Flatten", nil), layer("Dense", part{"activation": "linear", "units": 5}), layer("ReLU", nil), layer("Dense", part{"activation": "softmax"})), mlp},
		"ReLU behind Flatten":            {sequential(head(linear("Conv2D"), layer("Dropout", nil), layer("Flatten", nil), layer("Activation", nil))...), cnn},
		"ReLU as an activation":          {sequential(head(layer("Conv2D", part{"activation": layer("ReLU", nil)}))...), cnn},
		"Softmax":                        {sequential(layer("Flatten", nil), layer("Dense", part{"units": 5}), linear("Dense"), layer("Softmax", nil)), mlp},
		"Activation softmax and Dropout": {sequential(layer("Flatten", nil), layer("Dense", part{"units": 5}), linear("Dense"), layer("Activation", part{"activation": "softmax"}), layer("Dropout", nil)), mlp},
		"training alone": {sequential(head(layer("Conv2D", part{"kernel_regularizer": part{"class_name": "L2"}, "bias_constraint": "nonneg", "activity_regularizer": part{},
			"trainable": false, "lora_rank": 4, "lora_alpha": 4}))...), cnn},
		"dtype by name": {sequential(head(layer("Conv2D", part{"dtype": "float32"}))...), cnn},
		"older Keras":   {sequential(head(layer("Dense", part{"quantization_config": missing, "units": 1, "name": "d"}))[1:]...), ""},
		"training=False": {changed(func(_ part, l []part) {
			l[1]["inbound_nodes"] = []part{node("l0", part{"training": false, "mask": nil})}
		}), mlp},
		"augmentation with training=True": {changed(func(_ part, l []part) {
			l[1] = layer("RandomFlip", part{"mode": "horizontal", "seed": 1, "data_format": "channels_last", "name": "l1"})
			l[1]["inbound_nodes"] = []part{node("l0", part{"training": true})}
		}), mlp},
		"layers in another order": {changed(func(_ part, l []part) { l[3], l[4] = l[4], l[3] }), mlp},
		"a list of one input":     {changed(func(c part, _ []part) { c["input_layers"] = []any{[]any{"l0", 0, 0}} }), mlp},
	} {
		if got, err := read(t, c.model); c.want != "" && (err != nil || got != c.want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	conv := func(key string, value any) part { return sequential(head(layer("Conv2D", part{key: value}))...) }
	dense := func(key string, value any) part {
		return sequential(layer("Flatten", nil), layer("Dense", part{key: value}), layer("Dense", part{"activation": "softmax", "name": "out"}))
	}
	behind := func(l part) part { return sequential(head(l)...) }
	own := layer("Dense", nil)
	own["module"], own["registered_name"] = nil, "Custom>Dense"
	strange := layer("Dense", nil)
	strange["quantum"] = true
	op := part{"module": "keras.src.ops.numpy", "class_name": "Subtract", "config": part{"name": "subtract"}, "registered_name": "Subtract"}
	sub := part{"module": "models", "class_name": "Net", "config": part{}, "registered_name": "Custom>Net"}
	input := func(shape ...any) part { return bare(head(layer("InputLayer", part{"batch_shape": shape}))...) }
	policy := func(class, name string) part {
		return conv("dtype", part{"module": "keras", "class_name": class, "config": part{"name": name, "mode": "int8"}})
	}
	for want, model := range map[string]part{
		`Conv2D "conv2d" has the padding "same", expected "valid"`:                             conv("padding", "same"),
		`Conv2D "conv2d" has the strides [2,2], expected [1,1]`:                                conv("strides", []int{2, 2}),
		`Conv2D "conv2d" has the dilation_rate [2,2], expected [1,1]`:                          conv("dilation_rate", []int{2, 2}),
		`Conv2D "conv2d" has the groups 2, expected 1`:                                         conv("groups", 2),
		`Conv2D "conv2d" has the use_bias false, expected true`:                                conv("use_bias", false),
		`Conv2D "conv2d" has the data_format "channels_first", expected`:                       conv("data_format", "channels_first"),
		`Conv2D "conv2d" has no padding, expected "valid"`:                                     conv("padding", missing),
		`Conv2D "conv2d" has the kernel_size [3 1], expected a square`:                         conv("kernel_size", []int{3, 1}),
		`Conv2D "conv2d": found the kernel_size "3", expected a list`:                          conv("kernel_size", "3"),
		`Conv2D "conv2d" has kernels of 5 x 5 on images of 4 x 4`:                              conv("kernel_size", []int{5, 5}),
		`Conv2D "conv2d" has -1 outputs, expected 1 to`:                                        conv("filters", -1),
		`Conv2D "conv2d": found the filters 1.5, expected a whole number`:                      conv("filters", 1.5),
		`Conv2D "conv2d" has the activation "tanh", expected relu, softmax or linear`:          conv("activation", "tanh"),
		`Conv2D "conv2d": found softmax behind no Dense layer`:                                 conv("activation", "softmax"),
		`Conv2D "conv2d" has the setting "quantum": 1, which is not known here`:                conv("quantum", 1),
		`Dense "dense" has the activation LeakyReLU "leakyrelu", expected relu`:                dense("activation", layer("LeakyReLU", nil)),
		`Dense "dense" has an activation of your own, {"class_name":"function"}`:               dense("activation", part{"class_name": "function"}),
		`Dense "dense" has an activation of your own, null`:                                    dense("activation", nil),
		`Dense "dense" has no activation`:                                                      dense("activation", missing),
		`Dense "dense" has softmax before Dense "out"`:                                         dense("activation", "softmax"),
		`Dense "dense" has the quantization_config {}, expected null`:                          dense("quantization_config", part{}),
		`Dense "dense": found no units`:                                                        dense("units", missing),
		`Dense "dense" stands behind images of [4 4 1]`:                                        behind(layer("Dense", nil)),
		`Flatten "flatten" has the data_format "channels_first"`:                               behind(layer("Flatten", part{"data_format": "channels_first"})),
		`Conv2D "conv2d" stands behind [16], expected images`:                                  sequential(layer("Flatten", nil), layer("Conv2D", nil)),
		`MaxPooling2D "maxpooling2d" has no counterpart`:                                       behind(layer("MaxPooling2D", nil)),
		`Permute "permute" has no counterpart`:                                                 behind(layer("Permute", part{"dims": []int{2, 1, 3}})),
		`Rescaling "rescaling" has the scale 0.5, expected 1: here pixels are from 0 to 1`:     behind(layer("Rescaling", part{"scale": 0.5})),
		`Rescaling "rescaling" has the offset -1, expected 0`:                                  behind(layer("Rescaling", part{"offset": -1})),
		`ReLU "relu": found relu before any layer with weights`:                                behind(layer("ReLU", nil)),
		`ReLU "relu" has the max_value 6, expected null`:                                       behind(layer("ReLU", part{"max_value": 6})),
		`ReLU "relu" has the negative_slope 0.1, expected 0`:                                   behind(layer("ReLU", part{"negative_slope": 0.1})),
		`ReLU "relu" has the threshold 0.5, expected 0`:                                        behind(layer("ReLU", part{"threshold": 0.5})),
		`Softmax "softmax" has the axis 0, expected -1`:                                        sequential(append(head(), layer("Softmax", part{"axis": 0}))...),
		`Softmax "softmax": found softmax behind softmax`:                                      sequential(append(head(), layer("Softmax", nil))...),
		`ReLU "relu": found relu behind softmax`:                                               sequential(append(head(), layer("ReLU", nil))...),
		`Softmax "softmax": found softmax behind relu`:                                         sequential(layer("Flatten", nil), layer("Dense", nil), layer("Softmax", nil)),
		`Dense "dense" is the last layer with weights and has the activation linear, expected`: sequential(layer("Flatten", nil), layer("Dense", part{"activation": "linear"})),
		`Conv2D "conv2d" is the last layer with weights, expected Dense`:                       sequential(layer("Conv2D", nil)),
		`found no layer with weights`:                                                          sequential(layer("Flatten", nil)),
		`InputLayer "inputlayer" stands behind other layers`:                                   behind(layer("InputLayer", nil)),
		`the model takes a batch of the shape [null,784], expected [null,HEIGHT`:               input(nil, 784),
		`the model takes a batch of the shape [null,28,28], expected [null,HEIGHT`:             input(nil, 28, 28),
		`the model takes a batch of the shape [null,null,28,1], expected [null,HEIGHT`:         input(nil, nil, 28, 1),
		`the model takes a batch of the shape [null,0,28,1], expected sides from 1`:            input(nil, 0, 28, 1),
		`Flatten "flatten" makes rows of more than 2^31`:                                       input(nil, 32768, 32768, 32768),
		`Conv2D "conv2d" has the dtype policy "mixed_float16", expected float32: set l.dtype`:  policy("DTypePolicy", "mixed_float16"),
		`Conv2D "conv2d" has the dtype policy "bfloat16", expected float32: build the model`:   policy("DTypePolicy", "bfloat16"),
		`Conv2D "conv2d" has the dtype policy {"class_name":"QuantizedDTypePolicy"`:            policy("QuantizedDTypePolicy", "int8_from_float32"),
		`Flatten "flatten" has the dtype policy float32, layers before it another`:             policy("DTypePolicy", "float64"),
		`Conv2D "conv2d" has no dtype`:                                                         conv("dtype", missing),
		`Sequential "sequential" is a model within the model`:                                  behind(sequential(head()...)),
		`Functional "functional" is a model within the model`:                                  behind(functional(head()...)),
		`Dense "dense" is a class of your own`:                                                 sequential(layer("Flatten", nil), own),
		`Dense "dense" has a "quantum", which is not known here`:                               sequential(layer("Flatten", nil), strange),
		`Net is a class of your own, of which the file does not say what it computes`:          sub,
		`Subtract "subtract" is an operation between layers`:                                   behind(op),
		`found no class_name`:         {},
		`Sequential: found no config`: {"class_name": "Sequential"},
		`Sequential "sequential": found the layers 3, expected a list`:      {"class_name": "Sequential", "module": "keras", "config": part{"name": "sequential", "layers": 3}},
		`Dropout "l1" is called with training=true`:                         changed(func(_ part, l []part) { l[1]["inbound_nodes"] = []part{node("l0", part{"training": true})} }),
		`Dropout "l1" is called 2 times, expected once`:                     changed(func(_ part, l []part) { l[1]["inbound_nodes"] = []part{node("l0", nil), node("l1", nil)} }),
		`Dropout "l1" is called on [1,2], expected the output of one layer`: changed(func(_ part, l []part) { l[1]["inbound_nodes"] = []part{{"args": []any{1, 2}}} }),
		`Flatten "l2" is called on ["l1",1,0], expected the one output`: changed(func(_ part, l []part) {
			l[2]["inbound_nodes"].([]part)[0]["args"].([]part)[0]["config"].(part)["keras_history"] = []any{"l1", 1, 0}
		}),
		`Flatten "l2" is called on the output of "l9", which is no layer of the model`:          changed(func(_ part, l []part) { l[2]["inbound_nodes"] = []part{node("l9", nil)} }),
		`Functional "functional" has layers that stand behind themselves`:                       changed(func(_ part, l []part) { l[1]["inbound_nodes"] = []part{node("l3", nil)} }),
		`Functional "functional" has layers that do not stand between its input and its output`: changed(func(_ part, l []part) { l[2]["inbound_nodes"] = []part{node("l0", nil)} }),
		`Dropout "l0" is there twice, expected each name once`:                                  changed(func(_ part, l []part) { l[1]["config"].(part)["name"], l[1]["name"] = "l0", "l0" }),
		`Dropout "l1" is called "l2" beside its config, expected one name`:                      changed(func(_ part, l []part) { l[1]["name"], l[2]["name"] = "l2", "l1" }),
		`has the output_layers [["l3",0,0],["l4",0,0]], expected one layer`:                     changed(func(c part, _ []part) { c["output_layers"] = []any{[]any{"l3", 0, 0}, []any{"l4", 0, 0}} }),
		`has the input_layers {"image":["l0",0,0]}, expected one layer`:                         changed(func(c part, _ []part) { c["input_layers"] = part{"image": []any{"l0", 0, 0}} }),
		`Functional "functional" has the setting "quantum": 1`:                                  changed(func(c part, _ []part) { c["quantum"] = 1 }),
	} {
		if got, err := read(t, model); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 {
			t.Errorf("want an error with %s, got %s, %v", want, got, err)
		}
	}
}

// FuzzConfig: any text is an error of one line, or a model that ends with softmax.
func FuzzConfig(f *testing.F) {
	for _, model := range []part{sequential(head(layer("Conv2D", nil))...), functional(head(layer("Dropout", nil))...), {}} {
		text, err := json.Marshal(model)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		m, err := keras.Parse(config)
		switch {
		case err != nil && (m != nil || strings.Contains(err.Error(), "\n")):
			t.Fatalf("%v beside the error %v", m, err)
		case err == nil && m.Layers[len(m.Layers)-1].Activation != "softmax":
			t.Fatalf("%v does not end with softmax", m)
		}
	})
}
