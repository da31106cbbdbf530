package graph

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"gorgonia.org/gorgonia"
)

// Machine runs one graph, batch after batch. It is used by one goroutine at a
// time. A graph of our ops alone runs on a tape; one with stock nodes among
// them on Gorgonia's TapeMachine, which this file is the only one to know.
type Machine struct {
	expr   *gorgonia.ExprGraph
	vm     gorgonia.VM
	tape   *tape          // the vm, if it is one
	nodes  int            // of the graph, as it was compiled
	inputs gorgonia.Nodes // without a value of their own
	leaves []leaf         // all that gorgonia.Let can bind a value to, and constants
	calls  []*call
	ready  bool

	running atomic.Bool
}

// compile makes the machine of a graph. One with stock nodes gets Gorgonia's
// machine, which sets the mode of every op as it is made: it is asked for the one
// that loses nothing, and then each op gets its own.
func compile(g *gorgonia.ExprGraph, phase Phase) (*Machine, error) {
	if err := ownAll(g); err != nil {
		return nil, err
	}
	idle := idleOf(g)
	ours := onlyOurs(idle.rest(g))
	if !ours {
		if err := keepValues(g, idle); err != nil {
			return nil, err
		}
	}
	if err := checkIdentities(g); err != nil {
		return nil, err
	}
	modes, err := modesOf(g, phase)
	if err != nil {
		return nil, err
	}
	m := &Machine{expr: g}
	if ours {
		m.tape = &tape{sums: make(map[*gorgonia.Node]*call), idle: idle}
		m.vm = m.tape
	} else {
		m.vm = gorgonia.NewTapeMachine(idle.busy(g), gorgonia.EvalMode())
	}
	for _, mode := range modes {
		if err := mode.set(); err != nil {
			return nil, err
		}
	}
	if err := checkStock(g); err != nil {
		return nil, err
	}
	m.collect(idle)
	return m, nil
}

// collect lists what the machine has memory for and what it looks at before each run.
func (m *Machine) collect(idle idleNodes) {
	m.nodes = len(m.expr.AllNodes())
	for _, n := range idle.rest(m.expr) {
		if isLeaf(n) {
			m.leaves = append(m.leaves, leaf{node: n, shape: n.Shape(), dtype: n.Dtype()})
			if n.Value() == nil {
				m.inputs = append(m.inputs, n)
			}
		}
		if a, ok := n.Op().(*adapter); ok && a.isFirst() {
			m.calls = append(m.calls, a.call)
		} else if m.tape != nil && isSum(n) {
			m.tape.sums[n] = newSum(n)
			m.calls = append(m.calls, m.tape.sums[n])
		}
	}
}

// checkIdentities refuses a graph in which two nodes have one 32-bit hash:
// Gorgonia's compiler would take them for the same node and drop one.
func checkIdentities(g *gorgonia.ExprGraph) error {
	seen := make(map[uint32]*gorgonia.Node)
	for _, n := range g.AllNodes() {
		if other, ok := seen[n.Hashcode()]; ok {
			return fmt.Errorf("graph: nodes %v and %v have the same hash; rename an input", other, n)
		}
		seen[n.Hashcode()] = n
	}
	return nil
}

// Graph is the symbolic expression graph that the machine runs.
func (m *Machine) Graph() *gorgonia.ExprGraph { return m.expr }

// Bytes is how much memory Ready takes: for inputs, the results of fused ops
// and their gradients. It grows in proportion to the batch, and knows nothing
// of what stock nodes allocate as they run.
func (m *Machine) Bytes() int {
	total := 0
	for _, n := range m.inputs {
		total += inputBytes(n)
	}
	for _, c := range m.calls {
		total += c.bytes()
	}
	return total
}

func inputBytes(n *gorgonia.Node) int {
	if n.IsScalar() {
		return 0 // it has its own
	}
	return aligned(n.Shape().TotalSize() * int(n.Dtype().Size()))
}

// Ready takes the machine's memory, once; the input nodes have values from
// then on, to be written to before each Run. Those that gorgonia.Let has bound
// before keep theirs. It refuses values that the graph cannot read, as Run does.
func (m *Machine) Ready() error {
	if m.expr == nil {
		return errors.New("graph: the machine has no graph: Build makes one")
	}
	if !m.ready {
		if err := m.allocate(); err != nil {
			return err
		}
		m.ready = true
	}
	return m.heed()
}

func (m *Machine) allocate() error {
	m.inputs = slices.DeleteFunc(m.inputs, func(n *gorgonia.Node) bool { return n.Value() != nil })
	arena := newArena(m.Bytes())
	for _, n := range m.inputs {
		v, err := valueFor(n, arena)
		if err == nil {
			err = gorgonia.Let(n, v)
		}
		if err != nil {
			return fmt.Errorf("graph: input %s: %w", n.Name(), err)
		}
	}
	for _, c := range m.calls {
		c.allocate(arena)
	}
	return nil
}

// heed looks at what gorgonia.Let has bound to the leaves since the last run, and
// at how it lies in memory. It costs some nanoseconds a leaf, and nothing an element.
func (m *Machine) heed() error {
	if n := len(m.expr.AllNodes()); n != m.nodes {
		return fmt.Errorf("graph: the graph has %d nodes, and had %d when it was compiled: add all of them inside Build's function", n, m.nodes)
	}
	moved := false
	for i := range m.leaves {
		l := &m.leaves[i]
		v := l.node.Value()
		if err := l.check(v); err != nil {
			return err
		}
		if v != l.bound {
			l.bound, moved = v, true
		}
	}
	if m.tape == nil || !moved && m.tape.bound {
		return nil
	}
	return m.tape.bind(m.expr)
}

// Run computes every node of the graph once, from the values that its inputs and
// weights have now: gorgonia.Let works before the first run and between runs.
// It refuses a value of another shape or element type than the node's, and one
// that does not lie in memory row by row, such as a transposed tensor.
func (m *Machine) Run() error { return m.run(nil) }

// RunFor is Run of no more than what the values of some nodes need; on Gorgonia's own
// machine, of all.
func (m *Machine) RunFor(nodes ...*gorgonia.Node) error {
	needed := make(map[*gorgonia.Node]bool)
	for _, n := range nodes {
		need(n, needed)
	}
	return m.run(needed)
}

// run computes the nodes that are needed; nil are all.
func (m *Machine) run(needed map[*gorgonia.Node]bool) error {
	if !m.running.CompareAndSwap(false, true) {
		return errors.New("graph: the machine is running already: one goroutine at a time may use it")
	}
	defer m.running.Store(false)
	if err := m.Ready(); err != nil {
		return err
	}
	defer m.vm.Reset()
	if m.tape != nil && needed != nil {
		return m.tape.runFor(needed)
	}
	return m.vm.RunAll()
}

// Watch has see called as each run begins, with nil, and after each of its ops,
// which is where a profile can look at its clock. A nil see ends that. It returns
// false for a graph with stock nodes, which nobody watches.
func (m *Machine) Watch(see func(Op)) bool {
	if m.tape != nil {
		m.tape.watch = see
	}
	return m.tape != nil
}

// Close ends the machine.
func (m *Machine) Close() error { return m.vm.Close() }
