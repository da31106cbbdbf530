package nets_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"stheno/graph"
	"stheno/nets"
)

// convolutions is the network of testdata/convolutions/convolutions.py.
func convolutions() nets.Network {
	n := nets.Network{Name: "convolutions", Input: [3]int{7, 6, 2}}
	conv := func(name string, c nets.Conv2D, after string) string {
		return n.Then(nets.At{Layer: c, Name: name}, after)
	}
	conv("same", nets.Conv2D{Filters: 4, Side: 3, Padding: nets.Same, Activation: nets.ReLU}, "image")
	flat := []string{
		conv("even", nets.Conv2D{Filters: 3, Size: [2]int{2, 4}, Strides: [2]int{2, 3}, Padding: nets.Same}, "same"),
		conv("uneven", nets.Conv2D{Filters: 2, Side: 3, Strides: [2]int{2, 2}, Padding: nets.Same}, "same"),
		conv("apart", nets.Conv2D{Filters: 2, Side: 3, Dilation: [2]int{2, 1}, NoBias: true}, "same"),
		conv("groups", nets.Conv2D{Filters: 4, Side: 2, Groups: 2, Activation: nets.ReLU}, "same"),
		conv("points", nets.Conv2D{Filters: 3, Side: 1, Strides: [2]int{3, 2}}, "same"),
	}
	for i, name := range flat {
		flat[i] = n.Then(nets.Flatten{}, name)
	}
	n.Then(nets.Concatenate{}, flat...)
	n.Then(nets.At{Layer: nets.Dense{Units: 3}, Name: "out"})
	return n
}

// TestConvolutionsAreKerass, forward and by their gradients.
func TestConvolutionsAreKerass(t *testing.T) {
	r := readReference(t, "convolutions/convolutions.json")
	r.hold(t, convolutions(), graph.Fused)
	r.hold(t, convolutions(), graph.Stock)
}

// TestConv2DConfigs: settings are written as Keras's get_config has them, without its
// defaults, and read.
func TestConv2DConfigs(t *testing.T) {
	for text, c := range map[string]nets.Conv2D{
		`{"filters":4,"kernel_size":[3,3],"activation":"linear"}`: {Filters: 4, Side: 3},
		`{"filters":4,"kernel_size":[3,2],"strides":[2,1],"padding":"same","groups":2,"use_bias":false,"activation":"relu"}`: {
			Filters: 4, Size: [2]int{3, 2}, Strides: [2]int{2, 1}, Padding: nets.Same, Groups: 2, NoBias: true, Activation: nets.ReLU},
		`{"filters":1,"kernel_size":[1,1],"dilation_rate":[1,2],"activation":"linear"}`: {Filters: 1, Side: 1, Dilation: [2]int{1, 2}},
	} {
		written, err := json.Marshal(c)
		if err != nil || string(written) != text {
			t.Errorf("%#v is written as %s (%v), want %s", c, written, err, text)
		}
		var read nets.Conv2D
		if err := json.Unmarshal(written, &read); err != nil || !reflect.DeepEqual(read, c) {
			t.Errorf("%s is read as %#v (%v), want %#v", text, read, err, c)
		}
	}
	for text, says := range map[string]string{
		`{"filters":0,"kernel_size":3}`:                               "0 filters",
		`{"filters":1}`:                                               "0 x 0",
		`{"filters":1,"kernel_size":3,"strides":0}`:                   "strides are 0 and 0",
		`{"filters":1,"kernel_size":3,"dilation_rate":[1,0]}`:         "dilation_rate are 1 and 0",
		`{"filters":1,"kernel_size":3,"groups":0}`:                    "0 groups",
		`{"filters":3,"kernel_size":3,"groups":2}`:                    "3 filters in 2 groups",
		`{"filters":1,"kernel_size":3,"strides":2,"dilation_rate":2}`: "one of them at a time",
		`{"filters":1,"kernel_size":3,"padding":"causal"}`:            "causal",
		`{"filters":1,"kernel_size":[3,3,3]}`:                         "no number of pixels",
	} {
		if err := json.Unmarshal([]byte(text), new(nets.Conv2D)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want a word of %q", text, err, says)
		}
	}
}
