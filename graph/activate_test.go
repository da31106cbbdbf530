package graph_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/graph/optest"
)

// wide are reproducible numbers in (-by,by).
func wide(seed uint64, by float64, shape ...int) *tensor.Dense {
	x := optest.Random(seed, shape...)
	for i := range x.Float64s() {
		x.Float64s()[i] *= by
	}
	return x
}

// activations are all functions, with parameters where they have any.
func activations() (list []graph.Activation) {
	for f := kernel.Function(0); f.Known(); f++ {
		list = append(list, graph.Activation{Function: f, Slope: 0.7})
	}
	return append(list, graph.Activation{}, graph.Activation{Max: 2}, graph.Activation{Max: 6}, graph.Activation{Threshold: 1},
		graph.Activation{Slope: 0.25, Threshold: 1.5, Max: 3}, graph.Activation{Slope: 0.25, Threshold: 1.5, Max: 0.5}, graph.Activation{Slope: 0.1, Max: 6})
}

func TestActivations(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, a := range activations() {
			optest.Run(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.Activate(in[0], a)
			}, wide(1, 5, 3, 4, 5)))
		}
	})
}

func TestPReLU(t *testing.T) {
	r := optest.Random
	for name, c := range map[string]struct{ image, slopes []int }{
		"one each":       {[]int{3, 2, 4}, []int{3, 2, 4}},
		"one a channel":  {[]int{3, 2, 4}, []int{1, 1, 4}},
		"one in all":     {[]int{3, 2, 4}, []int{1, 1, 1}},
		"one a row":      {[]int{3, 2, 4}, []int{3, 1, 1}},
		"one a column":   {[]int{3, 2, 4}, []int{1, 2, 1}},
		"without middle": {[]int{3, 2, 4}, []int{3, 1, 4}},
		"of rows":        {[]int{5}, []int{5}},
		"of one":         {[]int{1, 1, 3}, []int{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			optest.Run(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.PReLU(in[0], in[1])
			}, r(1, append([]int{11}, c.image...)...), r(2, c.slopes...)))
		})
	}
}

// TestSoftmaxOfImages is along the last axis.
func TestSoftmaxOfImages(t *testing.T) {
	optest.Run(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Softmax(in[0])
	}, optest.Random(1, 3, 2, 4, 5)))
}

func TestAffineWithoutBias(t *testing.T) {
	for _, relu := range []bool{false, true} {
		optest.Run(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.Affine(in[0], in[1], nil, relu)
		}, optest.Random(1, 5, 7), optest.Random(2, 7, 3)))
	}
}

func TestActivationsKnowThemselves(t *testing.T) {
	optest.Identity(t, graph.Activate[float32]{})
	shapes := []tensor.Shape{{2, 3}}
	optest.Refuses(t, graph.Activate[float32]{Function: 99}, shapes, "no function 99")
	optest.Refuses(t, graph.Activate[float32]{Threshold: -1}, shapes, "0 or more")
	for _, slopes := range []tensor.Shape{{2, 3}, {4, 2}, {4}} {
		optest.Refuses(t, graph.PReLU[float32]{}, []tensor.Shape{{2, 4, 3}, slopes}, "wants x (N,...)")
	}
}
