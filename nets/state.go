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

// StateMeans are means, over some batches, of what states are to become. They take the
// place of moving ones where these are of other weights: those of an average of weights
// are none that training has seen (Izmailov et al., 2018). The zero value has none.
type StateMeans struct {
	weight float64
	sums   map[string][]float64 // by the state's name
}

// Take runs as much of a training program as the states need, and takes in what they
// are to become, weighed.
func (s *StateMeans) Take(p *Program, weight float64) error {
	values := make(gorgonia.Nodes, len(p.states))
	for i, of := range p.states {
		values[i] = of.value
	}
	if err := p.machine.RunFor(values...); err != nil {
		return err
	}
	if s.sums == nil {
		s.sums = make(map[string][]float64)
	}
	s.weight += weight
	for _, of := range p.states {
		name := of.weight.Name()
		if s.sums[name] == nil {
			s.sums[name] = make([]float64, of.value.Shape().TotalSize())
		}
		if of.value.Dtype() == tensor.Float64 {
			addWeighed(s.sums[name], graph.Slice[float64](of.value.Value()), weight)
		} else {
			addWeighed(s.sums[name], graph.Slice[float32](of.value.Value()), weight)
		}
	}
	return nil
}

func addWeighed[T graph.Float](sum []float64, x []T, weight float64) {
	for i, v := range x {
		sum[i] += float64(float64(v) * weight)
	}
}

// Set makes the states of a model these means, those that a frozen layer keeps aside.
func (s *StateMeans) Set(m *Model) {
	for _, w := range m.States() {
		for i, sum := range s.sums[w.Name] {
			if v := sum / s.weight; m.dtype == tensor.Float64 {
				w.Value.Float64s()[i] = v
			} else {
				w.Value.Float32s()[i] = float32(v)
			}
		}
	}
}
