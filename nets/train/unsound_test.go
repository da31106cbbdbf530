package train

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
)

// wrapped is one of Gorgonia's solvers as an Optimizer.
type wrapped struct {
	gorgonia.Solver
	stateless
	rate float64
}

// stateless is what a solver that lists no state says of it.
type stateless struct{}

func (stateless) State() OptimizerState        { return OptimizerState{} }
func (stateless) Restore(OptimizerState) error { return nil }

func (w *wrapped) LearningRate() float64        { return w.rate }
func (w *wrapped) SetLearningRate(rate float64) { w.rate = rate }

// embedded is one of them by its own type.
type embedded struct {
	*gorgonia.AdaGradSolver
	stateless
	wrapped *wrapped
}

func (e embedded) LearningRate() float64        { return e.wrapped.rate }
func (e embedded) SetLearningRate(rate float64) { e.wrapped.rate = rate }

// TestUnsoundSolversAreRefused by Fit, before it begins; sound ones are not.
func TestUnsoundSolversAreRefused(t *testing.T) {
	for want, opt := range map[string]Optimizer{
		"AdamW never moves a weight":        &wrapped{Solver: gorgonia.NewAdamW()},
		"AdaGradSolver ignores its options": embedded{AdaGradSolver: gorgonia.NewAdaGradSolver()},
	} {
		if err := checkSolver(opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v is not %q", err, want)
		}
	}
	for _, opt := range []Optimizer{&wrapped{Solver: gorgonia.NewVanillaSolver()}, &wrapped{}, NewAdam(0.001)} {
		if err := checkSolver(opt); err != nil {
			t.Error(err)
		}
	}
}
