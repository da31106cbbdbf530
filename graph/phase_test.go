package graph_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// moody is a graph of Gorgonia's BatchNorm and Dropout over x = ((0), (2)).
type moody struct {
	*graph.Machine
	norm, drop *gorgonia.Node
	op         *gorgonia.BatchNormOp
}

func newMoody(t *testing.T, set func(m moody) error, phase ...graph.Phase) (m moody) {
	t.Helper()
	machine, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		x := graph.NewParam(g, "x", tensorOf(tensor.Shape{2, 1}, 0.0, 2))
		one, none := graph.NewParam(g, "scale", tensorOf(tensor.Shape{1, 1}, 1.0)), graph.NewParam(g, "shift", tensorOf(tensor.Shape{1, 1}, 0.0))
		if m.norm, _, _, m.op, err = gorgonia.BatchNorm(x, one, none, 0.5, 0); err != nil {
			return err
		}
		ones := make([]float64, 100)
		for i := range ones {
			ones[i] = 1
		}
		if m.drop, err = gorgonia.Dropout(graph.NewParam(g, "ones", tensorOf(tensor.Shape{1, 100}, ones...)), 0.5); err != nil {
			return err
		}
		return set(m)
	}, phase...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Close() })
	m.Machine = machine
	return m
}

// run returns what BatchNorm makes of x, and whether Dropout drops.
func (m moody) run(t *testing.T) (y []float64, drops bool) {
	t.Helper()
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	for _, v := range graph.Slice[float64](m.norm.Value()) {
		y = append(y, math.Round(1e6*v)/1e6)
	}
	return y, slices.Contains(graph.Slice[float64](m.drop.Value()), 0)
}

// TestPhase: Build's phase is that of every op, whatever it was; without one, ops
// stay as they are.
func TestPhase(t *testing.T) {
	setTo := func(training bool) func(moody) error {
		return func(m moody) error {
			if err := m.drop.Op().(gorgonia.TrainModeOp).SetTraining(training); err != nil {
				return err
			}
			return m.op.SetTraining(training)
		}
	}
	asMade := func(moody) error { return nil }
	for name, c := range map[string]struct {
		set      func(moody) error
		phase    []graph.Phase
		training bool
	}{
		"as made":               {asMade, nil, true},
		"set to evaluation":     {setTo(false), nil, false},
		"set to training":       {setTo(true), []graph.Phase{graph.AsSet}, true},
		"built to train":        {setTo(false), []graph.Phase{graph.Training}, true},
		"built to evaluate":     {asMade, []graph.Phase{graph.Evaluation}, false},
		"evaluates in any case": {setTo(true), []graph.Phase{graph.Evaluation}, false},
	} {
		t.Run(name, func(t *testing.T) {
			want := []float64{-1, 1} // by the batch's mean 1 and deviation 1
			if !c.training {
				want = []float64{0, 2} // by a mean of 0 and a deviation of 1
			}
			y, drops := newMoody(t, c.set, c.phase...).run(t)
			if !slices.Equal(y, want) || drops != c.training {
				t.Errorf("BatchNorm gives %v, want %v; Dropout drops: %v", y, want, drops)
			}
		})
	}
}

// TestStatisticsStay: those that BatchNorm was given are not reset by Build, and
// training goes on from them.
func TestStatisticsStay(t *testing.T) {
	given := func(m moody) error {
		return m.op.SetStats(tensorOf(tensor.Shape{1}, -2.0), tensorOf(tensor.Shape{1}, 4.0))
	}
	if y, _ := newMoody(t, given, graph.Evaluation).run(t); !slices.Equal(y, []float64{1, 2}) {
		t.Errorf("by a mean of -2 and a deviation of 2: %v, want [1 2]", y)
	}
	m := newMoody(t, given, graph.Training)
	m.run(t)
	mean, _ := m.op.Stats()
	if got := graph.Slice[float64](mean.(*tensor.Dense))[0]; got != -0.5 {
		t.Errorf("the running mean of -2 and a batch's 1 is %v, want -0.5", got)
	}
}
