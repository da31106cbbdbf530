package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Average is the mean of inputs of one shape:
//
//	x1 (...), x2 (...) ... -> y (...) = (x1 + x2 + ...) / their number
//
// Its plain twin is stock's Average.
type Average[T Float] struct{}

func (Average[T]) String() string { return "Average" }

func (Average[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

func (Average[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) { return oneShape(in, 2) }

func (Average[T]) Run(out, in []gorgonia.Value) error {
	if err := (Add[T]{}).Run(out, in); err != nil {
		return err
	}
	y := Slice[T](out[0])
	kernel.Times(y, y, 1/T(len(in)))
	return nil
}

// Grad is one for all inputs.
func (Average[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	dx, err := Apply(times[T]{By: 1 / float64(len(in))}, dy)
	return forAll(dx, wants), err
}

// times is a gradient times a number: dy -> dx = dy·By.
type times[T Float] struct {
	By float64
	likeFirst
}

func (t times[T]) String() string { return fmt.Sprintf("Times{By:%v}", t.By) }

func (times[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

func (t times[T]) Run(out, in []gorgonia.Value) error {
	kernel.Times(Slice[T](out[0]), Slice[T](in[0]), T(t.By))
	return nil
}
