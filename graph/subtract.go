package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Subtract is the difference of inputs of one shape:
//
//	a (...), b (...) -> y (...) = a - b
//
// Its plain twin is gorgonia.Sub.
type Subtract[T Float] struct{}

func (Subtract[T]) String() string { return "Subtract" }

func (Subtract[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (Subtract[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) { return oneShape(in, 2) }

func (Subtract[T]) Run(out, in []gorgonia.Value) error {
	y := Slice[T](out[0])
	kernel.Times(y, Slice[T](in[1]), -1)
	kernel.Add(y, y, Slice[T](in[0]))
	return nil
}

// Grad is dy, and -dy.
func (Subtract[T]) Grad(_ gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	grads := forAll(dy, wants)
	if !wants[1] {
		return grads, nil
	}
	var err error
	grads[1], err = Apply(times[T]{By: -1}, dy)
	return grads, err
}
