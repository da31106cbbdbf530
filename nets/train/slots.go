package train

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// slots is what this package's optimizers have beside their settings: how many
// steps they have made, and what they keep of each weight, in tensors of its shape,
// Keras's slot variables. A slot belongs to a weight's name, so programs of several
// batch sizes share it, and to one model: an optimizer that has stepped it refuses
// the weights of another.
type slots struct {
	step    int
	kept    map[string]slot
	keeps   []string // rule.slotNames at the first step
	settled bool     // whether zeros among the settings are zeros
	self    *slots   // where they were at the first step: a copy would share the tensors
}

// slot is what is kept of one weight, and the weight; that is nil between Restore
// and the next step.
type slot struct {
	tensors []*tensor.Dense // in the order of slots.keeps
	of      *tensor.Dense
}

// rule is an optimizer as its slots see it.
type rule interface {
	common() *slots
	class() string       // Keras's
	settle()             // puts defaults in place of zeros, once
	settings() settings  // those that must be numbers of a range
	slotNames() []string // what is kept of each weight
}

func (s *slots) common() *slots { return s }

// change is what a step does to one weight.
type change struct {
	name string
	w    *tensor.Dense
	grad gorgonia.Value
	kept []*tensor.Dense
}

// begin counts a step over weights, unless r refuses it: then nothing has changed.
func begin(r rule, weights []gorgonia.ValueGrad) error {
	r.settle()
	if err := check(r); err != nil {
		return err
	}
	for i, vg := range weights {
		name, w, err := weightOf(vg)
		if err != nil {
			return fmt.Errorf("train: %s: weight %d %w", r.class(), i, err)
		}
		if err := knows(r, name, w); err != nil {
			return err
		}
	}
	s := r.common()
	if s.step == 0 {
		s.keeps = r.slotNames()
	}
	s.step, s.self = s.step+1, s
	return nil
}

// each calls update for each weight of a step that has begun.
func each(r rule, weights []gorgonia.ValueGrad, update func(change)) error {
	s := r.common()
	for _, vg := range weights {
		name := vg.(gorgonia.Namer).Name()
		grad, err := vg.Grad()
		if err != nil {
			return fmt.Errorf("train: %s: %s: %w", r.class(), name, err)
		}
		w := vg.Value().(*tensor.Dense)
		update(change{name, w, grad, s.of(name, w)})
	}
	return nil
}

// of is what is kept of a weight, zeros at first.
func (s *slots) of(name string, w *tensor.Dense) []*tensor.Dense {
	kept, ok := s.kept[name]
	if !ok {
		kept.tensors = newSlots(w, len(s.keeps))
	}
	if kept.of == nil {
		if s.kept == nil {
			s.kept = make(map[string]slot)
		}
		kept.of = w
		s.kept[name] = kept
	}
	return kept.tensors
}

func newSlots(like *tensor.Dense, count int) []*tensor.Dense {
	if count == 0 {
		return nil
	}
	sizes := make([]int, count)
	for i := range sizes {
		sizes[i] = int(like.MemSize())
	}
	arena, made := graph.NewArena(sizes...), make([]*tensor.Dense, count)
	for i := range made {
		made[i] = arena.Tensor(like.Dtype(), like.Shape())
	}
	return made
}

// undecayed is the part of a weight that weight decay leaves it before a step: it
// takes rate · decay of every kernel away, and spares biases.
func undecayed(name string, rate, decay float64) float64 {
	if !nets.IsKernel(name) {
		return 1
	}
	return 1 - float64(rate*decay)
}
