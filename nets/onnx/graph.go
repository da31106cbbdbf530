package onnx

import (
	"fmt"
	"slices"
	"strings"

	"stheno/nets"
)

// Layer is a layer of one's own that writes itself.
type Layer interface {
	nets.Layer

	// ONNX adds the nodes that compute in prediction what the layer's Build computes.
	// What is asked of g wrongly is refused when ONNX returns.
	//
	// A layer that is made of layers alone needs no ONNX: they are written one after
	// the other. One that has mathematics beside theirs writes them by Graph.Part.
	ONNX(g *Graph) error
}

// Graph is what a layer writes itself into: nodes of opset 13, and the weights that
// they read. All values have a batch of any size as their first axis.
type Graph struct {
	file  *file
	part  nets.Part
	in    flow // the first of ins
	ins   []flow
	asked []Layout // of Input
	out   *flow    // nil until Output
	err   error    // the first thing that was asked wrongly
}

// Value is the name of a value in the file. The empty one is an optional input that a
// node is not given.
type Value string

// Tensor are numbers of a shape, the last axis varying fastest.
type Tensor struct {
	Shape  []int
	Values []float32
}

// In is the shape of what the layer's Build is given, without the batch: (H,W,C) or
// (I).
func (g *Graph) In() []int { return slices.Clone(g.in.shape) }

// Out is the shape of what the layer's Build gives, without the batch.
func (g *Graph) Out() []int { return shape(g.part.Out) }

// Input is what the layer is given, in a layout, for which it is transposed or
// flattened where it must be.
func (g *Graph) Input(layout Layout) Value {
	g.asked = append(g.asked, layout)
	return g.file.convert(g.in, layout).value
}

// Inputs are all that the layer is given: of a [nets.Merge] several values, each in
// the layout. For Any they are brought into one, where they differ.
func (g *Graph) Inputs(layout Layout) (values []Value) {
	g.asked = append(g.asked, layout)
	if layout == Any {
		layout = g.common()
		for i, in := range g.ins {
			g.ins[i] = g.file.convert(in, layout)
		}
		g.in = g.ins[0]
	}
	for _, in := range g.ins {
		values = append(values, g.file.convert(in, layout).value)
	}
	return values
}

// common is a layout for all inputs: their own, if it is one.
func (g *Graph) common() Layout {
	one, first := true, false
	for _, in := range g.ins {
		one = one && in.first == g.in.first && slices.Equal(in.dims, g.in.dims) && slices.Equal(in.shape, g.in.shape)
		first = first || in.first
	}
	switch {
	case one:
		return Any
	case len(g.in.shape) == 1:
		return Rows
	case first:
		return ChannelsFirst
	}
	return ChannelsLast
}

// Weight is one of the layer's weights as it is, under the name by which Build has
// asked for it, such as "kernel".
func (g *Graph) Weight(name string) Value {
	if full := g.part.Name + "." + name; g.file.written[full] {
		return Value(full)
	}
	t, err := g.Values(name)
	if err != nil {
		g.fail("%w", err)
		return ""
	}
	return g.Constant(name, t)
}

// Values are those of one of the layer's weights: to be put in another order, and
// given to Constant under the same name. They are not to be changed where they are.
func (g *Graph) Values(name string) (Tensor, error) {
	w := g.file.weight(g.part.Name + "." + name)
	if w == nil {
		return Tensor{}, fmt.Errorf("it has no weight %q", name)
	}
	values, err := narrow(*w)
	return Tensor{slices.Clone([]int(w.Value.Shape())), values}, err
}

// Constant adds numbers to the file, as a weight if the layer has one of this name.
func (g *Graph) Constant(name string, t Tensor) Value {
	n := 1
	for _, size := range t.Shape {
		n *= size
	}
	if n != len(t.Values) {
		g.fail("%q of shape %v has %d values", name, t.Shape, len(t.Values))
		return ""
	}
	full, ok := g.constant(name)
	if ok {
		g.file.tensors = append(g.file.tensors, floats(full, t))
	}
	return Value(full)
}

// Integers adds whole numbers of 64 bits to the file, as the op Reshape wants a
// shape.
func (g *Graph) Integers(name string, values ...int) Value {
	full, ok := g.constant(name)
	if ok {
		g.file.tensors = append(g.file.tensors, integers(full, values))
	}
	return Value(full)
}

// constant finds a constant's name in the file: a weight's own, or a new one. A weight
// is written once.
func (g *Graph) constant(name string) (full string, ok bool) {
	full = g.part.Name + "." + name
	if g.file.weight(full) == nil {
		return g.file.name(full), g.err == nil
	}
	if g.file.written[full] {
		g.fail("it writes the weight %q twice", name)
		return full, false
	}
	g.file.written[full] = true
	return full, g.err == nil
}

// Node adds a node and returns its output. The first node of a layer has the layer's
// name, a further one its op's behind it.
func (g *Graph) Node(op string, inputs []Value, attributes ...Attribute) Value {
	return g.Nodes(op, 1, inputs, attributes...)[0]
}

// Nodes adds a node of so many outputs, at least one.
func (g *Graph) Nodes(op string, outputs int, inputs []Value, attributes ...Attribute) []Value {
	name := g.part.Name
	if g.file.taken[name] {
		name += "." + strings.ToLower(op)
	}
	n := node{op: op, name: g.file.name(name), inputs: slices.Clone(inputs), attributes: attributes}
	n.outputs = []Value{Value(n.name)}
	for i := 1; i < outputs; i++ {
		n.outputs = append(n.outputs, Value(g.file.name(fmt.Sprintf("%s.%d", n.name, i))))
	}
	g.file.nodes = append(g.file.nodes, n)
	return slices.Clone(n.outputs)
}

// Part writes a layer that Build has built within this one, under the name that it has
// there ("dense" for the first Dense that was given none): after x, which is in a
// layout. It returns the layer's output in another one.
func (g *Graph) Part(name string, x Value, in, out Layout) Value {
	for _, p := range g.part.Parts {
		if p.Name != g.part.Name+"."+name {
			continue
		}
		given, err := flowing(x, in, shape(p.In))
		if err != nil {
			g.fail("what it gives the layer %q in it: %w", name, err)
			return ""
		}
		gives, err := g.file.layer(p, []flow{given})
		if err != nil {
			g.fail("%w", err)
			return ""
		}
		return g.file.convert(gives, out).value
	}
	g.fail("it has no layer %q in it", name)
	return ""
}

// Output says which value the layer gives, and in which layout that is. Its shape is
// that of what Build gives.
func (g *Graph) Output(v Value, layout Layout) {
	if g.out != nil {
		g.fail("it gives an output twice")
		return
	}
	if layout == Any {
		g.through(v)
		return
	}
	out, err := flowing(v, layout, shape(g.part.Out))
	if err != nil {
		g.fail("its output: %w", err)
		return
	}
	g.out = &out
}

// through gives a value that is laid out as the input is.
func (g *Graph) through(v Value) {
	switch {
	case slices.ContainsFunc(g.asked, func(l Layout) bool { return l != Any }):
		g.fail("its output: Any is the layout of an Input of Any alone")
	case !slices.Equal(g.in.shape, shape(g.part.Out)):
		g.fail("its output: Any is a layout of the input's shape, which is %v, not %v", g.in.shape, shape(g.part.Out))
	default:
		out := g.in
		out.value = v
		g.out = &out
	}
}

func (g *Graph) fail(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf(format, args...)
	}
}
