package graph

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// NewInput adds an input node for data, without a value, to g. The machine gives
// it memory that may be written to before each run, unless gorgonia.Let binds a
// value of its own: what Run reads is the node's Value.
//
// It panics if g has an input or a weight of this name already, or a size is not
// positive; Build makes an error of that.
func NewInput(g *gorgonia.ExprGraph, dt tensor.Dtype, name string, shape ...int) *gorgonia.Node {
	checkName(g, name)
	if dt.Type == nil {
		refuse("input %q has no element type: name one, such as tensor.Float32", name)
	}
	if slices.ContainsFunc(shape, func(size int) bool { return size < 1 }) {
		refuse("input %q cannot have the shape %v: each size must be 1 or more", name, shape)
	}
	return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

// NewParam adds an input node for weights to g; graphs that are given the same
// tensor share its memory, which must lie row by row: a transposed tensor, one in
// column-major order or a slice of columns must be copied first, by Materialize
// or Clone, or Ready and Run refuse it.
//
// It panics if g has an input or a weight of this name already; Build makes an
// error of that.
func NewParam(g *gorgonia.ExprGraph, name string, value *tensor.Dense) *gorgonia.Node {
	checkName(g, name)
	if value == nil {
		refuse("weight %q has no value: use NewInput for a node without one", name)
	}
	return gorgonia.NewTensor(g, value.Dtype(), value.Dims(),
		gorgonia.WithShape(value.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(value))
}

// checkName refuses a second input of a name: Gorgonia would take it for the first.
func checkName(g *gorgonia.ExprGraph, name string) {
	if g == nil {
		refuse("input %q is for no graph: it is nil", name)
	}
	if name == "" {
		refuse("an input needs a name: Gorgonia tells inputs apart by it")
	}
	if slices.ContainsFunc(g.ByName(name), (*gorgonia.Node).IsVar) {
		refuse("there are two inputs or weights named %q: give each its own name", name)
	}
}

// leaf is a node that gorgonia.Let can bind a value to, and what it must be.
type leaf struct {
	node  *gorgonia.Node
	shape tensor.Shape
	dtype tensor.Dtype
	bound gorgonia.Value // what has been bound to it when last looked at
}

// check refuses a value that an op would read wrong.
func (l *leaf) check(v gorgonia.Value) error {
	if v == nil {
		return fmt.Errorf("graph: %s has no value: bind one with gorgonia.Let", l.node.Name())
	}
	if dt := v.Dtype(); dt != l.dtype {
		return fmt.Errorf("graph: %s has a value of element type %v, wants %v", l.node.Name(), dt, l.dtype)
	}
	if shape := v.Shape(); !slices.Equal(shape, l.shape) {
		return fmt.Errorf("graph: %s has a value of shape %v, wants %v", l.node.Name(), shape, l.shape)
	}
	if t, ok := v.(tensor.Tensor); ok && !rowMajor(t) {
		return fmt.Errorf("graph: %s has a value that does not lie in memory row by row (%s)", l.node.Name(), howToCopy)
	}
	return nil
}

const howToCopy = "transposed, column-major or a slice of columns: bind a copy in order, such as tensor.New(...) with its rows one after the other"

// rowMajor says whether a tensor's elements lie in memory row by row, without gaps.
func rowMajor(t tensor.Tensor) bool {
	next := 1
	shape, strides := t.Shape(), t.Strides()
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 && (i >= len(strides) || strides[i] != next) {
			return false
		}
		next *= shape[i]
	}
	return t.DataSize() == next || len(shape) == 0
}

// valueFor is memory for an input that has no value.
func valueFor(n *gorgonia.Node, a *Arena) (gorgonia.Value, error) {
	switch dt := n.Dtype(); {
	case dt != tensor.Float32 && dt != tensor.Float64 && dt != tensor.Int:
		return nil, fmt.Errorf("its element type is %v; there is memory for float32, float64 and int: bind a value with gorgonia.Let before the first run", dt)
	case n.IsScalar():
		return scalar(dt), nil
	case n.Shape().TotalSize() == 0:
		return nil, errors.New("it has no elements")
	default:
		return a.Tensor(dt, n.Shape()), nil
	}
}

// scalar is memory for one number.
func scalar(dt tensor.Dtype) gorgonia.Value {
	switch dt {
	case tensor.Float32:
		return gorgonia.NewF32(0)
	case tensor.Float64:
		return gorgonia.NewF64(0)
	}
	return gorgonia.NewI(0)
}
