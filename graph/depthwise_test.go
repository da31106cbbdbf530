package graph_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

func TestDepthwise(t *testing.T) {
	r := optest.Random
	for name, c := range map[string]struct {
		over graph.Window
		x, w tensor.Shape
		relu bool
	}{
		"plain":      {graph.Window{}, tensor.Shape{2, 4, 5, 3}, tensor.Shape{3, 2, 3, 1}, false},
		"relu, same": {graph.Window{Same: true}, tensor.Shape{2, 4, 3, 2}, tensor.Shape{3, 3, 2, 2}, true},
		"strides":    {graph.Window{Strides: [2]int{2, 3}, Same: true}, tensor.Shape{1, 5, 7, 2}, tensor.Shape{2, 3, 2, 3}, false},
		"dilation":   {graph.Window{Dilation: [2]int{2, 1}}, tensor.Shape{2, 5, 3, 9}, tensor.Shape{2, 2, 9, 1}, true},
		"two of one": {graph.Window{Strides: [2]int{2, 2}, Dilation: [2]int{3, 2}, Same: true}, tensor.Shape{1, 2, 6, 1}, tensor.Shape{2, 3, 1, 2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			optest.Run(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.Depthwise(in[0], in[1], in[2], c.over, c.relu)
			}, r(1, c.x...), r(2, c.w...), r(3, c.w[2]*c.w[3])))
			optest.Twin(t, of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return ops.Depthwise(in[0], in[1], nil, c.over, c.relu)
			}, r(1, c.x...), r(2, c.w...)))
		})
	}
}

func TestDepthwiseRefuses(t *testing.T) {
	op := graph.Depthwise[float32]{}
	optest.Refuses(t, op, []tensor.Shape{{1, 4, 4, 2}, {3, 3, 3, 1}}, "(N,H,W,C)", "(1, 4, 4, 2)", "(3, 3, 3, 1)")
	optest.Refuses(t, op, []tensor.Shape{{1, 4, 4, 2}, {5, 3, 2, 1}}, "5 x 3", "does not fit")
	optest.Refuses(t, op, []tensor.Shape{{1, 4, 4, 2}, {3, 3, 2, 2}, {2}}, "4 channels", "(2)")
	names := make(map[string]bool)
	for _, relu := range []bool{false, true} {
		for _, over := range []graph.Window{{}, {Same: true}, {Strides: [2]int{2, 1}}, {Dilation: [2]int{2, 1}}} {
			names[graph.Depthwise[float32]{ReLU: relu, Over: over}.String()] = true
		}
	}
	if len(names) != 8 {
		t.Errorf("eight ops have the names %v", names)
	}
}
