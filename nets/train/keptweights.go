package train

import (
	"fmt"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// keptWeights are a copy of a model's weights, in memory that is made once. The
// zero value is of no model and holds nothing.
type keptWeights struct {
	model   *nets.Model
	weights []nets.Weight
}

// of makes room for the weights of a model; nil has none.
func (k *keptWeights) of(m *nets.Model) {
	if m == k.model {
		return
	}
	*k = keptWeights{model: m}
	if m == nil {
		return
	}
	for _, w := range m.Weights {
		k.weights = append(k.weights, nets.Weight{Name: w.Name, Value: w.Value.Clone().(*tensor.Dense)})
	}
}

// keep copies the model's weights.
func (k *keptWeights) keep() {
	for i, w := range k.weights {
		copyDense(w.Value, k.model.Weights[i].Value)
	}
}

// giveBack makes the model's weights what was kept.
func (k *keptWeights) giveBack() {
	for i, w := range k.weights {
		copyDense(k.model.Weights[i].Value, w.Value)
	}
}

// restore keeps a copy of tensors, which must be the model's by name, shape and
// type, or nothing. Without a model there is nothing to keep.
func (k *keptWeights) restore(from []nets.Weight) error {
	if k.model == nil {
		return nil
	}
	given := make(map[string]*tensor.Dense, len(from))
	for _, w := range from {
		given[w.Name] = w.Value
	}
	for _, w := range k.weights {
		v := given[w.Name]
		switch {
		case v == nil:
			return fmt.Errorf("%s is missing among the kept weights", w.Name)
		case !v.Shape().Eq(w.Value.Shape()) || v.Dtype() != w.Value.Dtype():
			return fmt.Errorf("%s is %v %v, the model's is %v %v", w.Name, v.Dtype(), v.Shape(), w.Value.Dtype(), w.Value.Shape())
		}
	}
	if len(from) != len(k.weights) {
		return fmt.Errorf("%d kept weights, the model has %d", len(from), len(k.weights))
	}
	for _, w := range k.weights {
		copyDense(w.Value, given[w.Name])
	}
	return nil
}

// copyDense copies between tensors of one shape and type.
func copyDense(to, from *tensor.Dense) {
	if to.Dtype() == tensor.Float64 {
		copy(to.Float64s(), from.Float64s())
	} else {
		copy(to.Float32s(), from.Float32s())
	}
}
