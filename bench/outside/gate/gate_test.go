package gate

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

// TestSwish holds the op to the contract of ops, and its gradient to differences.
func TestSwish(t *testing.T) {
	apply := func(_ graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return graph.Apply(swish[float64]{}, in...)
	}
	for _, shape := range [][]int{{5, 3}, {2, 3, 4, 3}} {
		optest.Gradient(t, optest.Case{Apply: apply, Inputs: []*tensor.Dense{optest.Random(1, shape...), optest.Random(2, 3)}})
	}
	optest.Refuses(t, swish[float64]{}, []tensor.Shape{{5, 3}, {2}}, "(5, 3)", "(2)")
}
