package nets

import (
	"errors"
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

	graph     *gorgonia.ExprGraph
	dtype     tensor.Dtype
	network   Network        // that is being built
	layer     string         // the layer that is being built, behind the layers that build it
	names     taken          // of the layers within it that were given none
	declaring bool           // whether it is only to be learnt which weights there are
	given     []Weight       // the model's, where it is not
	specs     []spec         // what layers have asked for
	weights   gorgonia.Nodes // in the order in which layers asked for them
	trained   gorgonia.Nodes // those of layers that are not frozen
	refused   error          // the first weight that cannot be
	own       []stray        // inputs that are no weights
	parts     []Part         // what has been built within the layer that is being built, or is the network's
}

// Layer builds a layer within the one that is being built, after x, and returns
// its output: so a layer is made of layers. Its weights have the names of both,
// "block.dense.kernel" for the kernel of a Dense in a Block. Without a name it
// gets Keras's, as the layers of a network do: dense, dense_1.
func (b *Builder) Layer(name string, l Layer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if isNil(l) {
		return nil, fmt.Errorf("layer %q in it is nil", name)
	}
	if name == "" {
		name = b.names.name(l)
	}
	within, names := b.layer, b.names
	defer func() { b.layer, b.names = within, names }()
	b.layer, b.names = within+"."+name, make(taken)
	out, err := b.add(l, x)
	if err != nil {
		return nil, fmt.Errorf("%s (%s) after %v: %w", name, kind(l), shapeOf(x), err)
	}
	return out, nil
}

// add has a layer build, in its scope, and looks at what it gave.
func (b *Builder) add(l Layer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if x == nil {
		return nil, errors.New("there is no node to build on")
	}
	part := Part{Name: b.layer, Type: kind(l), Layer: l, In: x}
	before, beside := len(b.graph.AllNodes()), b.parts
	b.parts = nil
	out, err := l.Build(b, x)
	part.Out, part.Parts = out, b.parts
	part.Nodes = slices.Clone(b.graph.AllNodes()[before:])
	b.parts = append(beside, part)
	switch {
	case b.refused != nil && !errors.Is(err, b.refused): // which a layer within it has said otherwise
		return nil, b.refused
	case err != nil:
		return nil, err
	case out == nil:
		return nil, errors.New("gives no node and no error")
	case out.Dims() == 0:
		return nil, errors.New("gives a scalar, must give something for each image")
	case b.Phase == Training && b.network.freezes(b.layer) && slices.ContainsFunc(part.Nodes, normalizes):
		return nil, errors.New("is frozen, but training changes the running statistics of Gorgonia's BatchNorm in it: leave it out of Frozen")
	}
	return out, b.strays(part)
}

func shapeOf(x *gorgonia.Node) tensor.Shape {
	if x == nil {
		return nil
	}
	return x.Shape()
}

// images adds a network's input node.
func (b *Builder) images(net Network, batch int) *gorgonia.Node {
	return graph.NewInput(b.graph, b.dtype, "image", batch, net.Input[0], net.Input[1], net.Input[2])
}

// build adds a whole network to the graph and returns its logits.
func (b *Builder) build(net Network, x *gorgonia.Node) (*gorgonia.Node, error) {
	if err := net.check(); err != nil {
		return nil, err
	}
	rows := x.Shape()[0]
	b.network = net
	for i, name := range names(net.Layers) {
		b.layer, b.names = name, make(taken)
		out, err := b.add(net.Layers[i], x)
		if err != nil {
			return nil, fmt.Errorf("nets: %s: layer %s (%s) after %v: %w", net.Name, name, kind(net.Layers[i]), x.Shape(), err)
		}
		x = out
	}
	if x.Dims() != 2 || x.Shape()[0] != rows {
		return nil, fmt.Errorf("nets: %s: the last layer gives %v, must give logits (N,classes), here (%d,classes)", net.Name, x.Shape(), rows)
	}
	if missing := len(b.weights); !b.declaring && missing < len(b.given) {
		return nil, fmt.Errorf("nets: %s: for %v no layer asks for the weight %s: a layer asks for the same weights in every phase", net.Name, b.Phase, b.given[missing].Name)
	}
	return x, b.freeze(net)
}

// record makes a part, of no layer, of the nodes that the graph has now beyond so
// many.
func (b *Builder) record(name, kind string, before int, out *gorgonia.Node) {
	b.parts = append(b.parts, Part{Name: name, Type: kind, Nodes: slices.Clone(b.graph.AllNodes()[before:]), Out: out})
}
