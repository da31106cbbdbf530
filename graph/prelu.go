package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

func (fused) PReLU(x, alpha *gorgonia.Node) (*gorgonia.Node, error) {
	return either(PReLU[float32]{}, PReLU[float64]{}, x, alpha)
}

// PReLU is a rectifier whose slope below 0 is learnt (He et al., 2015):
//
//	x (N,...), alpha (...) -> y (N,...), y = max(0, x) - alpha·max(0, -x)
//
// Where alpha has 1 along an axis of x's, all along it share one. Its plain twin is
// stock's PReLU.
type PReLU[T Float] struct{}

func (PReLU[T]) String() string { return "PReLU" }

func (PReLU[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

// Shape wants an alpha that x's shape without N is, or has 1 where that has more.
func (PReLU[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, alpha := in[0], in[1]
	ok := len(x) >= 2 && len(alpha) == len(x)-1
	for i := 0; ok && i < len(alpha); i++ {
		ok = alpha[i] == 1 || alpha[i] == x[i+1]
	}
	if !ok {
		return nil, fmt.Errorf("wants x (N,...) and alpha (...), or 1 where it is shared, got %v and %v", x, alpha)
	}
	return []tensor.Shape{x.Clone()}, nil
}

func (PReLU[T]) Run(out, in []gorgonia.Value) error {
	x, alpha := in[0].Shape(), in[1].Shape()
	kernel.PReLU(kernel.SharedOf(x[1:], alpha), x[0], Slice[T](in[0]), Slice[T](in[1]), Slice[T](out[0]))
	return nil
}

// Grad computes dx and dalpha, as far as they are wanted.
func (PReLU[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(preluGrad[T]{DX: wants[0], DAlpha: wants[1]}, 2, in[0], in[1], dy)
}

// preluGrad is PReLU's gradient:
//
//	x, alpha, dy -> dx = dy above 0, alpha·dy below 0, 0 at 0
//	                dalpha = the sum of x·dy below 0, over all that share it
type preluGrad[T Float] struct {
	DX, DAlpha bool
	last
}

func (g preluGrad[T]) String() string {
	return fmt.Sprintf("PReLUGrad{DX:%v DAlpha:%v}", g.DX, g.DAlpha)
}

func (preluGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

// Shape returns the shapes of dx and dalpha.
func (g preluGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	shapes := make([]tensor.Shape, 2)
	if g.DX {
		shapes[0] = in[0].Clone()
	}
	if g.DAlpha {
		shapes[1] = in[1].Clone()
	}
	return shapes, nil
}

func (g preluGrad[T]) Run(out, in []gorgonia.Value) error {
	x, alpha := in[0].Shape(), in[1].Shape()
	s := kernel.SharedOf(x[1:], alpha)
	if g.DX {
		kernel.PReLUGrad(s, x[0], Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](out[0]))
	}
	if g.DAlpha {
		kernel.PReLUSlopes(s, x[0], Slice[T](in[0]), Slice[T](in[2]), Slice[T](out[1]))
	}
	return nil
}
