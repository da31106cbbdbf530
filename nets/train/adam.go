package train

import (
	"fmt"
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
// differs for small gradients. Moments belong to a weight's name, so programs
// of several batch sizes share them.
type Adam struct {
	Rate    float64 `json:"learning_rate"`
	Beta1   float64 `json:"beta_1"` // how slowly the first moment forgets
	Beta2   float64 `json:"beta_2"` // how slowly the second one does
	Epsilon float64 `json:"epsilon"`

	WeightDecay float64 `json:"weight_decay,omitempty"` // 0 is plain Adam

	step    int
	moments map[string]moment
}

// moment is what Adam remembers of one weight.
type moment struct{ m, v *tensor.Dense }

var _ Optimizer = (*Adam)(nil)

// NewAdam has Keras's defaults but for the learning rate, which there is 0.001.
func NewAdam(rate float64) *Adam {
	return &Adam{Rate: rate, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7}
}

// LearningRate is Rate.
func (a *Adam) LearningRate() float64 { return a.Rate }

// SetLearningRate sets Rate.
func (a *Adam) SetLearningRate(rate float64) { a.Rate = rate }

// Step updates every weight by its gradient. Weights have names, as nodes have.
func (a *Adam) Step(weights []gorgonia.ValueGrad) error {
	a.step++
	t := float64(a.step)
	alpha := a.Rate * math.Sqrt(1-math.Pow(a.Beta2, t)) / (1 - math.Pow(a.Beta1, t))
	for _, vg := range weights {
		name := vg.(gorgonia.Namer).Name()
		grad, err := vg.Grad()
		if err != nil {
			return fmt.Errorf("train: Adam: %s: %w", name, err)
		}
		w, mom := vg.Value().(*tensor.Dense), a.momentOf(name, vg.Value().(*tensor.Dense))
		if w.Dtype() == tensor.Float64 {
			adam[float64](a, w, grad, mom, alpha, a.keep(name))
		} else {
			adam[float32](a, w, grad, mom, alpha, a.keep(name))
		}
	}
	return nil
}

// keep is what a step leaves of a weight before it moves it.
func (a *Adam) keep(name string) float64 {
	if !nets.IsKernel(name) {
		return 1
	}
	return 1 - a.Rate*a.WeightDecay
}

func adam[T graph.Float](a *Adam, w *tensor.Dense, grad gorgonia.Value, mom moment, alpha, keep float64) {
	kernel.Adam(graph.Slice[T](w), graph.Slice[T](grad), graph.Slice[T](mom.m), graph.Slice[T](mom.v),
		T(alpha), T(1-a.Beta1), T(1-a.Beta2), T(a.Epsilon), T(keep))
}

func (a *Adam) momentOf(name string, w *tensor.Dense) moment {
	mom, ok := a.moments[name]
	if !ok {
		mom = newMoment(w)
		if a.moments == nil {
			a.moments = make(map[string]moment)
		}
		a.moments[name] = mom
	}
	return mom
}

func newMoment(like *tensor.Dense) moment {
	size := int(like.MemSize())
	arena := graph.NewArena(size, size)
	return moment{arena.Tensor(like.Dtype(), like.Shape()), arena.Tensor(like.Dtype(), like.Shape())}
}
