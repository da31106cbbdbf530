package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/gorgonia"

	"stheno/nets"
)

// UnwritableError says which layer has mathematics of its own that it does not write.
type UnwritableError struct{ Network, Layer, Type string }

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("onnx: %s: layer %s (%s) cannot be written: give its type a method ONNX(g *onnx.Graph) error", e.Network, e.Layer, e.Type)
}

// file is the graph that the layers write into, one after the other.
type file struct {
	network string
	weights []nets.Weight
	nodes   []node
	tensors []message
	taken   map[string]bool // the names of nodes, values and constants
	written map[string]bool // the weights that are among tensors, or that nothing reads
}

// The names of the network's own values, and of the node at its end.
const (
	image         = "image"
	logits        = "logits"
	probabilities = "probabilities"
	softmax       = "softmax"
)

// newFile writes a model's layers, down to its logits and probabilities.
func newFile(m *nets.Model) (*file, error) {
	if m == nil || m.Classes == 0 {
		return nil, errors.New("onnx: there is no model: nets.New and nets.Load make one")
	}
	program, err := m.DraftWhole(nets.Prediction, 1)
	if err != nil {
		return nil, err
	}
	f := &file{network: m.Name, weights: m.Weights, taken: make(map[string]bool), written: make(map[string]bool)}
	for _, name := range []string{image, logits, probabilities, softmax} {
		f.taken[name] = true
	}
	for _, w := range m.Weights {
		f.taken[w.Name] = true
	}
	layers := program.Parts()
	layers = layers[:len(layers)-1] // the last is the softmax of prediction
	values := map[*gorgonia.Node]flow{program.Graph().ByName(image)[0]: {image, false, m.Input[:], m.Input[:]}}
	if err := f.layers(layers, values); err != nil {
		return nil, f.named(err)
	}
	if err := f.end(f.convert(values[layers[len(layers)-1].Out], Rows).value); err != nil {
		return nil, f.named(err)
	}
	return f, nil
}

// layers writes layers, each after the values that it is given, and adds what they give.
func (f *file) layers(parts []nets.Part, values map[*gorgonia.Node]flow) error {
	for _, p := range parts {
		ins := make([]flow, len(p.Ins))
		for i, n := range p.Ins {
			in, ok := values[n]
			if !ok {
				return fmt.Errorf("layer %s (%s) is given what no layer beside it has made", p.Name, p.Type)
			}
			ins[i] = in
		}
		out, err := f.layer(p, ins)
		if err != nil {
			return err
		}
		values[p.Out] = out
	}
	return nil
}

// named gives an error the network's name, unless it has it.
func (f *file) named(err error) error {
	if unwritable := (*UnwritableError)(nil); errors.As(err, &unwritable) {
		return unwritable
	}
	return fmt.Errorf("onnx: %s: %w", f.network, err)
}

// layer writes a layer after what it is given: as it writes itself, or else, where all
// that it does is what the layers within it do, as they do.
func (f *file) layer(p nets.Part, ins []flow) (flow, error) {
	write := known(p.Layer)
	if l, ok := p.Layer.(Layer); ok && write == nil {
		write = l.ONNX
	}
	switch {
	case write != nil:
		out, err := f.write(p, ins, write)
		if err != nil {
			err = fmt.Errorf("layer %s (%s): %w", p.Name, p.Type, err)
		}
		return out, err
	case p.Computes():
		return flow{}, &UnwritableError{f.network, p.Name, p.Type}
	}
	return f.within(p, ins)
}

// write has a layer write itself.
func (f *file) write(p nets.Part, ins []flow, write func(*Graph) error) (flow, error) {
	g := &Graph{file: f, part: p, in: ins[0], ins: ins}
	err := ask(write, g)
	switch {
	case g.err != nil:
		return flow{}, g.err
	case err != nil:
		return flow{}, err
	case g.out == nil:
		return flow{}, errors.New("gives no output: its ONNX must call Output")
	}
	for _, w := range f.weights {
		if strings.HasPrefix(w.Name, p.Name+".") && !f.written[w.Name] {
			return flow{}, fmt.Errorf("does not write its weight %q", w.Name[len(p.Name)+1:])
		}
	}
	return *g.out, nil
}

// ask has a layer write itself; a panic of its is an error.
func ask(write func(*Graph) error, g *Graph) (err error) {
	defer func() {
		if said := recover(); said != nil {
			err = fmt.Errorf("its ONNX panicked: %v", said)
		}
	}()
	return write(g)
}

// within writes the layers within a layer that is nothing else. Weights of its own
// are read by nothing.
func (f *file) within(p nets.Part, ins []flow) (flow, error) {
	for _, n := range p.Own() {
		f.written[n.Name()] = true
	}
	values := make(map[*gorgonia.Node]flow)
	for i, n := range p.Ins {
		values[n] = ins[i]
	}
	if err := f.layers(p.Parts, values); err != nil {
		return flow{}, err
	}
	out, ok := values[p.Out]
	if !ok {
		return flow{}, fmt.Errorf("layer %s (%s) gives what no layer of it has made", p.Name, p.Type)
	}
	return out, nil
}

// end calls a value the logits, and adds the probabilities.
func (f *file) end(value Value) error {
	made := func(n node) bool { return slices.Contains(n.outputs, value) }
	if !slices.ContainsFunc(f.nodes, made) {
		return fmt.Errorf("the last layer gives %s, which no node has made", value)
	}
	for _, n := range f.nodes {
		for _, names := range [][]Value{n.inputs, n.outputs} {
			for i := range names {
				if names[i] == value {
					names[i] = logits
				}
			}
		}
	}
	f.nodes = append(f.nodes, node{op: "Softmax", name: softmax, inputs: []Value{logits}, outputs: []Value{probabilities}, attributes: []Attribute{Int("axis", -1)}})
	return nil
}

// weight is the model's weight of a name; nil if there is none.
func (f *file) weight(name string) *nets.Weight {
	i := slices.IndexFunc(f.weights, func(w nets.Weight) bool { return w.Name == name })
	if i < 0 {
		return nil
	}
	return &f.weights[i]
}

// name is a name that nothing else has.
func (f *file) name(wanted string) string {
	name := wanted
	for i := 1; f.taken[name]; i++ {
		name = wanted + "_" + strconv.Itoa(i)
	}
	f.taken[name] = true
	return name
}
