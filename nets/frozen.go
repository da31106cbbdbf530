package nets

import (
	"fmt"
	"slices"
	"strings"
)

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
	return n, n.checkFrozen()
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

// Trained are the weights that training changes, in the order of Weights: all but
// those of frozen layers.
func (m *Model) Trained() []Weight {
	if len(m.Frozen) == 0 {
		return m.Weights
	}
	return slices.DeleteFunc(slices.Clone(m.Weights), func(w Weight) bool { return m.freezes(w.Name) })
}
