package nets_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// TestDepthwiseConfigs: settings are written as Keras's get_config has them, and read.
func TestDepthwiseConfigs(t *testing.T) {
	for text, l := range map[string]nets.Layer{
		`{"kernel_size":[3,3],"strides":[1,1],"padding":"valid","dilation_rate":[1,1],"depth_multiplier":1,"use_bias":true,"activation":"linear"}`: nets.DepthwiseConv2D{Side: 3},
		`{"kernel_size":[3,2],"strides":[2,2],"padding":"same","dilation_rate":[1,2],"depth_multiplier":2,"use_bias":false,"activation":"relu"}`: nets.DepthwiseConv2D{
			Size: [2]int{3, 2}, Strides: [2]int{2, 2}, Padding: nets.Same, Dilation: [2]int{1, 2}, DepthMultiplier: 2, NoBias: true, Activation: nets.ReLU},
		`{"filters":4,"kernel_size":[3,3],"strides":[1,1],"padding":"valid","dilation_rate":[1,1],"depth_multiplier":1,"use_bias":true,"activation":"linear"}`: nets.SeparableConv2D{Filters: 4, Side: 3},
		`{"filters":4,"kernel_size":[1,3],"strides":[2,2],"padding":"same","dilation_rate":[2,2],"depth_multiplier":2,"use_bias":false,"activation":"relu"}`: nets.SeparableConv2D{
			Filters: 4, Size: [2]int{1, 3}, Strides: [2]int{2, 2}, Padding: nets.Same, Dilation: [2]int{2, 2}, DepthMultiplier: 2, NoBias: true, Activation: nets.ReLU},
	} {
		written, err := json.Marshal(l)
		if err != nil || string(written) != text {
			t.Errorf("%#v is written as %s (%v), want %s", l, written, err, text)
		}
		read := reflect.New(reflect.TypeOf(l))
		if err := json.Unmarshal(written, read.Interface()); err != nil || !reflect.DeepEqual(read.Elem().Interface(), l) {
			t.Errorf("%s is read as %#v (%v), want %#v", text, read.Elem(), err, l)
		}
	}
	for text, says := range map[string]string{
		`{}`:                                     "0 x 0",
		`{"kernel_size":3,"strides":[1,2]}`:      "TensorFlow's depthwise convolution has one number for both",
		`{"kernel_size":3,"strides":0}`:          "strides are 0 and 0",
		`{"kernel_size":3,"dilation_rate":0}`:    "dilation_rate are 0 and 0",
		`{"kernel_size":3,"depth_multiplier":0}`: "depth_multiplier is 0",
	} {
		for _, l := range []any{new(nets.DepthwiseConv2D), new(nets.SeparableConv2D)} {
			if err := json.Unmarshal([]byte(text), l); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%T of %s: %v, want a word of %q", l, text, err, says)
			}
		}
	}
}

// TestSeparableConv2D by hand: each channel by its two filters, then all mixed.
func TestSeparableConv2D(t *testing.T) {
	net := nets.Network{Name: "x", Input: [3]int{1, 2, 2}, Layers: []nets.Layer{nets.SeparableConv2D{Filters: 1, Size: [2]int{1, 2}, DepthMultiplier: 2}, nets.Flatten{}}}
	m := newModel(t, net, tensor.Float64)
	for _, w := range m.Weights {
		switch v := w.Value.Float64s(); strings.TrimPrefix(w.Name, "separable_conv2d.") {
		case "depthwise_kernel": // (1,2,2,2)
			copy(v, []float64{1, 2, 3, 4, 5, 6, 7, 8})
		case "pointwise_kernel":
			copy(v, []float64{1, 10, 100, 1000})
		case "bias":
			copy(v, []float64{0.5})
		default:
			t.Errorf("there is a weight %s", w.Name)
		}
	}
	p, err := m.Program(nets.Evaluation, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(graph.Slice[float64](p.Images()), []float64{1, 2, 3, 4})
	run(t, p)
	// 1·1+3·5, 1·2+3·6, 2·3+4·7, 2·4+4·8 are the channels of the depthwise one
	if got, want := graph.Slice[float64](p.Logits()), []float64{16 + 200 + 3400 + 40000 + 0.5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
