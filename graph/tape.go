package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// tape runs a graph of this package's ops alone, in the order in which Gorgonia
// compiles it. Where Gorgonia's own machine looks up, checks and allocates anew
// at each run, this one binds every value once: a step costs no allocation and
// some nanoseconds a node.
type tape struct {
	sums  map[*gorgonia.Node]*call // of the nodes that add up gradients
	idle  idleNodes
	steps []step
	calls []boundCall
	bound bool
	watch func(Op) // nil unless somebody profiles
}

// step is a node and the output of a call that is its value.
type step struct {
	node   *gorgonia.Node
	call   *call
	output int
}

// boundCall is a call, the node that stands for it, and the values that it reads.
type boundCall struct {
	call *call
	node *gorgonia.Node
	in   []gorgonia.Value
}

// onlyOurs says whether nodes are nothing but inputs, constants, our ops and sums
// of their gradients.
func onlyOurs(nodes gorgonia.Nodes) bool {
	for _, n := range nodes {
		if _, ours := n.Op().(*adapter); !ours && !isLeaf(n) && !isSum(n) {
			return false
		}
	}
	return true
}

// isLeaf says whether a node has a value without an op.
func isLeaf(n *gorgonia.Node) bool { return n.IsVar() || n.Value() != nil && len(childrenOf(n)) == 0 }

func childrenOf(n *gorgonia.Node) (children gorgonia.Nodes) {
	for it := n.Graph().From(n.ID()); it.Next(); {
		children = append(children, it.Node().(*gorgonia.Node))
	}
	return children
}

// bind gives every node the value that its op will write to, and every call those
// that it reads. The memory of all calls has been taken. It is done again when a
// leaf has got another value.
func (t *tape) bind(g *gorgonia.ExprGraph) error {
	t.bound = false
	if t.steps == nil {
		if err := t.order(g); err != nil {
			return err
		}
	}
	next := 0
	for _, s := range t.steps {
		if s.output == s.call.first {
			if err := t.calls[next].bind(); err != nil {
				return err
			}
			next++
		}
		if out := s.call.out[s.output]; s.node.Value() != out {
			if err := gorgonia.UnsafeLet(s.node, out); err != nil {
				return fmt.Errorf("graph: node %v: %w", s.node, err)
			}
		}
	}
	t.bound = true
	return nil
}

// order lists what is to be done, as Gorgonia sorts it.
func (t *tape) order(g *gorgonia.ExprGraph) error {
	order, err := gorgonia.Sort(g)
	if err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	for i := range order {
		n := order[len(order)-1-i] // Sort begins at the end
		s := step{node: n, call: t.sums[n]}
		if a, ok := n.Op().(*adapter); ok {
			s.call, s.output = a.call, a.output
		}
		if s.call == nil || t.idle[n] {
			continue
		}
		t.steps = append(t.steps, s)
		if s.output == s.call.first {
			t.calls = append(t.calls, boundCall{call: s.call, node: n})
		}
	}
	return nil
}

// bind looks up what the call reads: its inputs have their values.
func (b *boundCall) bind() error {
	b.in = b.in[:0]
	for _, in := range b.call.in {
		if in.Value() == nil {
			return fmt.Errorf("graph: %s reads %v, which has no value", b.call.op, in)
		}
		b.in = append(b.in, in.Value())
	}
	b.call.see(b.in[0])
	return nil
}

// RunAll runs every call once.
func (t *tape) RunAll() error { return t.runFor(nil) }

// runFor runs the calls of nodes that are needed once; nil are all.
func (t *tape) runFor(needed map[*gorgonia.Node]bool) error {
	t.seen(nil)
	for _, b := range t.calls {
		if needed != nil && !needed[b.node] {
			continue
		}
		if err := b.call.run(b.in); err != nil {
			return err
		}
		t.seen(b.call.op)
	}
	return nil
}

func (t *tape) seen(op Op) {
	if t.watch != nil {
		t.watch(op)
	}
}

// Reset has nothing to do: values stay bound.
func (t *tape) Reset() {}

// Close has nothing to do.
func (t *tape) Close() error { return nil }
