package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Add is the sum of inputs of one shape, rectified if ReLU, as where the branches of a
// residual network meet (He et al., 2015):
//
//	x1 (...), x2 (...) ... -> y (...) = max(0, x1 + x2 + ...)
//
// Its plain twin is stock's Add.
type Add[T Float] struct {
	ReLU bool
}

func (a Add[T]) String() string { return fmt.Sprintf("Add{ReLU:%v}", a.ReLU) }

func (Add[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

func (Add[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) { return oneShape(in, 2) }

func (a Add[T]) Run(out, in []gorgonia.Value) error {
	y, sum, last := Slice[T](out[0]), Slice[T](in[0]), len(in)-1
	for _, x := range in[1:last] {
		kernel.Add(y, sum, Slice[T](x))
		sum = y
	}
	if a.ReLU {
		kernel.AddReLU(y, sum, Slice[T](in[last]))
	} else {
		kernel.Add(y, sum, Slice[T](in[last]))
	}
	return nil
}

// Grad is one for all inputs: dy itself, where nothing is rectified.
func (a Add[T]) Grad(_ gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	if a.ReLU {
		var err error
		if dy, err = Apply(rectifiedGrad[T]{}, y, dy); err != nil {
			return nil, err
		}
	}
	return forAll(dy, wants), nil
}

// forAll is one gradient for all inputs whose gradient is wanted.
func forAll(dx *gorgonia.Node, wants []bool) gorgonia.Nodes {
	grads := make(gorgonia.Nodes, len(wants))
	for i, want := range wants {
		if want {
			grads[i] = dx
		}
	}
	return grads
}

// rectifiedGrad is the gradient of what a ReLU has made y of: y, dy -> dz = dy where y > 0.
type rectifiedGrad[T Float] struct{ likeFirst }

func (rectifiedGrad[T]) String() string { return "RectifiedGrad" }

func (rectifiedGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (rectifiedGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.ReLUGrad(Slice[T](out[0]), Slice[T](in[1]), Slice[T](in[0]))
	return nil
}
