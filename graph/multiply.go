package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Multiply is the product of inputs of one shape, element by element:
//
//	x1 (...), x2 (...) ... -> y (...) = x1 · x2 · ...
//
// Its plain twin is stock's Multiply.
type Multiply[T Float] struct{}

func (Multiply[T]) String() string { return "Multiply" }

func (Multiply[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

func (Multiply[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) { return oneShape(in, 2) }

func (Multiply[T]) Run(out, in []gorgonia.Value) error {
	multiply(Slice[T](out[0]), slicesOf[T](in))
	return nil
}

// multiply is the product of at least two.
func multiply[T Float](y []T, xs [][]T) {
	product := xs[0]
	for _, x := range xs[1:] {
		kernel.Scale(y, product, x)
		product = y
	}
}

// Grad needs all inputs.
func (Multiply[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(multiplyGrad[T]{Wants: wants}, len(in), append(in[:len(in):len(in)], dy)...)
}

// multiplyGrad is Multiply's gradient: x1, x2 ..., dy -> of each input dy times all others.
type multiplyGrad[T Float] struct {
	Wants []bool
	last
}

func (g multiplyGrad[T]) String() string { return fmt.Sprintf("MultiplyGrad{Wants:%v}", g.Wants) }

func (g multiplyGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, len(g.Wants)+1) }

func (g multiplyGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return wantedShapes(in, g.Wants), nil
}

func (g multiplyGrad[T]) Run(out, in []gorgonia.Value) error {
	all := slicesOf[T](in)
	dy := all[len(out)]
	for i, dx := range out {
		if dx != nil {
			others := append([][]T{dy}, all[:i]...)
			multiply(Slice[T](dx), append(others, all[i+1:len(out)]...))
		}
	}
	return nil
}
