package graph

import (
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// building serialises the building of graphs: Gorgonia shares constants
// between all graphs of a process.
var building sync.Mutex

// Machine runs one graph, batch after batch. It is used by one goroutine at a
// time. A graph of our ops alone runs on a tape; one with stock nodes among
// them on Gorgonia's TapeMachine, which this file is the only one to know.
type Machine struct {
	expr   *gorgonia.ExprGraph
	vm     gorgonia.VM
	tape   *tape          // the vm, if it is one
	inputs gorgonia.Nodes // without a value of their own
	calls  []*call
	ready  bool
}

// Build makes a graph with the given function and compiles it. Input nodes
// that the function leaves without a value get memory of the machine's. No
// memory of a batch's size is taken before the first Run or Ready.
func Build(build func(g *gorgonia.ExprGraph) error) (m *Machine, err error) {
	if err := kernel.EnvironmentError(); err != nil {
		return nil, err
	}
	building.Lock()
	defer building.Unlock()
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("graph: cannot be compiled: %v", r)
		}
	}()
	g := gorgonia.NewGraph()
	if err := build(g); err != nil {
		return nil, err
	}
	if err := checkIdentities(g); err != nil {
		return nil, err
	}
	m = &Machine{expr: g}
	if onlyOurs(g) {
		m.tape = &tape{sums: make(map[*gorgonia.Node]*call)}
		m.vm = m.tape
	} else {
		m.vm = gorgonia.NewTapeMachine(g)
	}
	for _, n := range g.AllNodes() {
		if n.IsVar() && n.Value() == nil {
			m.inputs = append(m.inputs, n)
		}
		if a, ok := n.Op().(*adapter); ok && a.isFirst() {
			m.calls = append(m.calls, a.call)
		} else if m.tape != nil && isSum(n) {
			m.tape.sums[n] = newSum(n)
			m.calls = append(m.calls, m.tape.sums[n])
		}
	}
	return m, nil
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
	return aligned(n.Shape().TotalSize() * int(n.Dtype().Size()))
}

// Ready takes the machine's memory, once; the input nodes have values from
// then on, to be written to before each Run.
func (m *Machine) Ready() error {
	if m.ready {
		return nil
	}
	arena := newArena(m.Bytes())
	for _, n := range m.inputs {
		if err := gorgonia.Let(n, arena.Tensor(n.Dtype(), n.Shape())); err != nil {
			return fmt.Errorf("graph: input %s: %w", n.Name(), err)
		}
	}
	for _, c := range m.calls {
		c.allocate(arena)
	}
	if m.tape != nil {
		if err := m.tape.bind(m.expr); err != nil {
			return err
		}
	}
	m.ready = true
	return nil
}

// Run computes every node of the graph once.
func (m *Machine) Run() error {
	if err := m.Ready(); err != nil {
		return err
	}
	defer m.vm.Reset()
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

// NewInput adds an input node for data, without a value, to g.
func NewInput(g *gorgonia.ExprGraph, dt tensor.Dtype, name string, shape ...int) *gorgonia.Node {
	return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

// NewParam adds an input node for weights to g; graphs that are given the same
// tensor share its memory.
func NewParam(g *gorgonia.ExprGraph, name string, value *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewTensor(g, value.Dtype(), value.Dims(),
		gorgonia.WithShape(value.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(value))
}
