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
// of several batch sizes share them, and to one model: an Adam that has stepped
// it refuses the weights of another.
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

	step    int
	moments map[string]moment
	settled bool  // whether zeros are zeros
	self    *Adam // where it was at its first step: a copy would share the moments
}

// moment is what Adam remembers of one weight, and the weight; that is nil
// between Restore and the next step.
type moment struct{ m, v, of *tensor.Dense }

var _ Optimizer = (*Adam)(nil)

// NewAdam has Keras's defaults but for the learning rate, which there is 0.001.
func NewAdam(rate float64) *Adam {
	return &Adam{Rate: rate, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7, settled: true}
}

// settle puts defaults in place of zeros, once.
func (a *Adam) settle() {
	if a.settled {
		return
	}
	a.Rate, a.Epsilon = orDefault(a.Rate, 0.001), orDefault(a.Epsilon, 1e-7)
	a.Beta1, a.Beta2 = orDefault(a.Beta1, 0.9), orDefault(a.Beta2, 0.999)
	a.settled = true
}

// LearningRate is Rate.
func (a *Adam) LearningRate() float64 {
	a.settle()
	return a.Rate
}

// SetLearningRate sets Rate.
func (a *Adam) SetLearningRate(rate float64) {
	a.settle()
	a.Rate = rate
}

// Step updates every weight by its gradient. Weights have names, as nodes have.
// It refuses the weights of another model than that of the steps before, and
// settings that are no numbers of Adam's; then it changes nothing.
func (a *Adam) Step(weights []gorgonia.ValueGrad) error {
	a.settle()
	if err := a.check(); err != nil {
		return err
	}
	for i, vg := range weights {
		name, w, err := weightOf(vg)
		if err != nil {
			return fmt.Errorf("train: Adam: weight %d %w", i, err)
		}
		if err := a.knows(name, w); err != nil {
			return err
		}
	}
	a.step, a.self = a.step+1, a
	alpha := a.Rate * math.Sqrt(1-math.Pow(a.Beta2, float64(a.step))) / (1 - math.Pow(a.Beta1, float64(a.step)))
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
	return 1 - float64(a.Rate*a.WeightDecay)
}

func adam[T graph.Float](a *Adam, w *tensor.Dense, grad gorgonia.Value, mom moment, alpha, keep float64) {
	kernel.Adam(graph.Slice[T](w), graph.Slice[T](grad), graph.Slice[T](mom.m), graph.Slice[T](mom.v),
		T(alpha), T(1-a.Beta1), T(1-a.Beta2), T(a.Epsilon), T(keep))
}

func (a *Adam) momentOf(name string, w *tensor.Dense) moment {
	mom, ok := a.moments[name]
	if !ok {
		mom = newMoment(w)
	}
	if mom.of == nil {
		if a.moments == nil {
			a.moments = make(map[string]moment)
		}
		mom.of = w
		a.moments[name] = mom
	}
	return mom
}

func newMoment(like *tensor.Dense) moment {
	size := int(like.MemSize())
	arena := graph.NewArena(size, size)
	return moment{m: arena.Tensor(like.Dtype(), like.Shape()), v: arena.Tensor(like.Dtype(), like.Shape())}
}
