package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"

	"stheno/nets"
)

// layout is the order of the axes of the value that a layer is given.
type layout int

const (
	nhwc layout = iota // as images come
	nchw               // as ONNX's convolutions want and give them
	rows               // flat
)

// grapher turns layers into nodes, one after the other.
type grapher struct {
	weights []nets.Weight // that no layer has taken yet
	nodes   []node
	tensors []message

	value                   string // what the last layer gave
	layout                  layout
	height, width, channels int // of the last images
}

// layer adds the nodes of a layer. Flatten waits for what comes after it, which
// decides how to flatten.
func (g *grapher) layer(l nets.Layer) error {
	switch l := reflect.Indirect(reflect.ValueOf(l)).Interface().(type) {
	case nets.Conv2D:
		return g.conv(l)
	case nets.Dense:
		return g.dense(l)
	case nets.Flatten, nets.Dropout:
		return nil
	default:
		return fmt.Errorf("%T cannot be written: there are Dense, Conv2D, Flatten and Dropout", l)
	}
}

// conv adds x (N,C,H,W) * kernel (O,C,Side,Side) + bias (O).
func (g *grapher) conv(l nets.Conv2D) error {
	name, kernel, bias, err := g.take()
	if err != nil {
		return err
	}
	if g.layout == nhwc {
		g.transpose(0, 3, 1, 2)
		g.layout = nchw
	}
	in, area := g.channels, l.Side*l.Side
	w := make([]float32, len(kernel))
	for p := range area {
		for i := range in {
			for o := range l.Filters {
				w[(o*in+i)*area+p] = kernel[(p*in+i)*l.Filters+o]
			}
		}
	}
	g.tensor(name+".kernel", w, l.Filters, in, l.Side, l.Side)
	g.tensor(name+".bias", bias, l.Filters)
	g.step(node{op: "Conv", name: name, inputs: []string{g.value, name + ".kernel", name + ".bias"},
		attributes: []attribute{{name: "kernel_shape", list: []int{l.Side, l.Side}}}})
	g.height, g.width, g.channels = g.height-l.Side+1, g.width-l.Side+1, l.Filters
	return g.activate(name, l.Activation)
}

// dense adds x (N,I) · kernel (I,O) + bias (O).
func (g *grapher) dense(l nets.Dense) error {
	name, kernel, bias, err := g.take()
	if err != nil {
		return err
	}
	if g.layout == nchw {
		kernel = channelsFirst(kernel, g.height*g.width, g.channels, l.Units)
	}
	g.flatten(g.layout)
	g.tensor(name+".kernel", kernel, len(kernel)/l.Units, l.Units)
	g.tensor(name+".bias", bias, l.Units)
	g.step(node{op: "Gemm", name: name, inputs: []string{g.value, name + ".kernel", name + ".bias"}})
	return g.activate(name, l.Activation)
}

// channelsFirst puts a dense kernel's rows from H,W,C order into C,H,W.
func channelsFirst(kernel []float32, area, channels, units int) []float32 {
	w := make([]float32, len(kernel))
	for p := range area {
		for c := range channels {
			copy(w[(c*area+p)*units:][:units], kernel[(p*channels+c)*units:])
		}
	}
	return w
}

// activate adds an activation of a layer's output.
func (g *grapher) activate(name string, a nets.Activation) error {
	switch a {
	case nets.Linear:
		return nil
	case nets.ReLU:
		g.step(node{op: "Relu", name: name + ".relu", inputs: []string{g.value}})
		return nil
	}
	return fmt.Errorf("%s: activation %v cannot be written", name, a)
}

// flatten makes rows of images, in the order of a layout.
func (g *grapher) flatten(order layout) {
	if g.layout == rows {
		return
	}
	if order != g.layout {
		g.transpose(0, 2, 3, 1)
	}
	g.step(node{op: "Flatten", name: "flatten", inputs: []string{g.value}, attributes: []attribute{{name: "axis", value: 1}}})
	g.layout = rows
}

func (g *grapher) transpose(axes ...int) {
	g.step(node{op: "Transpose", name: g.value + ".transpose", inputs: []string{g.value}, attributes: []attribute{{name: "perm", list: axes}}})
}

// take takes the next layer's kernel and bias from the model's weights, and its
// name from theirs.
func (g *grapher) take() (name string, kernel, bias []float32, err error) {
	if len(g.weights) < 2 {
		return "", nil, nil, fmt.Errorf("there are no weights for it")
	}
	name, ok := strings.CutSuffix(g.weights[0].Name, ".kernel")
	if !ok || g.weights[1].Name != name+".bias" {
		return "", nil, nil, fmt.Errorf("%q and %q are no kernel and bias", g.weights[0].Name, g.weights[1].Name)
	}
	if kernel, err = narrow(g.weights[0]); err == nil {
		bias, err = narrow(g.weights[1])
	}
	g.weights = g.weights[2:]
	return name, kernel, bias, err
}

// step adds a node whose output is called as it is.
func (g *grapher) step(n node) {
	n.output = n.name
	g.add(n)
	g.value = n.name
}

func (g *grapher) add(n node) { g.nodes = append(g.nodes, n) }

// tensor adds a TensorProto.
func (g *grapher) tensor(name string, values []float32, shape ...int) {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	var t message
	for _, size := range shape {
		t.int(1, size)
	}
	t.int(2, float)
	t.string(8, name)
	t.bytes(9, raw)
	g.tensors = append(g.tensors, t)
}

// node is a NodeProto to be.
type node struct {
	op, name   string
	inputs     []string
	output     string
	attributes []attribute
}

// attribute is an integer, or a list of them.
type attribute struct {
	name  string
	value int
	list  []int
}

func (n node) proto() (m message) {
	for _, input := range n.inputs {
		m.string(1, input)
	}
	m.string(2, n.output)
	m.string(3, n.name)
	m.string(4, n.op)
	for _, a := range n.attributes {
		m.message(5, a.proto())
	}
	return m
}

func (a attribute) proto() (m message) {
	const typeInt, typeInts = 2, 7
	m.string(1, a.name)
	if a.list == nil {
		m.int(3, a.value)
		m.int(20, typeInt)
		return m
	}
	for _, v := range a.list {
		m.int(8, v)
	}
	m.int(20, typeInts)
	return m
}
