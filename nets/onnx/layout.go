package onnx

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// Layout is the order of a value's axes in the file.
type Layout int

// The layouts. Rows (N,I) are the same in all of them.
const (
	ChannelsLast  Layout = iota // (N,H,W,C), or what else Build has
	ChannelsFirst               // (N,C,H,W), as ONNX's convolutions and pools want it
	Rows                        // (N,I); images in H,W,C order, as Flatten makes them
	Any                         // as it comes: for a layer that does the same to every number

	stored // rows of images in the order in which they are stored, for what puts its weights into that
)

// flow is a value on its way from layer to layer.
type flow struct {
	value Value
	first bool  // whether its channels are the first axis behind the batch
	dims  []int // of the value, without the batch, channels last
	shape []int // what Build has; one row of dims where it is still to be flattened
}

// flowing is a value in a layout, of a shape.
func flowing(v Value, layout Layout, shape []int) (flow, error) {
	if layout == Rows && len(shape) != 1 || layout < ChannelsLast || layout >= Any {
		return flow{}, fmt.Errorf("it has shape %v, which the layout %v has not", shape, layout)
	}
	return flow{v, layout == ChannelsFirst && len(shape) > 1, shape, shape}, nil
}

func (l Layout) String() string {
	switch l {
	case ChannelsLast:
		return "ChannelsLast"
	case ChannelsFirst:
		return "ChannelsFirst"
	case Rows:
		return "Rows"
	case Any:
		return "Any"
	}
	return fmt.Sprintf("Layout(%d)", int(l))
}

// shape is a node's, without the batch.
func shape(n *gorgonia.Node) []int { return slices.Clone([]int(n.Shape()[1:])) }

// convert brings a value into a layout.
func (f *file) convert(x flow, layout Layout) flow {
	images := len(x.dims) > 1
	flat := len(x.shape) != len(x.dims) // what Build has are rows
	switch {
	case layout == Any:
	case layout == Rows && images || flat && layout != stored:
		x = f.flatten(f.transpose(x, false))
	case layout == stored && images:
		x = f.flatten(x)
	case images:
		x = f.transpose(x, layout == ChannelsFirst)
	}
	return x
}

// transpose brings the channels to the front, or to the end.
func (f *file) transpose(x flow, first bool) flow {
	if x.first == first {
		return x
	}
	axes := []int{0}
	for i := range x.dims {
		axes = append(axes, i+1)
	}
	if c := len(x.dims); first {
		axes = slices.Insert(axes[:c], 1, c)
	} else {
		axes = append(slices.Delete(axes, 1, 2), 1)
	}
	x.value, x.first = f.once("Transpose", string(x.value)+".transpose", x.value, Ints("perm", axes...)), first
	return x
}

// flatten makes rows of a value as it is stored.
func (f *file) flatten(x flow) flow {
	x.value = f.once("Flatten", "flatten", x.value, Int("axis", 1))
	n := 1
	for _, size := range x.dims {
		n *= size
	}
	return flow{x.value, false, []int{n}, []int{n}}
}

// once adds a node that reads one value, unless that is there.
func (f *file) once(op, name string, x Value, attributes ...Attribute) Value {
	for _, n := range f.nodes {
		if n.op == op && n.inputs[0] == x && n.shared {
			return n.outputs[0]
		}
	}
	n := node{op: op, name: f.name(name), inputs: []Value{x}, attributes: attributes, shared: true}
	n.outputs = []Value{Value(n.name)}
	f.nodes = append(f.nodes, n)
	return n.outputs[0]
}
