package nets

import (
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// stray is an input with a value that a layer has made itself, by Gorgonia or by
// graph.NewParam: numbers that are neither trained nor saved.
type stray struct {
	part Part
	node *gorgonia.Node
}

// strays takes note of a layer's own inputs, and refuses one that nothing fills.
func (b *Builder) strays(p Part) error {
	for _, n := range p.Own() {
		switch {
		case !n.IsVar() || slices.Contains(b.weights, n):
		case n.Value() == nil:
			return fmt.Errorf("has an input %q that nothing fills: %s", n.Name(), fromWeight)
		default:
			b.own = append(b.own, stray{p, n})
		}
	}
	return nil
}

// fromWeight is what to do about it.
const fromWeight = "take weights from Builder.Weight, which are trained and saved, and numbers that stay from graph.NewParam"

// checkStrays builds a network that has inputs of its own once more: those are
// numbers that stay, or the layer would be another one in each of its graphs, as
// it is with Gorgonia's WithInit.
func (m *Model) checkStrays(b *Builder) error {
	if len(b.own) == 0 {
		return nil
	}
	again, err := m.sketch(graph.Fused, Prediction)
	if err != nil {
		return err
	}
	for i, s := range b.own {
		if i >= len(again.own) || !reflect.DeepEqual(s.node.Value().Data(), again.own[i].node.Value().Data()) {
			return fmt.Errorf("nets: %s: layer %s (%s) has an input %q with other numbers each time that it is built: %s", m.Name, s.part.Name, s.part.Type, s.node.Name(), fromWeight)
		}
	}
	return nil
}
