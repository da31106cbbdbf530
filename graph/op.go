package graph

import (
	"cmp"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"runtime/debug"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Op is an operation: what an author of one writes, and all of it. Package
// optest checks an Op against this contract.
type Op interface {
	// String names the op with every setting it has. It is the op's identity:
	// ops that differ in a setting must differ in their String.
	String() string

	// Shape returns the shapes of the op's outputs for inputs of these shapes,
	// or says what is wrong with them; it is the only place that can refuse.
	// The first output is the op's node. Others are handed out by Output, or
	// are memory that the op keeps for its own use; nil stands for an output
	// that is not wanted.
	Shape(in ...tensor.Shape) ([]tensor.Shape, error)

	// Run computes the outputs from the inputs. The outputs' memory is the
	// op's own and keeps its content from run to run; inputs are read only.
	Run(out, in []gorgonia.Value) error

	// Grad adds nodes for the gradient of each input, given the op's node out
	// and the gradient dout that reaches it. An input whose gradient is not
	// wanted gets nil.
	Grad(in gorgonia.Nodes, out, dout *gorgonia.Node, wants []bool) (gorgonia.Nodes, error)
}

// typed is an Op that has no input of the type of its outputs to go by.
type typed interface{ Dtype() tensor.Dtype }

// view is an Op whose output is its input's memory, seen in another way.
type view interface {
	See(in gorgonia.Value) gorgonia.Value
}

// Apply adds op to the graph of its inputs and returns the node of its first
// output. The first input that is not of type int gives the outputs' type.
func Apply(op Op, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	c := &call{op: op, in: in, wants: make([]bool, len(in))}
	shapes := make([]tensor.Shape, len(in))
	for i, n := range in {
		shapes[i] = n.Shape()
		c.wants[i] = n.Dtype() != tensor.Int
		if c.wants[i] && c.dtype.Type == nil {
			c.dtype = n.Dtype()
		}
	}
	if t, ok := op.(typed); ok {
		c.dtype = t.Dtype()
	}
	var err error
	if c.shapes, err = op.Shape(shapes...); err != nil {
		return nil, fmt.Errorf("graph: %s: %w", op, err)
	}
	if err := cmp.Or(filled("input", shapes), filled("output", c.shapes)); err != nil {
		return nil, fmt.Errorf("graph: %s: %w", op, err)
	}
	c.id = len(in[0].Graph().AllNodes())
	for c.shapes[c.first] == nil {
		c.first++
	}
	return gorgonia.ApplyOp(&adapter{c, c.first}, in...)
}

// filled refuses shapes without elements, for which there is no memory. Those of
// outputs that are not wanted are nil.
func filled(what string, shapes []tensor.Shape) error {
	for i, shape := range shapes {
		if shape != nil && shape.TotalSize() == 0 {
			return fmt.Errorf("%s %d has the shape %v, and so no elements", what, i, shape)
		}
	}
	return nil
}

// Output returns the node of another output of the op that made n.
func Output(n *gorgonia.Node, output int) (*gorgonia.Node, error) {
	a, ok := n.Op().(*adapter)
	if !ok || output >= len(a.call.shapes) || a.call.shapes[output] == nil {
		return nil, fmt.Errorf("graph: node %v has no output %d", n, output)
	}
	if output == a.output {
		return n, nil
	}
	return gorgonia.ApplyOp(&adapter{a.call, output}, n)
}

// Of returns the Op behind a node, or nil if it is not one of this package's.
func Of(n *gorgonia.Node) Op {
	if a, ok := n.Op().(*adapter); ok {
		return a.call.op
	}
	return nil
}

// First returns the node of the first output of the op that made n: n itself,
// unless Output has made it.
func First(n *gorgonia.Node) *gorgonia.Node {
	if a, ok := n.Op().(*adapter); ok && !a.isFirst() {
		return First(childrenOf(n)[0])
	}
	return n
}

// applyGradient applies a gradient op and returns a node for each of its first
// outputs, nil where Shape said nil.
func applyGradient(op Op, outputs int, in ...*gorgonia.Node) (gorgonia.Nodes, error) {
	n, err := Apply(op, in...)
	if err != nil {
		return nil, err
	}
	nodes := make(gorgonia.Nodes, outputs)
	for i, shape := range n.Op().(*adapter).call.shapes[:outputs] {
		if shape == nil {
			continue
		}
		if nodes[i], err = Output(n, i); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// call is one application of an op: its inputs and the memory of its outputs.
type call struct {
	op     Op
	id     int // how many nodes the graph had before: no two calls of a graph are equal
	in     gorgonia.Nodes
	wants  []bool // whether each input's gradient is wanted
	dtype  tensor.Dtype
	shapes []tensor.Shape
	first  int // the first output that is wanted, and so the call's own node
	out    []gorgonia.Value
	seen   gorgonia.Value // what a view's output is a view of
}

// run runs the op, and turns a panic into an error: Gorgonia runs ops on a
// goroutine of its own, where a panic would end the process.
func (c *call) run(in []gorgonia.Value) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("graph: %s: %v\n%s", c.op, r, debug.Stack())
		}
	}()
	if c.out == nil {
		c.allocate(newArena(c.bytes()))
	}
	c.see(in[0])
	return c.op.Run(c.out, in)
}

// see makes a view's output, anew only if its input has moved.
func (c *call) see(in gorgonia.Value) {
	if v, ok := c.op.(view); ok && c.seen != in {
		c.seen, c.out[0] = in, v.See(in)
	}
}

// adapter is one output of a call, in the words of gorgonia.Op and SDOp. The
// first output's adapter runs the op; the others are children of it, which
// orders them, and hand out what it computed.
type adapter struct {
	call   *call
	output int
}

var _ gorgonia.SDOp = (*adapter)(nil)

func (a *adapter) isFirst() bool { return a.output == a.call.first }

// Arity is the number of inputs.
func (a *adapter) Arity() int {
	if a.isFirst() {
		return len(a.call.in)
	}
	return 1
}

// Type is built anew at each call, as Gorgonia recycles what it is given.
func (a *adapter) Type() hm.Type {
	var types []hm.Type
	if a.isFirst() {
		for _, n := range a.call.in {
			types = append(types, typeOf(n.Dtype(), n.Dims()))
		}
	} else {
		types = append(types, typeOf(a.call.dtype, len(a.call.shapes[a.call.first])))
	}
	return hm.NewFnType(append(types, typeOf(a.call.dtype, len(a.call.shapes[a.output])))...)
}

func typeOf(dt tensor.Dtype, dims int) hm.Type {
	if dims == 0 {
		return dt
	}
	return gorgonia.TensorType{Dims: dims, Of: dt}
}

// InferShape returns the shape that Apply found.
func (a *adapter) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return a.call.shapes[a.output].Clone(), nil
}

// Do runs the op, or hands out what it has computed.
func (a *adapter) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if a.isFirst() {
		if err := a.call.run(in); err != nil {
			return nil, err
		}
	}
	return a.call.out[a.output], nil
}

// DiffWRT says for which inputs SymDiff returns a gradient.
func (a *adapter) DiffWRT(int) []bool {
	if a.isFirst() {
		return a.call.wants
	}
	return []bool{false}
}

// SymDiff adds the op's gradient to the graph.
func (a *adapter) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return a.call.op.Grad(in, out, grad, a.call.wants)
}

func (a *adapter) ReturnsPtr() bool     { return true }  // the op owns what it returns
func (a *adapter) CallsExtern() bool    { return false } // no cgo
func (a *adapter) OverwritesInput() int { return -1 }    // none

// WriteHash writes the identity of this output of this call.
func (a *adapter) WriteHash(h hash.Hash) { io.WriteString(h, a.String()) }

// Hashcode is the 32-bit identity that Gorgonia merges nodes by.
func (a *adapter) Hashcode() uint32 {
	h := fnv.New32a()
	a.WriteHash(h)
	return h.Sum32()
}

func (a *adapter) String() string {
	return fmt.Sprintf("%s#%d.%d", a.call.op, a.call.id, a.output)
}
