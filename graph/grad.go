package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Grad adds to the graph the gradient of the scalar loss by each of the given
// input nodes. It is gorgonia.Grad, with one thing added: ops learn which of
// their inputs depend on these nodes, so that nothing else is computed. The
// first layer of a network has no gradient by its images, for instance.
func Grad(loss *gorgonia.Node, by ...*gorgonia.Node) (gorgonia.Nodes, error) {
	depends := make(map[int64]bool)
	for _, n := range by {
		depends[n.ID()] = true
	}
	mark(loss, depends)
	grads, err := gorgonia.Grad(loss, by...)
	if err != nil {
		return nil, fmt.Errorf("graph: gradient: %w", err)
	}
	return grads, nil
}

// mark finds out whether n depends on a node that is true in depends, and
// tells every op on the way which of its inputs do.
func mark(n *gorgonia.Node, depends map[int64]bool) bool {
	if known, ok := depends[n.ID()]; ok {
		return known
	}
	result := false
	for children := n.Graph().From(n.ID()); children.Next(); {
		result = mark(children.Node().(*gorgonia.Node), depends) || result
	}
	if a, ok := n.Op().(*adapter); ok && a.isFirst() {
		for i, in := range a.call.in {
			a.call.wants[i] = depends[in.ID()]
		}
	}
	depends[n.ID()] = result
	return result
}
