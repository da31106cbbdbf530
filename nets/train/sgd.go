package train

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// SGD is gradient descent as Keras computes it: plain, with Polyak's momentum or
// with Nesterov's.
//
//	w -= Rate · dw                              plain
//	v  = Momentum · v - Rate · dw,  w += v      with Momentum
//	w += Momentum · v - Rate · dw               in place of w += v, with Nesterov
//
// The zero value has Keras's defaults.
type SGD struct {
	Rate     float64 `json:"learning_rate"` // 0 or more; 0 is 0.01
	Momentum float64 `json:"momentum"`      // how much of a step goes into the next, up to 1; 0 is none
	Nesterov bool    `json:"nesterov"`      // without Momentum it changes nothing

	WeightDecay float64 `json:"weight_decay,omitempty"` // each step first takes Rate · WeightDecay of every kernel away

	slots
}

var _ Optimizer = (*SGD)(nil)

// NewSGD has Keras's defaults but for the learning rate, which there is 0.01.
func NewSGD(rate float64) *SGD { return &SGD{Rate: rate, slots: slots{settled: true}} }

// LearningRate is Rate.
func (o *SGD) LearningRate() float64 {
	o.settle()
	return o.Rate
}

// SetLearningRate sets Rate; 0 is 0.
func (o *SGD) SetLearningRate(rate float64) {
	o.settle()
	o.Rate = rate
}

// State has the slot "momentum" where there is Momentum, else no tensors.
func (o *SGD) State() OptimizerState { return stateOf(o) }

// Restore takes a state of SGD.
func (o *SGD) Restore(s OptimizerState) error { return restore(o, s) }

// Belongs says what keeps o from training m.
func (o *SGD) Belongs(m *nets.Model) error { return belongs(o, m) }

// Step updates every weight by its gradient; what it refuses, [Adam.Step] does.
func (o *SGD) Step(weights []gorgonia.ValueGrad) error {
	if err := begin(o, weights); err != nil {
		return err
	}
	return each(o, weights, func(c change) {
		if c.w.Dtype() == tensor.Float64 {
			sgd[float64](o, c)
		} else {
			sgd[float32](o, c)
		}
	})
}

func sgd[T graph.Float](o *SGD, c change) {
	w, dw, keep := graph.Slice[T](c.w), graph.Slice[T](c.grad), T(undecayed(c.name, o.Rate, o.WeightDecay))
	if len(c.kept) == 0 {
		kernel.SGD(w, dw, T(o.Rate), keep)
		return
	}
	kernel.Momentum(w, dw, graph.Slice[T](c.kept[0]), T(o.Rate), T(o.Momentum), keep, o.Nesterov)
}

func (o *SGD) class() string { return "SGD" }

func (o *SGD) settle() {
	if !o.settled {
		o.Rate, o.settled = orDefault(o.Rate, 0.01), true
	}
}

func (o *SGD) settings() settings {
	return settings{atLeast0("Rate", o.Rate), upTo1("Momentum", o.Momentum), atLeast0("WeightDecay", o.WeightDecay)}
}

func (o *SGD) slotNames() []string {
	if o.Momentum == 0 {
		return nil
	}
	return sgdSlots
}

var sgdSlots = []string{"momentum"}
