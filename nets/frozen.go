package nets

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ErrAllFrozen is that of training a model whose weights are all frozen.
var ErrAllFrozen = errors.New("all layers with weights are frozen, so there is nothing to train: leave one out of Frozen")

// Freeze is the network with these layers frozen, beside those that are: they keep
// their weights in training, as Keras's layers with trainable=False do. A layer
// within another one has the names of both, "block.dense"; freezing "block" freezes
// all that is in it. A name that no layer has is refused.
func (n Network) Freeze(layers ...string) (Network, error) {
	frozen := slices.Clone(n.Frozen)
	for _, layer := range layers {
		if !slices.Contains(frozen, layer) {
			frozen = append(frozen, layer)
		}
	}
	n.Frozen = frozen
	err := n.checkFrozen()
	if err == nil && slices.ContainsFunc(layers, isWithin) {
		_, _, err = declared(n, tensor.Float32)
	}
	return n, err
}

// FreezeFirst is the network with its first layers frozen, so many of them: see
// [Network.Freeze]. Those without weights count.
func (n Network) FreezeFirst(layers int) (Network, error) {
	if layers < 0 || layers > len(n.Layers) {
		return n, fmt.Errorf("nets: %s: the first %d layers cannot be frozen: it has %d", n.Name, layers, len(n.Layers))
	}
	return n.Freeze(names(n.Layers)[:layers]...)
}

// checkFrozen refuses the name of a frozen layer that there is not. Those within
// others are known once the network is built.
func (n Network) checkFrozen() error {
	have := names(n.Layers)
	for _, layer := range n.Frozen {
		if first, _, _ := strings.Cut(layer, "."); !slices.Contains(have, first) {
			return fmt.Errorf("nets: %s: no layer %q can be frozen: its layers are %s", n.Name, layer, strings.Join(have, ", "))
		}
	}
	return nil
}

// isWithin says of a layer's name whether it is a layer within another one.
func isWithin(layer string) bool { return strings.Contains(layer, ".") }

// freeze lists the weights that are trained, now that all are known, and refuses
// the name of a frozen layer within others that has none.
func (b *Builder) freeze(net Network) error {
	for _, layer := range net.Frozen {
		if isWithin(layer) && !slices.ContainsFunc(b.weights, func(w *gorgonia.Node) bool { return strings.HasPrefix(w.Name(), layer+".") }) {
			return fmt.Errorf("nets: %s: no layer %q can be frozen: those with weights are %s", net.Name, layer, strings.Join(b.owners(), ", "))
		}
	}
	b.trained = slices.DeleteFunc(slices.Clone(b.weights), func(w *gorgonia.Node) bool {
		return net.freezes(w.Name()) || slices.Contains(b.still, w)
	})
	return nil
}

// owners are the layers that have asked for weights.
func (b *Builder) owners() (layers []string) {
	for _, w := range b.weights {
		layers = append(layers, w.Name()[:strings.LastIndexByte(w.Name(), '.')])
	}
	return slices.Compact(layers)
}

// freezes says whether a layer, or the one that a weight belongs to, is frozen.
func (n Network) freezes(name string) bool {
	return slices.ContainsFunc(n.Frozen, func(layer string) bool {
		return name == layer || strings.HasPrefix(name, layer+".")
	})
}

// Freeze is [Network.Freeze] of the model's network: what is trained from now on.
// To train all layers again set Frozen to nil.
func (m *Model) Freeze(layers ...string) error {
	net, err := m.Network.Freeze(layers...)
	if err == nil {
		m.Network = net
	}
	return err
}

// Trained are the weights that an optimizer changes, in the order of Weights: all but
// those of frozen layers and [Model.States].
func (m *Model) Trained() []Weight {
	return m.weights(func(s spec) bool { return !s.state && !m.freezes(s.name) })
}

// States are the weights that no optimizer changes, frozen or not, in the order of
// Weights: moving statistics and their like. See [Builder.State].
func (m *Model) States() []Weight { return m.weights(func(s spec) bool { return s.state }) }

func (m *Model) weights(are func(spec) bool) (found []Weight) {
	for i, s := range m.specs {
		if are(s) {
			found = append(found, m.Weights[i])
		}
	}
	return found
}
