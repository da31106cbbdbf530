package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// PenaltyOps are the part of Ops for penalties in the loss. They are of weights, or of
// what a layer gives.
type PenaltyOps interface {
	// L1 is loss + factor · the sum of the absolute values of all elements of weights.
	L1(loss *gorgonia.Node, factor float64, weights ...*gorgonia.Node) (*gorgonia.Node, error)

	// L2 is loss + factor · the sum of the squares of all elements of weights.
	L2(loss *gorgonia.Node, factor float64, weights ...*gorgonia.Node) (*gorgonia.Node, error)
}

func (fused) L1(loss *gorgonia.Node, factor float64, weights ...*gorgonia.Node) (*gorgonia.Node, error) {
	return either(L1[float32]{factor}, L1[float64]{factor}, append(gorgonia.Nodes{loss}, weights...)...)
}

func (fused) L2(loss *gorgonia.Node, factor float64, weights ...*gorgonia.Node) (*gorgonia.Node, error) {
	return either(L2[float32]{factor}, L2[float64]{factor}, append(gorgonia.Nodes{loss}, weights...)...)
}

// penaltyShape is that of a loss with a penalty of weights.
func penaltyShape(in []tensor.Shape, factor float64) ([]tensor.Shape, error) {
	if len(in[0]) != 0 || len(in) < 2 {
		return nil, fmt.Errorf("wants a scalar loss and weights, got %v", in)
	}
	if !(factor >= 0) {
		return nil, fmt.Errorf("the factor is not 0 or more")
	}
	return []tensor.Shape{{}}, nil
}

// penaltyGrads are the loss's own gradient, and what op makes of each weight and it.
func penaltyGrads(op Op, in gorgonia.Nodes, dout *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	for i, n := range in {
		if !wants[i] {
			continue
		}
		if i == 0 {
			grads[i] = dout
			continue
		}
		var err error
		if grads[i], err = Apply(op, n, dout); err != nil {
			return nil, err
		}
	}
	return grads, nil
}

func (stock) L1(loss *gorgonia.Node, factor float64, weights ...*gorgonia.Node) (*gorgonia.Node, error) {
	return stockNodes(L1[float32]{factor}, L1[float64]{factor}, append(gorgonia.Nodes{loss}, weights...), func() *gorgonia.Node {
		return stockPenalty(gorgonia.Abs, loss, factor, weights)
	})
}

func (stock) L2(loss *gorgonia.Node, factor float64, weights ...*gorgonia.Node) (*gorgonia.Node, error) {
	return stockNodes(L2[float32]{factor}, L2[float64]{factor}, append(gorgonia.Nodes{loss}, weights...), func() *gorgonia.Node {
		return stockPenalty(gorgonia.Square, loss, factor, weights)
	})
}

// stockPenalty is loss + factor · the sum of what a function makes of all weights.
func stockPenalty(of func(*gorgonia.Node) (*gorgonia.Node, error), loss *gorgonia.Node, factor float64, weights gorgonia.Nodes) *gorgonia.Node {
	for _, w := range weights {
		sum := must(gorgonia.Sum(must(of(w))))
		loss = must(gorgonia.Add(loss, must(gorgonia.Mul(sum, constant(loss, factor)))))
	}
	return loss
}
