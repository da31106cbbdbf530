package graph_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

func TestPenalties(t *testing.T) {
	c := of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		x, err := ops.Affine(in[0], in[1], in[2], false)
		if err != nil {
			return nil, err
		}
		loss, _, err := ops.CrossEntropy(x, in[3], 0)
		if err != nil {
			return nil, err
		}
		if loss, err = ops.L1(loss, 0.3, in[1], in[2]); err != nil {
			return nil, err
		}
		return ops.L2(loss, 0.2/4, x) // of what a layer gives, and so of each image
	}, optest.Random(1, 4, 5), optest.Random(2, 5, 3), optest.Random(3, 3), optest.Labels(0, 1, 2, 2))
	optest.Run(t, c)
	optest.Identity(t, graph.L1[float32]{Factor: 0.5})
	optest.Refuses(t, graph.L1[float32]{}, []tensor.Shape{{2}, {3}}, "scalar loss")
	optest.Refuses(t, graph.L1[float32]{Factor: -1}, []tensor.Shape{{}, {3}}, "0 or more")
}
