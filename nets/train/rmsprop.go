package train

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// RMSprop is Hinton's optimizer (Coursera lecture 6e, 2012) in the form that Keras
// computes: epsilon stands in the root.
//
//	v  = Rho · v + (1 - Rho) · dw²
//	w -= Rate · dw / sqrt(v + Epsilon)
//
// Centered divides by the root of the gradient's variance, v less the square of
// its running mean. Where rounding would make that negative it is 0; Keras's
// weight is NaN from there on. With Momentum what is taken away is a running sum:
// m = Momentum · m + Rate · dw / sqrt(...).
//
// The zero value has Keras's defaults.
type RMSprop struct {
	Rate     float64 `json:"learning_rate"` // 0 or more; 0 is 0.001
	Rho      float64 `json:"rho"`           // how slowly the means forget, below 1; 0 is 0.9
	Momentum float64 `json:"momentum"`      // how much of a step goes into the next, up to 1; 0 is none
	Epsilon  float64 `json:"epsilon"`       // 0 is 1e-7
	Centered bool    `json:"centered"`

	WeightDecay float64 `json:"weight_decay,omitempty"` // each step first takes Rate · WeightDecay of every kernel away

	slots
}

var _ Optimizer = (*RMSprop)(nil)

// NewRMSprop has Keras's defaults but for the learning rate, which there is 0.001.
func NewRMSprop(rate float64) *RMSprop {
	return &RMSprop{Rate: rate, Rho: 0.9, Epsilon: 1e-7, slots: slots{settled: true}}
}

// LearningRate is Rate.
func (o *RMSprop) LearningRate() float64 {
	o.settle()
	return o.Rate
}

// SetLearningRate sets Rate; 0 is 0.
func (o *RMSprop) SetLearningRate(rate float64) {
	o.settle()
	o.Rate = rate
}

// State has the slots "velocity", "momentum" with Momentum, and
// "average_gradient" of one that is Centered.
func (o *RMSprop) State() OptimizerState { return stateOf(o) }

// Restore takes a state of RMSprop.
func (o *RMSprop) Restore(s OptimizerState) error { return restore(o, s) }

// Belongs says what keeps o from training m.
func (o *RMSprop) Belongs(m *nets.Model) error { return belongs(o, m) }

// Step updates every weight by its gradient; what it refuses, [Adam.Step] does.
func (o *RMSprop) Step(weights []gorgonia.ValueGrad) error {
	if err := begin(o, weights); err != nil {
		return err
	}
	return each(o, weights, func(c change) {
		if c.w.Dtype() == tensor.Float64 {
			rmsprop[float64](o, c)
		} else {
			rmsprop[float32](o, c)
		}
	})
}

func rmsprop[T graph.Float](o *RMSprop, c change) {
	var m, a []T
	if o.Momentum > 0 {
		m = graph.Slice[T](c.kept[1])
	}
	if o.Centered {
		a = graph.Slice[T](c.kept[len(c.kept)-1])
	}
	kernel.RMSprop(graph.Slice[T](c.w), graph.Slice[T](c.grad), graph.Slice[T](c.kept[0]), m, a, kernel.RMS[T]{
		Rate: T(o.Rate), Rho: T(o.Rho), Decay: T(1 - o.Rho), Momentum: T(o.Momentum), Eps: T(o.Epsilon),
		Keep: T(undecayed(c.name, o.Rate, o.WeightDecay)),
	})
}

func (o *RMSprop) class() string { return "RMSprop" }

func (o *RMSprop) settle() {
	if o.settled {
		return
	}
	o.Rate, o.Rho, o.Epsilon = orDefault(o.Rate, 0.001), orDefault(o.Rho, 0.9), orDefault(o.Epsilon, 1e-7)
	o.settled = true
}

func (o *RMSprop) settings() settings {
	return settings{atLeast0("Rate", o.Rate), below1("Rho", o.Rho), upTo1("Momentum", o.Momentum),
		atLeast0("Epsilon", o.Epsilon), atLeast0("WeightDecay", o.WeightDecay)}
}

func (o *RMSprop) slotNames() []string {
	names := []string{"velocity"}
	if o.Momentum > 0 {
		names = append(names, "momentum")
	}
	if o.Centered {
		names = append(names, "average_gradient")
	}
	return names
}
