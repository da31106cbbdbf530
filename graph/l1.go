package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// L1 adds the penalty of Keras's regularizers.l1 to a loss:
//
//	loss, w1 (...), w2 (...) ... -> loss + Factor · the sum of all absolute values of w1, w2 ...
//
// Where a weight is 0, so is its gradient. Its plain twin is stock's L1.
type L1[T Float] struct {
	Factor float64 // 0 or more
}

func (l L1[T]) String() string { return fmt.Sprintf("L1{Factor:%v}", l.Factor) }

func (L1[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

// Shape wants a scalar, and weights of any shape.
func (l L1[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return penaltyShape(in, l.Factor)
}

// Run adds up in float64.
func (l L1[T]) Run(out, in []gorgonia.Value) error {
	var sum float64
	for _, w := range in[1:] {
		sum += kernel.SumAbs(Slice[T](w))
	}
	Slice[T](out[0])[0] = T(float64(Slice[T](in[0])[0]) + float64(l.Factor*sum))
	return nil
}

// Grad is the loss's own gradient, and one for each of the weights.
func (l L1[T]) Grad(in gorgonia.Nodes, _, dout *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return penaltyGrads(l1Grad[T]{Factor: l.Factor}, in, dout, wants)
}

// l1Grad is L1's gradient by one of its weights: w, dout -> dw = Factor·dout·sign(w).
type l1Grad[T Float] struct {
	Factor float64
	likeFirst
}

func (g l1Grad[T]) String() string { return fmt.Sprintf("L1Grad{Factor:%v}", g.Factor) }

func (l1Grad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (g l1Grad[T]) Run(out, in []gorgonia.Value) error {
	kernel.Signs(Slice[T](out[0]), Slice[T](in[0]), T(g.Factor)*Slice[T](in[1])[0])
	return nil
}
