package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Extreme is the largest of inputs of one shape, element by element, or the smallest
// if Least:
//
//	x1 (...), x2 (...) ... -> y (...) = max(x1, x2 ...)
//
// Of equals the first has the gradient, as TensorFlow gives it. A NaN is both. Its plain
// twin is stock's Maximum and Minimum.
type Extreme[T Float] struct {
	Least bool
}

func (e Extreme[T]) String() string { return fmt.Sprintf("Extreme{Least:%v}", e.Least) }

func (Extreme[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

func (Extreme[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) { return oneShape(in, 2) }

func (e Extreme[T]) Run(out, in []gorgonia.Value) error {
	kernel.Extreme(Slice[T](out[0]), e.Least, slicesOf[T](in)...)
	return nil
}

// Grad needs all inputs.
func (e Extreme[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(extremeGrad[T]{Least: e.Least, Wants: wants}, len(in), append(in[:len(in):len(in)], dy)...)
}

// extremeGrad is Extreme's gradient: x1, x2 ..., dy -> of each input dy where it is the
// first of the largest, else 0.
type extremeGrad[T Float] struct {
	Least bool
	Wants []bool
	last
}

func (g extremeGrad[T]) String() string {
	return fmt.Sprintf("ExtremeGrad{Least:%v Wants:%v}", g.Least, g.Wants)
}

func (g extremeGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, len(g.Wants)+1) }

func (g extremeGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return wantedShapes(in, g.Wants), nil
}

func (g extremeGrad[T]) Run(out, in []gorgonia.Value) error {
	all := slicesOf[T](in)
	kernel.ExtremeGrad(slicesOf[T](out), all[len(out)], g.Least, all[:len(out)]...)
	return nil
}
