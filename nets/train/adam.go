package train

import (
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// Adam is Kingma and Ba's optimizer (2015) in the form that Keras computes:
// epsilon-hat of their section 2, beside the uncorrected second moment.
//
//	alpha = Rate · sqrt(1 - Beta2^t) / (1 - Beta1^t)
//	w    -= alpha · m / (sqrt(v) + Epsilon)
//
// With WeightDecay it is AdamW (Loshchilov and Hutter, 2019), in PyTorch's and
// Keras's form: each step first takes Rate · WeightDecay of every kernel away.
// Biases do not decay; see nets.IsKernel.
//
// Gorgonia's own AdamSolver puts epsilon beside the corrected moment, which
// differs for small gradients.
//
// The zero value has Keras's defaults, which take the place of zeros when it is
// first used. The fields of NewAdam's mean what they say, zeros too, and so does
// SetLearningRate(0).
type Adam struct {
	Rate    float64 `json:"learning_rate"` // 0 or more; 0 is 0.001
	Beta1   float64 `json:"beta_1"`        // how slowly the first moment forgets, below 1; 0 is 0.9
	Beta2   float64 `json:"beta_2"`        // how slowly the second one does, below 1; 0 is 0.999
	Epsilon float64 `json:"epsilon"`       // 0 is 1e-7

	WeightDecay float64 `json:"weight_decay,omitempty"` // 0 is plain Adam; Keras's AdamW has 0.004

	slots
}

var _ Optimizer = (*Adam)(nil)

// NewAdam has Keras's defaults but for the learning rate, which there is 0.001.
func NewAdam(rate float64) *Adam {
	return &Adam{Rate: rate, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7, slots: slots{settled: true}}
}

// NewAdamW is Keras's AdamW, whose defaults are 0.001 and 0.004, with its
// exclude_from_weight_decay for the biases: an Adam with a WeightDecay.
func NewAdamW(rate, weightDecay float64) *Adam {
	a := NewAdam(rate)
	a.WeightDecay = weightDecay
	return a
}

// LearningRate is Rate.
func (a *Adam) LearningRate() float64 {
	a.settle()
	return a.Rate
}

// SetLearningRate sets Rate; 0 is 0.
func (a *Adam) SetLearningRate(rate float64) {
	a.settle()
	a.Rate = rate
}

// State has the slots "m" and "v", the moments.
func (a *Adam) State() OptimizerState { return stateOf(a) }

// Restore takes a state of Adam, with WeightDecay or without.
func (a *Adam) Restore(s OptimizerState) error { return restore(a, s) }

// Belongs says what keeps a from training m.
func (a *Adam) Belongs(m *nets.Model) error { return belongs(a, m) }

// Step updates every weight by its gradient. Weights have names, as nodes have.
// It refuses the weights of another model than that of the steps before, and
// settings that are no numbers of Adam's; then it changes nothing.
func (a *Adam) Step(weights []gorgonia.ValueGrad) error {
	if err := begin(a, weights); err != nil {
		return err
	}
	alpha := a.Rate * math.Sqrt(1-math.Pow(a.Beta2, float64(a.step))) / (1 - math.Pow(a.Beta1, float64(a.step)))
	return each(a, weights, func(c change) {
		if c.w.Dtype() == tensor.Float64 {
			adam[float64](a, c, alpha)
		} else {
			adam[float32](a, c, alpha)
		}
	})
}

func adam[T graph.Float](a *Adam, c change, alpha float64) {
	kernel.Adam(graph.Slice[T](c.w), graph.Slice[T](c.grad), graph.Slice[T](c.kept[0]), graph.Slice[T](c.kept[1]),
		T(alpha), T(1-a.Beta1), T(1-a.Beta2), T(a.Epsilon), T(undecayed(c.name, a.Rate, a.WeightDecay)))
}

func (a *Adam) class() string { return "Adam" }

func (a *Adam) settle() {
	if a.settled {
		return
	}
	a.Rate, a.Epsilon = orDefault(a.Rate, 0.001), orDefault(a.Epsilon, 1e-7)
	a.Beta1, a.Beta2 = orDefault(a.Beta1, 0.9), orDefault(a.Beta2, 0.999)
	a.settled = true
}

func (a *Adam) settings() settings {
	return settings{atLeast0("Rate", a.Rate), below1("Beta1", a.Beta1), below1("Beta2", a.Beta2),
		atLeast0("Epsilon", a.Epsilon), atLeast0("WeightDecay", a.WeightDecay)}
}

func (a *Adam) slotNames() []string { return adamSlots }

var adamSlots = []string{"m", "v"}
