package nets

import (
	"slices"

	"gorgonia.org/gorgonia"
)

// Part is what one layer has added to a program's graph, or what follows the
// layers: the loss, or the probabilities.
type Part struct {
	Name, Type string         // "dense_1", "Dense"; of a layer within another one "block.dense"
	Nodes      gorgonia.Nodes // weights and ops, in the order in which they were added; no gradients

	Layer   Layer          // nil of what follows the layers
	In, Out *gorgonia.Node // what the layer was given first, and gave; In is nil of what follows the layers
	Ins     gorgonia.Nodes // all that it was given; one node, but of a Merge
	Parts   []Part         // the layers within the layer, in order; their Nodes are among its own
}

// Own are those of the part's nodes that none of the layers within it has added.
func (p Part) Own() gorgonia.Nodes {
	within := make(map[*gorgonia.Node]bool)
	for _, part := range p.Parts {
		for _, n := range part.Nodes {
			within[n] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Nodes), func(n *gorgonia.Node) bool { return within[n] })
}

// Computes says whether the part has mathematics of its own, beside that of the
// layers within it. A weight is none, and neither is a constant.
func (p Part) Computes() bool {
	return slices.ContainsFunc(p.Own(), func(n *gorgonia.Node) bool { return len(read(n)) > 0 })
}

// read are the nodes that a node reads, in its op's order.
func read(n *gorgonia.Node) (nodes gorgonia.Nodes) {
	for it := n.Graph().From(n.ID()); it.Next(); {
		nodes = append(nodes, it.Node().(*gorgonia.Node))
	}
	return nodes
}
