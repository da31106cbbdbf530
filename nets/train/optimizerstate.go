package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/internal/strict"
)

// stateOf lends an optimizer's state. Settings that JSON cannot say, NaN, are
// absent: nobody has made a step with them.
func stateOf(r rule) OptimizerState {
	r.settle()
	s := r.common()
	state := OptimizerState{Name: r.class(), Step: s.step}
	state.Settings, _ = json.Marshal(r)
	for _, name := range slices.Sorted(maps.Keys(s.kept)) {
		for i, t := range s.kept[name].tensors {
			state.Tensors = append(state.Tensors, nets.Weight{Name: s.keeps[i] + "." + name, Value: t})
		}
	}
	return state
}

// restore makes an optimizer go on with a state, or leaves it as it is.
func restore[O any, R interface {
	*O
	rule
}](r R, state OptimizerState) error {
	if state.Name != r.class() {
		return fmt.Errorf("train: the state is of the optimizer %q, this is %s", state.Name, r.class())
	}
	if state.Step < 0 {
		return fmt.Errorf("train: %s's state is of %d steps", r.class(), state.Step)
	}
	r.settle() // so that a zero of the state stays one
	next := *r
	if state.Settings != nil {
		next = *new(O)
		if err := strict.Decode(state.Settings, &next); err != nil {
			return fmt.Errorf("train: %s's settings: %w", r.class(), err)
		}
	}
	kept, err := slotsOf(R(&next), state)
	if err != nil {
		return err
	}
	*R(&next).common() = slots{step: state.Step, kept: kept, keeps: R(&next).slotNames(), settled: true}
	*r = next
	return nil
}

// slotsOf sorts a state's tensors by the weights that they are kept of: the same
// ones of each, of one shape and type.
func slotsOf(r rule, state OptimizerState) (map[string]slot, error) {
	keeps, kept := r.slotNames(), make(map[string]slot)
	for _, t := range state.Tensors {
		what, name, _ := strings.Cut(t.Name, ".")
		i := slices.Index(keeps, what)
		if i < 0 || name == "" || t.Value == nil {
			return nil, fmt.Errorf("train: %s's state has a tensor %.60q: with these settings it has %s", r.class(), t.Name, slotsInWords(keeps))
		}
		if _, ok := kept[name]; !ok {
			kept[name] = slot{tensors: make([]*tensor.Dense, len(keeps))}
		}
		if kept[name].tensors[i] != nil {
			return nil, fmt.Errorf("train: %s's state has two tensors %.60q", r.class(), t.Name)
		}
		kept[name].tensors[i] = t.Value
	}
	for name, s := range kept {
		for i, t := range s.tensors {
			if t == nil {
				return nil, fmt.Errorf("train: %s's state has no tensor %q", r.class(), keeps[i]+"."+name)
			}
			if first := s.tensors[0]; !t.Shape().Eq(first.Shape()) || t.Dtype() != first.Dtype() {
				return nil, fmt.Errorf("train: %s's state has %s of %s with shape %v and type %v, and %s with %v and %v", r.class(), keeps[i], name, t.Shape(), t.Dtype(), keeps[0], first.Shape(), first.Dtype())
			}
		}
	}
	if len(kept) == 0 && len(keeps) > 0 && state.Step > 0 {
		return nil, fmt.Errorf("train: %s's state is of %d steps, but has no tensor: with these settings it has %s", r.class(), state.Step, slotsInWords(keeps))
	}
	return kept, nil
}

// slotsInWords says what tensors a state has.
func slotsInWords(keeps []string) string {
	if len(keeps) == 0 {
		return "none"
	}
	return strings.Join(keeps, ".NAME, ") + ".NAME for each weight"
}
