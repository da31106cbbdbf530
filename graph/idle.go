package graph

import (
	"slices"
	"sync"

	"gorgonia.org/gorgonia"
)

// idleNodes are those of a graph that nobody asked for. A stock op that is asked for
// its gradient adds one for each of its inputs, also for an image's pixels and for
// weights that are frozen: as much work as for the others, and nothing reads it.
// Gorgonia's graphs cannot lose a node, so Grad notes these, and the machine passes
// over them.
type idleNodes map[*gorgonia.Node]bool

// constructing is the graph that Build makes now, and its idle nodes.
var constructing struct {
	sync.Mutex
	graph *gorgonia.ExprGraph
	idle  idleNodes
}

// construct makes g the graph whose idle nodes are noted, until nil is.
func construct(g *gorgonia.ExprGraph) {
	constructing.Lock()
	defer constructing.Unlock()
	constructing.graph, constructing.idle = g, make(idleNodes)
}

// noteIdle notes the nodes of a graph's gradient, those beside old, that no node's
// gradient is made of. What reads no gradient itself is not among them: it may
// be the same node as one that somebody else asks for.
func noteIdle(g *gorgonia.ExprGraph, old gorgonia.Nodes) {
	constructing.Lock()
	defer constructing.Unlock()
	if constructing.graph != g {
		return
	}
	before, needed, backward := make(map[*gorgonia.Node]bool), make(map[*gorgonia.Node]bool), make(map[*gorgonia.Node]bool)
	for _, n := range old {
		before[n] = true
		need(n, needed)
		if d := n.Deriv(); d != nil {
			need(d, needed)
			backward[d] = true
		}
	}
	for _, n := range g.AllNodes() {
		if before[n] {
			continue
		}
		backward[n] = backward[n] || slices.ContainsFunc(childrenOf(n), func(child *gorgonia.Node) bool { return backward[child] })
		if backward[n] && !needed[n] && !isLeaf(n) {
			constructing.idle[n] = true
		}
	}
}

// need notes a node and all that it is made of.
func need(n *gorgonia.Node, needed map[*gorgonia.Node]bool) {
	if needed[n] {
		return
	}
	needed[n] = true
	for _, child := range childrenOf(n) {
		need(child, needed)
	}
}

// idleOf are a graph's idle nodes, but for those that another node has come to read.
func idleOf(g *gorgonia.ExprGraph) idleNodes {
	constructing.Lock()
	defer constructing.Unlock()
	idle, needed := constructing.idle, make(map[*gorgonia.Node]bool)
	for _, n := range g.AllNodes() {
		if !idle[n] {
			need(n, needed)
		}
	}
	for n := range needed {
		delete(idle, n)
	}
	return idle
}

// rest are the nodes of a graph that are not idle.
func (idle idleNodes) rest(g *gorgonia.ExprGraph) gorgonia.Nodes {
	return slices.DeleteFunc(slices.Clone(g.AllNodes()), func(n *gorgonia.Node) bool { return idle[n] })
}

// busy is the graph that a machine of Gorgonia's runs.
func (idle idleNodes) busy(g *gorgonia.ExprGraph) *gorgonia.ExprGraph {
	if len(idle) == 0 {
		return g
	}
	return g.Subgraph(idle.rest(g)...)
}
