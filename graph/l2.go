package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// L2 adds the penalty of Keras's regularizers.l2 to a loss:
//
//	loss, w1 (...), w2 (...) ... -> loss + Factor · the sum of all squares of w1, w2 ...
//
// Its plain twin is stock's L2.
type L2[T Float] struct {
	Factor float64 // 0 or more
}

func (l L2[T]) String() string { return fmt.Sprintf("L2{Factor:%v}", l.Factor) }

func (L2[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

// Shape wants a scalar, and weights of any shape.
func (l L2[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return penaltyShape(in, l.Factor)
}

// Run adds up in float64.
func (l L2[T]) Run(out, in []gorgonia.Value) error {
	var sum float64
	for _, w := range in[1:] {
		sum += kernel.SumSquares(Slice[T](w))
	}
	Slice[T](out[0])[0] = T(float64(Slice[T](in[0])[0]) + float64(l.Factor*sum))
	return nil
}

// Grad is the loss's own gradient, and one for each of the weights.
func (l L2[T]) Grad(in gorgonia.Nodes, _, dout *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return penaltyGrads(l2Grad[T]{Factor: l.Factor}, in, dout, wants)
}

// l2Grad is L2's gradient by one of its weights: w, dout -> dw = 2·Factor·dout·w.
type l2Grad[T Float] struct {
	Factor float64
	likeFirst
}

func (g l2Grad[T]) String() string { return fmt.Sprintf("L2Grad{Factor:%v}", g.Factor) }

func (l2Grad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (g l2Grad[T]) Run(out, in []gorgonia.Value) error {
	kernel.Times(Slice[T](out[0]), Slice[T](in[0]), T(2*g.Factor)*Slice[T](in[1])[0])
	return nil
}
