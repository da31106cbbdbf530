package train

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
)

// check says which of Adam's settings is none, or that it is a copy.
func (a *Adam) check() error {
	if a.self != nil && a.self != a {
		return fmt.Errorf("train: this Adam is a copy of one that has made %d steps, and shares its moments: use a pointer to that one, or Restore its State", a.step)
	}
	for _, s := range []struct {
		name   string
		value  float64
		beyond bool
		want   string
	}{
		{"Rate", a.Rate, !(a.Rate >= 0), "0 or more"},
		{"Beta1", a.Beta1, !(a.Beta1 >= 0 && a.Beta1 < 1), "in [0,1)"},
		{"Beta2", a.Beta2, !(a.Beta2 >= 0 && a.Beta2 < 1), "in [0,1)"},
		{"Epsilon", a.Epsilon, !(a.Epsilon >= 0), "0 or more"},
		{"WeightDecay", a.WeightDecay, !(a.WeightDecay >= 0), "0 or more"},
	} {
		if s.beyond || !finite(s.value) {
			return fmt.Errorf("train: Adam's %s is %g: it must be %s", s.name, s.value, s.want)
		}
	}
	return nil
}

// belongs says what keeps a from training m.
func (a *Adam) belongs(m *nets.Model) error {
	a.settle()
	if err := a.check(); err != nil {
		return err
	}
	for _, w := range m.Trained() {
		if err := a.knows(w.Name, w.Value); err != nil {
			return err
		}
	}
	return nil
}

// knows says what keeps a weight from being one of those that a has stepped: as
// in Keras, an optimizer belongs to the weights of its first step. Any are, if
// there was none.
func (a *Adam) knows(name string, w *tensor.Dense) error {
	mom, ok := a.moments[name]
	switch {
	case len(a.moments) == 0 || ok && mom.of == w:
		return nil
	case !ok:
		return fmt.Errorf("train: Adam has made %d steps, but knows no weight %s: %s", a.step, name, oneModel)
	case mom.of != nil:
		return fmt.Errorf("train: Adam has made %d steps with another model's %s: %s", a.step, name, oneModel)
	case !mom.m.Shape().Eq(w.Shape()) || mom.m.Dtype() != w.Dtype():
		return fmt.Errorf("train: Adam's moments of %s are %v %v, the weight is %v %v: %s", name, mom.m.Dtype(), mom.m.Shape(), w.Dtype(), w.Shape(), oneModel)
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
