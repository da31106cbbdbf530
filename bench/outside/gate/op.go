package gate

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// swish lets each number through as far as it is large, by a slope of its channel:
//
//	x (N,...,C), slope (C) -> y (N,...,C) = x · σ(slope·x)
type swish[T graph.Float] struct{}

func (swish[T]) String() string { return "Swish" }

func (swish[T]) Accepts(in []tensor.Dtype) error { return accept[T](in, 2) }

func (swish[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, slope := in[0], in[1]
	if len(x) < 2 || len(slope) != 1 || slope[0] != x[len(x)-1] {
		return nil, fmt.Errorf("wants (N,...,C) and a slope (C), got %v and %v", x, slope)
	}
	return []tensor.Shape{x.Clone()}, nil
}

func (swish[T]) Run(out, in []gorgonia.Value) error {
	y, x, slope := graph.Slice[T](out[0]), graph.Slice[T](in[0]), graph.Slice[T](in[1])
	for i, v := range x {
		y[i] = v * sigmoid(slope[i%len(slope)]*v)
	}
	return nil
}

// Grad computes both gradients, whichever is wanted.
func (swish[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	dx, err := graph.Apply(swishGrad[T]{}, in[0], in[1], dy)
	if err != nil {
		return nil, err
	}
	dslope, err := graph.Output(dx, 1)
	return gorgonia.Nodes{dx, dslope}, err
}

// swishGrad is swish's gradient, with s = σ(slope·x) and s' = s·(1-s):
//
//	x, slope, dy (N,...,C) -> dx = dy·(s + slope·x·s'), dslope = sum of dy·x²·s'
type swishGrad[T graph.Float] struct{}

func (swishGrad[T]) String() string { return "SwishGrad" }

func (swishGrad[T]) Accepts(in []tensor.Dtype) error { return accept[T](in, 3) }

func (swishGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !in[0].Eq(in[2]) {
		return nil, fmt.Errorf("wants a gradient like x, got %v and %v", in[0], in[2])
	}
	return []tensor.Shape{in[0].Clone(), in[1].Clone()}, nil
}

func (swishGrad[T]) Run(out, in []gorgonia.Value) error {
	dx, dslope := graph.Slice[T](out[0]), graph.Slice[T](out[1])
	x, slope, dy := graph.Slice[T](in[0]), graph.Slice[T](in[1]), graph.Slice[T](in[2])
	clear(dslope)
	for i, v := range x {
		c := i % len(slope)
		s := sigmoid(slope[c] * v)
		rise := v * s * (1 - s)
		dx[i] = dy[i] * (s + slope[c]*rise)
		dslope[c] += dy[i] * v * rise
	}
	return nil
}

func (swishGrad[T]) Grad(gorgonia.Nodes, *gorgonia.Node, *gorgonia.Node, []bool) (gorgonia.Nodes, error) {
	return nil, fmt.Errorf("the gradient of a gradient is not there")
}

func sigmoid[T graph.Float](z T) T { return T(1 / (1 + math.Exp(-float64(z)))) }

// accept refuses what the op was not made for: another number of inputs, or another element type.
func accept[T graph.Float](in []tensor.Dtype, n int) error {
	if len(in) != n || slices.ContainsFunc(in, func(dt tensor.Dtype) bool { return dt != graph.DtypeOf[T]() }) {
		return fmt.Errorf("wants %d inputs of %v, got %v", n, graph.DtypeOf[T](), in)
	}
	return nil
}
