package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Normalize scales rows to length 1, in the L2 norm:
//
//	x (N,E) -> y (N,E), y[n] = x[n] / |x[n]|
//
// A row shorter than 1e-12 has no direction: it becomes zeros, and so does its
// gradient. Its plain twin is stock's Normalize, which divides by zero there.
type Normalize[T Float] struct{}

func (Normalize[T]) String() string { return "Normalize" }

func (Normalize[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants (N,E), and keeps the lengths (N) for Grad.
func (Normalize[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(in[0]) != 2 {
		return nil, fmt.Errorf("wants rows (N,E), got %v", in[0])
	}
	return []tensor.Shape{in[0].Clone(), {in[0][0]}}, nil
}

func (Normalize[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.Normalize(s[0], s[1], Slice[T](in[0]), Slice[T](out[0]), Slice[T](out[1]))
	return nil
}

// Grad needs the rows of length 1 and the lengths that they had.
func (Normalize[T]) Grad(_ gorgonia.Nodes, y, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	norm, err := Output(y, 1)
	if err != nil {
		return nil, err
	}
	return applyGradient(normalizeGrad[T]{}, 1, y, norm, dy)
}

// normalizeGrad is Normalize's gradient:
//
//	y (N,E), norm (N), dy (N,E) -> dx[n] = (dy[n] - y[n]·sum(y[n]·dy[n])) / norm[n]
type normalizeGrad[T Float] struct{ likeFirst }

func (normalizeGrad[T]) String() string { return "NormalizeGrad" }

func (normalizeGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

func (normalizeGrad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.NormalizeGrad(s[0], s[1], Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](out[0]))
	return nil
}
