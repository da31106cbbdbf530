package nets

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Builder is what a layer builds with.
type Builder struct {
	Ops      graph.Ops      // how mathematics becomes nodes
	Phase    Phase          // what the graph is for
	Noise    rand.Source    // of dropout
	Together graph.Together // the processes that train together, for ops that need the whole batch

	graph     *gorgonia.ExprGraph
	dtype     tensor.Dtype
	network   Network        // that is being built
	layer     string         // the layer that is being built, behind the layers that build it
	names     taken          // of the layers within it that were given none
	declaring bool           // whether it is only to be learnt which weights there are
	given     []Weight       // the model's, where it is not
	specs     []spec         // what layers have asked for
	weights   gorgonia.Nodes // in the order in which layers asked for them
	still     gorgonia.Nodes // those of them that are states
	trained   gorgonia.Nodes // those that are not, of layers that are not frozen
	refused   error          // the first weight that cannot be
	own       []stray        // inputs that are no weights
	parts     []Part         // what has been built within the layer that is being built, or is the network's
	states    []state        // what the states that layers have asked for become
	penalties []penalty      // of layers, in the loss
	follows   Layer          // the one layer that takes what the layer which is being built gives; nil without one
	rectified bool           // the layer that is being built does what follows, which is ReLU
	whole     bool           // no layer does what follows: each gives what it says
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
	within, names, follows := b.layer, b.names, b.follows
	defer func() { b.layer, b.names, b.follows = within, names, follows }()
	b.layer, b.names, b.follows = within+"."+name, make(taken), nil
	out, err := b.add(l, x)
	if err != nil {
		return nil, fmt.Errorf("%s (%s) after %v: %w", name, kind(l), shapeOf(x), err)
	}
	return out, nil
}

// Rectified says that the layer that is being built is to give max(0, y) for its y: a
// ReLU alone takes it, and has nothing left to do then. It is for layers whose op
// rectifies at no cost, Conv2D and BatchNormalization among them; one that does not ask
// has its ReLU as an op of its own.
func (b *Builder) Rectified() bool {
	b.rectified = b.rectified || !b.whole && b.follows != nil && rectifies(b.follows)
	return b.rectified
}

// rectifies says whether a layer is ReLU and nothing else.
func rectifies(l Layer) bool {
	r, ok := settings(l).(interface{ rectifies() bool })
	return ok && r.rectifies()
}

// add has a layer build, in its scope, and looks at what it gave.
func (b *Builder) add(l Layer, xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	if slices.Contains(xs, nil) {
		return nil, errors.New("there is no node to build on")
	}
	part := Part{Name: b.layer, Type: kind(l), Layer: l, In: xs[0], Ins: xs}
	before, beside := len(b.graph.AllNodes()), b.parts
	b.parts = nil
	out, err := b.apply(l, xs)
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
	case !countable(out):
		return nil, fmt.Errorf("gives %v, which are more numbers than there can be", out.Shape())
	case b.Phase == Training && b.network.freezes(b.layer) && slices.ContainsFunc(part.Nodes, normalizes):
		return nil, errors.New("is frozen, but training changes the running statistics of Gorgonia's BatchNorm in it: leave it out of Frozen")
	}
	return out, b.strays(part)
}

// countable says whether a node's numbers can be counted.
func countable(n *gorgonia.Node) bool {
	_, ok := elements(n.Shape())
	return ok
}

// apply has a layer build on all its inputs.
func (b *Builder) apply(l Layer, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	merge, ok := l.(Merge)
	switch {
	case len(xs) == 1:
		return l.Build(b, xs[0])
	case !ok:
		return nil, fmt.Errorf("takes one input, and stands after %d layers", len(xs))
	}
	return merge.Merge(b, xs)
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
	x, err := b.layers(net, x)
	if err != nil {
		return nil, err
	}
	if x.Dims() != 2 || x.Shape()[0] != rows {
		return nil, fmt.Errorf("nets: %s: the last layer gives %v, must give logits (N,classes), here (%d,classes)", net.Name, x.Shape(), rows)
	}
	if missing := len(b.weights); !b.declaring && missing < len(b.given) {
		return nil, fmt.Errorf("nets: %s: for %v no layer asks for the weight %s: a layer asks for the same weights in every phase", net.Name, b.Phase, b.given[missing].Name)
	}
	return x, b.freeze(net)
}

// layers adds a network's layers and returns what the last one gives.
func (b *Builder) layers(net Network, image *gorgonia.Node) (*gorgonia.Node, error) {
	steps, err := net.steps()
	if err != nil {
		return nil, err
	}
	outs, done := make(gorgonia.Nodes, len(steps)), make(map[int]bool) // done are the ReLUs of which nothing is left to do
	for i, s := range steps {
		b.layer, b.names, b.follows, b.rectified = s.name, make(taken), nil, false
		next := readers(steps, i)
		if len(next) == 1 && len(steps[next[0]].after) == 1 {
			b.follows = steps[next[0]].layer
		}
		xs := make(gorgonia.Nodes, len(s.after))
		for k, at := range s.after {
			if xs[k] = image; at != images {
				xs[k] = outs[at]
			}
		}
		if done[i] {
			b.parts, outs[i] = append(b.parts, Part{Name: s.name, Type: kind(s.layer), Layer: s.layer, In: xs[0], Ins: xs, Out: xs[0]}), xs[0]
			continue
		}
		if outs[i], err = b.add(s.layer, xs...); err != nil {
			return nil, fmt.Errorf("nets: %s: layer %s (%s) after %s: %w", net.Name, s.name, kind(s.layer), shapesOf(xs), err)
		}
		if b.rectified {
			done[next[0]] = true
		}
	}
	return outs[len(outs)-1], nil
}

// shapesOf are the shapes of nodes, for a message.
func shapesOf(xs gorgonia.Nodes) string {
	texts := make([]string, len(xs))
	for i, x := range xs {
		texts[i] = fmt.Sprint(x.Shape())
	}
	return strings.Join(texts, " and ")
}

// record makes a part, of no layer, of the nodes that the graph has now beyond so
// many.
func (b *Builder) record(name, kind string, before int, out *gorgonia.Node) {
	b.parts = append(b.parts, Part{Name: name, Type: kind, Nodes: slices.Clone(b.graph.AllNodes()[before:]), Out: out})
}
