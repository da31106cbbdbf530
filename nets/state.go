package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// state is what a weight that is not trained becomes by a training step.
type state struct {
	weight, value *gorgonia.Node
	momentum      float64
}

// Become has a step of training make a [Builder.State] of the layer's
//
//	state = state · momentum + value · (1 - momentum)
//
// for a value of its shape that the training graph computes; see
// [Program.UpdateStates]. In other phases, and where the layer is frozen, it does
// nothing.
func (b *Builder) Become(weight, value *gorgonia.Node, momentum float64) {
	switch {
	case b.Phase != Training || b.Frozen() || b.refused != nil:
	case !slices.Contains(b.still, weight):
		b.refused = fmt.Errorf("%v becomes something and is no state of the layer's: take it from Builder.State", weight)
	case value == nil || value.Dtype() != weight.Dtype() || !value.Shape().Eq(weight.Shape()):
		b.refused = fmt.Errorf("state %q of shape %v becomes %v of shape %v", weight.Name(), weight.Shape(), value, shapeOf(value))
	default:
		b.states = append(b.states, state{weight, value, momentum})
	}
}

// Frozen says whether the layer that is being built is frozen, as Keras's with
// trainable=False.
func (b *Builder) Frozen() bool { return b.network.freezes(b.layer) }

// UpdateStates makes the states, the weights that are not trained, what the last run
// of a training program found: Keras does the same within each step. It is called
// once a step, whether before or after the optimizer's; a step that diverged is better
// left out. A program without states does nothing.
func (p *Program) UpdateStates() {
	for _, s := range p.states {
		if s.weight.Dtype() == tensor.Float64 {
			become[float64](s)
		} else {
			become[float32](s)
		}
	}
}

func become[T graph.Float](s state) {
	w, value, m := graph.Slice[T](s.weight.Value()), graph.Slice[T](s.value.Value()), T(s.momentum)
	for i, v := range value {
		w[i] = T(w[i]*m) + T(v*(1-m))
	}
}
