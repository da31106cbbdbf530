package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// sum is the one stock node that gorgonia.Grad adds: where a node is read by
// several others, its gradients are added up. The tape runs it as an op of ours.
//
//	a (...), b (...) -> y (...) = a + b
type sum[T Float] struct{ likeFirst }

func (sum[T]) String() string { return "Sum" }

func (sum[T]) Run(out, in []gorgonia.Value) error {
	kernel.Add(Slice[T](out[0]), Slice[T](in[0]), Slice[T](in[1]))
	return nil
}

// isSum says whether a node is Gorgonia's addition of two tensors of one shape, of floats.
func isSum(n *gorgonia.Node) bool {
	if n.Op() == nil || n.Op().String() != "+ false" || n.IsScalar() || !isFloat(n.Dtype()) {
		return false
	}
	in := childrenOf(n)
	return len(in) == 2 && in[0].Shape().Eq(n.Shape()) && in[1].Shape().Eq(n.Shape())
}

// newSum is the call that computes such a node.
func newSum(n *gorgonia.Node) *call {
	c := &call{op: sum[float32]{}, in: childrenOf(n), dtype: n.Dtype(), shapes: []tensor.Shape{n.Shape().Clone()}}
	if c.dtype == tensor.Float64 {
		c.op = sum[float64]{}
	}
	return c
}
