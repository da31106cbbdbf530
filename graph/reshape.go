package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Reshape is a view: the numbers of x, in another shape.
//
//	x (...) -> y (To), y's memory is x's
//
// Its plain twin is gorgonia.Reshape.
type Reshape[T Float] struct {
	To tensor.Shape
}

func (r Reshape[T]) String() string { return fmt.Sprintf("Reshape{To:%v}", r.To) }

func (Reshape[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants as many numbers as To has.
func (r Reshape[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(r.To) > 0 && slices.Min(r.To) < 1 {
		return nil, fmt.Errorf("each size must be at least 1")
	}
	if in[0].TotalSize() != r.To.TotalSize() {
		return nil, fmt.Errorf("%v has %d numbers, not %d", in[0], in[0].TotalSize(), r.To.TotalSize())
	}
	return []tensor.Shape{r.To.Clone()}, nil
}

// See returns the view.
func (r Reshape[T]) See(x gorgonia.Value) gorgonia.Value {
	return tensor.New(tensor.WithShape(r.To...), tensor.WithBacking(Slice[T](x)))
}

// Run has nothing to compute.
func (Reshape[T]) Run(_, _ []gorgonia.Value) error { return nil }

// Grad is the view back.
func (Reshape[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	dx, err := Apply(Reshape[T]{in[0].Shape().Clone()}, dy)
	return gorgonia.Nodes{dx}, err
}
