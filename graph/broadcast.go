package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Broadcast repeats x along its axes of size 1, but for the first, that of the batch:
//
//	x (N,1,1,C) -> y (N,H,W,C) = To, y[n,h,w,c] = x[n,0,0,c]
type Broadcast[T Float] struct {
	To tensor.Shape
}

func (b Broadcast[T]) String() string { return fmt.Sprintf("Broadcast{To:%v}", b.To) }

func (Broadcast[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants as many axes as To has, each of as much or, but for the first, of 1.
func (b Broadcast[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	fits := len(x) == len(b.To) && len(x) > 0 && x[0] == b.To[0]
	for axis := 1; fits && axis < len(x); axis++ {
		fits = x[axis] == b.To[axis] || x[axis] == 1
	}
	if !fits {
		return nil, fmt.Errorf("%v cannot be repeated so", x)
	}
	return []tensor.Shape{b.To.Clone()}, nil
}

func (b Broadcast[T]) Run(out, in []gorgonia.Value) error {
	kernel.Broadcast(in[0].Shape(), b.To, Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad adds up what has come of each number.
func (Broadcast[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(broadcastGrad[T]{To: in[0].Shape().Clone()}, 1, dy)
}

// broadcastGrad is Broadcast's gradient: dy (N,H,W,C) -> dx (N,1,1,C) = To, the sums
// along the axes of size 1.
type broadcastGrad[T Float] struct {
	To tensor.Shape
	last
}

func (g broadcastGrad[T]) String() string { return fmt.Sprintf("BroadcastGrad{To:%v}", g.To) }

func (broadcastGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

func (g broadcastGrad[T]) Shape(...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{g.To.Clone()}, nil
}

func (g broadcastGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.BroadcastGrad(g.To, in[0].Shape(), Slice[T](in[0]), Slice[T](out[0]))
	return nil
}
