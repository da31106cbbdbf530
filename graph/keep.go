package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// keepValues has Gorgonia's machine leave every node its value. Where an elementwise
// op is the last to read a tensor, the machine has it write its result there: the
// node's Value is another's after the run, and so is that of all who share the
// memory, as a weight or an image does with its own Reshape, and with what
// Gorgonia's Dropout makes of it in evaluation. A node that reads all of these, last
// of all, ends that.
func keepValues(g *gorgonia.ExprGraph, idle idleNodes) error {
	var kept gorgonia.Nodes
	keep := func(n *gorgonia.Node) {
		if !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	for _, n := range idle.rest(g) {
		if read := overwritten(n); read != nil {
			keep(read)
			keep(n) // so that it runs before
		}
	}
	if kept == nil {
		return nil
	}
	_, err := Apply(reader{}, kept...)
	return err
}

// overwritten is the node whose value an op may write its result to.
func overwritten(n *gorgonia.Node) *gorgonia.Node {
	if n.Op() == nil {
		return nil
	}
	switch fmt.Sprintf("%T", n.Op()) {
	case "gorgonia.readOp", "gorgonia.letOp":
		return nil // statements, which have no value
	}
	children, i := childrenOf(n), n.Op().OverwritesInput()
	if i < 0 || i >= len(children) || isLeaf(children[i]) || n.Shape().TotalSize() == 0 || children[i].Shape().TotalSize() == 0 {
		return nil
	}
	return children[i]
}

// Keeps says whether a node is the one by which Build keeps values from being
// overwritten. It is no mathematics, and nobody's who builds a graph.
func Keeps(n *gorgonia.Node) bool {
	_, ok := Of(n).(reader)
	return ok
}

// reader reads everything and computes nothing: ... -> scalar.
type reader struct{ last }

func (reader) String() string { return "Reader" }

func (reader) Dtype() tensor.Dtype { return tensor.Float32 }

func (reader) Shape(...tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{{}}, nil }

func (reader) Run(_, _ []gorgonia.Value) error { return nil }
