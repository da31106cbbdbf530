package nets

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets/keras"
)

// spec is a weight that a layer has asked for.
type spec struct {
	name  string
	layer string // whose it is
	shape tensor.Shape
	init  Initializer
	fans  Fans
	state bool // it is not trained: see State
}

// Weight returns the node of one of the layer's weights. It is drawn by init
// when the model is made, and shared by all of the model's graphs. A layer asks
// once for each of its weights, in every phase for the same ones in the same
// order. What it asks for wrongly is refused when its Build returns.
func (b *Builder) Weight(name string, init Initializer, fans Fans, shape ...int) *gorgonia.Node {
	return b.ask(spec{name: name, shape: shape, init: init, fans: fans})
}

// State is Weight for numbers that training does not train, and that a layer keeps
// beside its weights, as Keras's non-trainable weights: moving statistics. They are
// saved with the weights, and change by [Builder.Become] alone.
func (b *Builder) State(name string, init Initializer, shape ...int) *gorgonia.Node {
	return b.ask(spec{name: name, shape: shape, init: init, state: true})
}

// ask asks for a weight by the name that it has within the layer.
func (b *Builder) ask(s spec) *gorgonia.Node {
	name, shape := s.name, s.shape
	s.name, s.layer, s.shape = b.layer+"."+name, b.layer, slices.Clone(shape)
	if err := b.check(s, name); err != nil && b.refused == nil {
		b.refused = fmt.Errorf("weight %q %w", name, err)
	}
	if b.refused != nil {
		return b.standIn(s.shape)
	}
	var n *gorgonia.Node
	if b.declaring {
		b.specs = append(b.specs, s)
		n = graph.NewInput(b.graph, b.dtype, s.name, shape...)
	} else {
		n = graph.NewParam(b.graph, s.name, b.given[len(b.weights)].Value)
	}
	b.weights = append(b.weights, n)
	if s.state {
		b.still = append(b.still, n)
	}
	return n
}

// standIn is what Build goes on with where a weight is refused: of the shape that
// was asked for, as far as that is one.
func (b *Builder) standIn(shape []int) *gorgonia.Node {
	for i := range shape {
		shape[i] = max(1, shape[i])
	}
	if len(shape) == 0 {
		shape = []int{1}
	}
	return graph.NewInput(b.graph, b.dtype, fmt.Sprintf("refused %d", len(b.graph.AllNodes())), shape...)
}

// check says, behind the words weight NAME, what is wrong with it.
func (b *Builder) check(s spec, name string) error {
	at := len(b.weights)
	switch {
	case name == "":
		return errors.New("has no name")
	case slices.ContainsFunc(b.weights, func(n *gorgonia.Node) bool { return n.Name() == s.name }):
		return errors.New("was asked for before: give one of the two, or of the layers that ask for it, another name")
	case len(s.shape) == 0 || slices.Min(s.shape) < 1:
		return fmt.Errorf("has shape %v: it must have at least one dimension, and each must be at least 1", []int(s.shape))
	case s.init == nil:
		return fmt.Errorf("has no initializer: there are %s", strings.Join(keras.Initializers, ", "))
	case b.declaring:
		return nil
	case at == len(b.given) || b.given[at].Name != s.name:
		return errors.New("is not what was asked for here when the model was made: a layer asks for the same weights, in the same order, in every phase")
	case !b.given[at].Value.Shape().Eq(s.shape):
		return fmt.Errorf("has shape %v for %v, but %v when the model was made", []int(s.shape), b.Phase, b.given[at].Value.Shape())
	}
	return nil
}
