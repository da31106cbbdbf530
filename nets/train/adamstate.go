package train

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// AdamState is what Adam knows after some steps: with the settings, all that
// another Adam needs to go on with the same bits.
type AdamState struct {
	Step    int           // optimizer steps done
	Moments []nets.Weight // "m.NAME" and "v.NAME" for each weight's name, in order
}

// State lends the optimizer's state: it changes with the next step.
func (a *Adam) State() AdamState {
	a.settle()
	s := AdamState{Step: a.step}
	for _, name := range slices.Sorted(maps.Keys(a.moments)) {
		mom := a.moments[name]
		s.Moments = append(s.Moments, nets.Weight{Name: "m." + name, Value: mom.m}, nets.Weight{Name: "v." + name, Value: mom.v})
	}
	return s
}

// Restore makes a go on where s was taken, with the settings that a has, and keeps
// the tensors of s. The weights that a steps next are those that they belong to,
// also of another model. A state in which a moment has no partner of its shape
// and type is refused.
func (a *Adam) Restore(s AdamState) error {
	if s.Step < 0 {
		return fmt.Errorf("train: Adam's state is of %d steps", s.Step)
	}
	a.settle()
	given := make(map[string]*tensor.Dense, len(s.Moments))
	for _, w := range s.Moments {
		given[w.Name] = w.Value
	}
	moments := make(map[string]moment)
	for name, m := range given {
		bare, ok := strings.CutPrefix(name, "m.")
		if v := given["v."+bare]; ok && m != nil && v != nil && m.Shape().Eq(v.Shape()) && m.Dtype() == v.Dtype() {
			moments[bare] = moment{m: m, v: v}
		}
	}
	if 2*len(moments) != len(s.Moments) {
		return fmt.Errorf("train: Adam's state has %d moments, of which %d pair up", len(s.Moments), 2*len(moments))
	}
	a.step, a.moments, a.self = s.Step, moments, nil
	return nil
}
