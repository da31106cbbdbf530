package train

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
)

// setting is a number among an optimizer's settings.
type setting struct {
	name  string
	value float64
	ok    bool   // within the range, if it is finite
	want  string // the range
}

// settings are up to five; those that an optimizer does not have are empty. They are
// looked at in each step, and so take no memory of their own.
type settings [5]setting

func atLeast0(name string, v float64) setting { return setting{name, v, v >= 0, "0 or more"} }
func below1(name string, v float64) setting   { return setting{name, v, v >= 0 && v < 1, "in [0,1)"} }
func upTo1(name string, v float64) setting    { return setting{name, v, v >= 0 && v <= 1, "in [0,1]"} }

// check says which of an optimizer's settings is none, that it keeps what other
// settings ask for, or that it is a copy.
func check(r rule) error {
	s := r.common()
	if s.self != nil && s.self != s {
		return fmt.Errorf("train: this %s is a copy of one that has made %d steps, and shares its state: use a pointer to that one, or Restore its State", r.class(), s.step)
	}
	for _, n := range r.settings() {
		if n.name != "" && (!n.ok || !finite(n.value)) {
			return fmt.Errorf("train: %s's %s is %g: it must be %s", r.class(), n.name, n.value, n.want)
		}
	}
	if keeps := r.slotNames(); s.step > 0 && !slices.Equal(s.keeps, keeps) {
		return fmt.Errorf("train: %s has made %d steps with settings for which it keeps %s, now it would be %s: make a new one", r.class(), s.step, slotsInWords(s.keeps), slotsInWords(keeps))
	}
	return nil
}

// belongs says what keeps r from training m. A weight that is frozen now may
// have been trained before.
func belongs(r rule, m *nets.Model) error {
	r.settle()
	if err := check(r); err != nil {
		return err
	}
	has := make(map[string]bool, len(m.Weights))
	for _, w := range m.Weights {
		has[w.Name] = true
	}
	for _, w := range m.Trained() {
		if err := knows(r, w.Name, w.Value); err != nil {
			return err
		}
	}
	s := r.common()
	for name := range s.kept {
		if !has[name] {
			return fmt.Errorf("train: %s has made %d steps with a weight %s, which the %s has not: %s", r.class(), s.step, name, m.Name, oneModel)
		}
	}
	return nil
}

// knows says what keeps a weight from being one of those that r has stepped: as
// in Keras, an optimizer belongs to the weights of its first step. Any are, if
// there was none.
func knows(r rule, name string, w *tensor.Dense) error {
	s := r.common()
	kept, ok := s.kept[name]
	switch {
	case len(s.kept) == 0:
		return nil
	case !ok:
		return fmt.Errorf("train: %s has made %d steps, but knows no weight %s: %s", r.class(), s.step, name, oneModel)
	case kept.of != nil && kept.of != w:
		return fmt.Errorf("train: %s has made %d steps with another model's %s: %s", r.class(), s.step, name, oneModel)
	}
	for i, t := range kept.tensors {
		if !t.Shape().Eq(w.Shape()) || t.Dtype() != w.Dtype() {
			return fmt.Errorf("train: %s's %s.%s is %v %v, the weight is %v %v: %s", r.class(), s.keeps[i], name, t.Dtype(), t.Shape(), w.Dtype(), w.Shape(), oneModel)
		}
	}
	return nil
}

// weightOf is the name and the memory of what a solver is given; an error goes on
// where "weight 3 " begins.
func weightOf(vg gorgonia.ValueGrad) (string, *tensor.Dense, error) {
	named, ok := vg.(gorgonia.Namer)
	if !ok || isNil(vg) {
		return "", nil, errors.New("is no node with a name: give Program.Gradients, or gorgonia.NodesToValueGrads")
	}
	w, ok := vg.Value().(*tensor.Dense)
	if !ok || w == nil {
		return "", nil, fmt.Errorf("%s has the value %T, must have a tensor: a scalar can be one of shape (1)", named.Name(), vg.Value())
	}
	return named.Name(), w, nil
}

// oneModel is what to do about it.
const oneModel = "an optimizer belongs to one model; make a new one for this"
