package graph

import (
	"errors"
	"fmt"
	"slices"

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
	// or says what is wrong with them; with Accepts, which an Op may have, it is
	// the only place that can refuse.
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

// accepting is an Op that says how many inputs it takes, and of which element
// types: all of this package's are.
type accepting interface {
	Accepts(in []tensor.Dtype) error
}

// view is an Op whose output is its input's memory, seen in another way.
type view interface {
	See(in gorgonia.Value) gorgonia.Value
}

// Apply adds op to the graph of its inputs and returns the node of its first
// output. The first input that is not of type int gives the outputs' type. It
// refuses inputs that op does not take: their number, graph, element types or shapes.
func Apply(op Op, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	c, err := callOf(op, in)
	if err != nil {
		return nil, err
	}
	return gorgonia.ApplyOp(&adapter{c, c.first}, in...)
}

// callOf is the application of op to inputs, or says why there is none. It is in
// no graph yet.
func callOf(op Op, in gorgonia.Nodes) (*call, error) {
	if op == nil {
		return nil, errors.New("graph: Apply: there is no op: it is nil")
	}
	g, err := graphOf(in)
	if err != nil {
		return nil, fmt.Errorf("graph: %s: %w", op, err)
	}
	c := &call{op: op, in: in, wants: make([]bool, len(in)), id: len(g.AllNodes())}
	if err := c.settle(); err != nil {
		return nil, fmt.Errorf("graph: %s: %w", op, err)
	}
	return c, nil
}

// graphOf is the one graph of all inputs. Constants are in none until they are read.
func graphOf(in gorgonia.Nodes) (g *gorgonia.ExprGraph, err error) {
	for i, n := range in {
		switch {
		case n == nil:
			return nil, fmt.Errorf("input %d is nil: did the function that made it return an error?", i)
		case n.Graph() == nil:
		case g == nil:
			g = n.Graph()
		case n.Graph() != g:
			return nil, fmt.Errorf("input %d (%s) is a node of another graph than input 0's", i, n.Name())
		}
	}
	if g == nil {
		return nil, errors.New("no input is a node of a graph")
	}
	return g, nil
}

// settle finds the outputs' type and shapes, or says why there are none.
func (c *call) settle() error {
	types, shapes := make([]tensor.Dtype, len(c.in)), make([]tensor.Shape, len(c.in))
	for i, n := range c.in {
		types[i], shapes[i] = n.Dtype(), n.Shape()
		c.wants[i] = isFloat(types[i])
		if c.dtype.Type == nil && types[i] != tensor.Int {
			c.dtype = types[i]
		}
	}
	if a, ok := c.op.(accepting); ok {
		if err := a.Accepts(types); err != nil {
			return err
		}
	}
	if t, ok := c.op.(typed); ok {
		c.dtype = t.Dtype()
	}
	if c.dtype != tensor.Int && !isFloat(c.dtype) {
		return fmt.Errorf("its outputs would have the element type %v, must be float32, float64 or int", c.dtype)
	}
	if err := filled("input", shapes); err != nil {
		return err
	}
	if err := c.shape(shapes); err != nil {
		return err
	}
	c.first = slices.IndexFunc(c.shapes, func(s tensor.Shape) bool { return s != nil })
	if c.first < 0 {
		return errors.New("it has no output")
	}
	return filled("output", c.shapes)
}

// shape asks the op for its outputs' shapes. A Shape that counts on inputs that it
// has not got panics.
func (c *call) shape(in []tensor.Shape) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it does not take %d inputs of the shapes %v: %v", len(in), in, r)
		}
	}()
	c.shapes, err = c.op.Shape(in...)
	return err
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
	if n == nil {
		return nil, errors.New("graph: Output: the node is nil")
	}
	a, ok := n.Op().(*adapter)
	if !ok || output < 0 || output >= len(a.call.shapes) || a.call.shapes[output] == nil {
		return nil, fmt.Errorf("graph: node %v has no output %d", n, output)
	}
	if output == a.output {
		return n, nil
	}
	return gorgonia.ApplyOp(&adapter{a.call, output}, n)
}

// Of returns the Op behind a node, or nil if it is not one of this package's.
func Of(n *gorgonia.Node) Op {
	if n == nil {
		return nil
	}
	if a, ok := n.Op().(*adapter); ok {
		return a.call.op
	}
	return nil
}

// First returns the node of the first output of the op that made n: n itself,
// unless Output has made it.
func First(n *gorgonia.Node) *gorgonia.Node {
	if n == nil {
		return nil
	}
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
			err = fmt.Errorf("graph: %s panicked%s: %v", c.op, panicked(), r)
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
