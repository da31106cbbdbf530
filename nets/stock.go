package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// ready takes the program's memory. It refuses to predict with Gorgonia's BatchNorm
// as it is made: its running statistics are its own, and those that training has
// gathered are in another graph.
func (p *Program) ready(phase Phase) error {
	for _, n := range p.machine.Graph().AllNodes() {
		norm, ok := n.Op().(*gorgonia.BatchNormOp)
		if !ok || phase == Training {
			continue
		}
		mean, variance := norm.Stats()
		if all(mean, 0) && all(variance, 1) {
			return fmt.Errorf("nets: %s in a program for %v has no running statistics: those of training are in the op of the training graph; keep that op in the layer, and give its Stats to this one with SetStats", n.Name(), phase)
		}
	}
	return p.machine.Ready()
}

// normalizes says whether a node is one of Gorgonia's BatchNorm.
func normalizes(n *gorgonia.Node) bool {
	_, ok := n.Op().(*gorgonia.BatchNormOp)
	return ok
}

// all says whether all elements of a tensor of floats are v.
func all(t tensor.Tensor, v float64) bool {
	if t.Dtype() == tensor.Float64 {
		return !slices.ContainsFunc(graph.Slice[float64](t), func(x float64) bool { return x != v })
	}
	return !slices.ContainsFunc(graph.Slice[float32](t), func(x float32) bool { return float64(x) != v })
}
