package nets

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Builder is what a layer builds with.
type Builder struct {
	Ops   graph.Ops   // how mathematics becomes nodes
	Phase Phase       // what the graph is for
	Noise rand.Source // of dropout

	graph   *gorgonia.ExprGraph
	dtype   tensor.Dtype
	layer   string                   // the layer that is being built
	values  map[string]*tensor.Dense // nil while weights are being declared
	specs   []spec
	weights gorgonia.Nodes // in the order in which layers asked for them
	parts   []Part         // what has been built, in order
}

// spec is a weight that a layer has asked for.
type spec struct {
	name  string
	shape tensor.Shape
	init  Initializer
	fans  Fans
}

// Weight returns the node of one of the layer's weights. It is drawn by init
// when the model is made, and shared by all of the model's graphs.
func (b *Builder) Weight(name string, init Initializer, fans Fans, shape ...int) *gorgonia.Node {
	name = b.layer + "." + name
	var n *gorgonia.Node
	if b.values == nil {
		b.specs = append(b.specs, spec{name, shape, init, fans})
		n = graph.NewInput(b.graph, b.dtype, name, shape...)
	} else {
		n = graph.NewParam(b.graph, name, b.values[name])
	}
	b.weights = append(b.weights, n)
	return n
}

// images adds a network's input node.
func (b *Builder) images(net Network, batch int) *gorgonia.Node {
	return graph.NewInput(b.graph, b.dtype, "image", batch, net.Input[0], net.Input[1], net.Input[2])
}

// build adds a whole network to the graph and returns its logits; visit, if
// there is one, sees each layer's output.
func (b *Builder) build(net Network, x *gorgonia.Node, visit func(layer int, name string, out *gorgonia.Node)) (*gorgonia.Node, error) {
	for i, name := range names(net.Layers) {
		b.layer = name
		before := len(b.graph.AllNodes())
		out, err := net.Layers[i].Build(b, x)
		if err != nil {
			return nil, fmt.Errorf("nets: %s: layer %s (%s) after %v: %w", net.Name, name, kind(net.Layers[i]), x.Shape(), err)
		}
		b.record(name, kind(net.Layers[i]), before)
		if visit != nil {
			visit(i, name, out)
		}
		x = out
	}
	if x.Dims() != 2 {
		return nil, fmt.Errorf("nets: %s: the last layer gives %v, must give logits (N,classes)", net.Name, x.Shape())
	}
	return x, nil
}

// record makes a part of the nodes that the graph has now beyond so many.
func (b *Builder) record(name, kind string, before int) {
	b.parts = append(b.parts, Part{name, kind, slices.Clone(b.graph.AllNodes()[before:])})
}
