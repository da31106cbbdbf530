package graph

import (
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"slices"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// adapter is one output of a call, in the words of gorgonia.Op and SDOp. The
// first output's adapter runs the op; the others are children of it, which
// orders them, and hand out what it computed.
type adapter struct {
	call   *call
	output int
}

var (
	_ gorgonia.SDOp = (*adapter)(nil)
	_ gorgonia.ADOp = (*adapter)(nil)
)

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
			dims := n.Dims()
			if t, ok := n.Type().(gorgonia.TensorType); ok {
				dims = t.Dims // Gorgonia's vectors may have the shape of a column
			}
			types = append(types, typeOf(n.Dtype(), dims))
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

// Do runs the op, or hands out what it has computed. A stock op, such as a slice
// of columns, may leave a tensor that does not lie row by row: the op reads a copy.
func (a *adapter) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if a.isFirst() {
		in = slices.Clone(in)
		for i, v := range in {
			if t, ok := v.(*tensor.Dense); ok && !rowMajor(t) {
				in[i] = inOrder(t)
			}
		}
		if err := a.call.run(in); err != nil {
			return nil, err
		}
	}
	return a.call.out[a.output], nil
}

// DiffWRT says for which inputs SymDiff returns a gradient, or refuses to: that
// of the first output is the only one there is.
func (a *adapter) DiffWRT(int) []bool {
	if a.isFirst() {
		return a.call.wants
	}
	return []bool{true}
}

// SymDiff adds the op's gradient to the graph. Gorgonia comes by each node once,
// before what the node reads: an input that has its gradient is another loss's.
func (a *adapter) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if !a.isFirst() {
		return nil, fmt.Errorf("graph: %s: output %d has no gradient; the loss must depend on the first output alone", a.call.op, a.output)
	}
	for i, n := range in {
		if a.call.wants[i] && n.Deriv() != nil {
			return nil, secondLoss(n)
		}
	}
	return a.call.op.Grad(in, out, grad, a.call.wants)
}

// DoDiff refuses: Gorgonia's LispMachine differentiates by it, as it runs, and
// would take an op without it for one without a gradient.
func (a *adapter) DoDiff(gorgonia.ExecutionContext, gorgonia.Nodes, *gorgonia.Node) error {
	if a.isFirst() && !slices.Contains(a.call.wants, true) {
		return nil
	}
	return fmt.Errorf("graph: %s: a LispMachine cannot differentiate it: add the gradients with graph.Grad and run the graph with graph.Build's machine or a TapeMachine; with gorgonia.ExecuteFwdOnly a LispMachine runs it forward", a.call.op)
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
