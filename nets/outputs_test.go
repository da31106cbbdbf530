package nets_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
)

// TestOutputs: each layer's shape, the flattened values those of the layer
// before, and the last two what the predictor says.
func TestOutputs(t *testing.T) {
	m, err := nets.New(nets.CNN([3]int{12, 11, 1}, 10), tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	image := make([]float32, 12*11)
	for i := range image {
		image[i] = float32(i%7) / 7
	}
	p := nets.NewPredictor(m)
	layers, err := p.Outputs(image)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{"conv2d": {10, 9, 32}, "conv2d_1": {8, 7, 64}, "flatten": {8 * 7 * 64}, "dense": {128}, "dense_1": {10}, "probabilities": {10}}
	if len(layers) != len(want) {
		t.Fatalf("%d layers, want %d", len(layers), len(want))
	}
	for _, l := range layers {
		if !slices.Equal(l.Shape, want[l.Name]) || len(l.Values) != product(l.Shape) {
			t.Errorf("%s has shape %v and %d values, want %v", l.Name, l.Shape, len(l.Values), want[l.Name])
		}
	}
	if !slices.Equal(layers[1].Values, layers[2].Values) || slices.Min(layers[0].Values) < 0 || slices.Max(layers[0].Values) == 0 {
		t.Error("flatten changes values, or a ReLU gives none")
	}
	scores, err := p.Predict(image)
	if err != nil || !slices.Equal(scores.Logits, layers[4].Values) || !slices.Equal(scores.Probabilities, layers[5].Values) {
		t.Errorf("the last layers are not the prediction (%v)", err)
	}
	if _, err := p.Outputs(image[1:]); err == nil {
		t.Error("a short image is taken")
	}
}

// TestOutputOfALayerIsWhatItGives, not the node that it has added last.
func TestOutputOfALayerIsWhatItGives(t *testing.T) {
	aside := gives{func(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := gorgonia.Neg(x)
		if err != nil {
			return nil, err
		}
		_, err = gorgonia.Square(y)
		return y, err
	}}
	net := nets.Network{Name: "aside", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{aside, nets.Dense{Units: 2}}}
	layers, err := nets.NewPredictor(newModel(t, net, tensor.Float32)).Outputs([]float32{1, 2, 3, 4})
	if err != nil || !slices.Equal(layers[0].Values, []float32{-1, -2, -3, -4}) {
		t.Errorf("%v, %v", layers, err)
	}
}

func product(shape []int) int {
	n := 1
	for _, v := range shape {
		n *= v
	}
	return n
}
