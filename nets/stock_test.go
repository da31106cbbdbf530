package nets_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// moody is a layer of Gorgonia's ops that have a mode. Statistics are those of
// BatchNorm outside of training, if they are set.
type moody struct {
	Statistics [2]float64 // mean and variance
}

func (l moody) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	scale := b.Weight("scale", nets.Zeros, nets.Fans{}, 1, x.Shape()[1])
	shift := b.Weight("shift", nets.Zeros, nets.Fans{}, 1, x.Shape()[1])
	y, _, _, op, err := gorgonia.BatchNorm(x, scale, shift, 0.1, 1e-3)
	if err == nil && b.Phase != nets.Training && l.Statistics[1] != 0 {
		statistics := func(v float64) tensor.Tensor {
			return tensor.New(tensor.WithShape(x.Shape()[1]), tensor.WithBacking(slices.Repeat([]float64{v}, x.Shape()[1])))
		}
		err = op.SetStats(statistics(l.Statistics[0]), statistics(l.Statistics[1]))
	}
	if err != nil {
		return nil, err
	}
	return gorgonia.Dropout(gorgonia.Must(gorgonia.Add(x, y)), 0.5)
}

// TestStockOpsKnowThePhase: Gorgonia's Dropout drops while training, and is nothing
// in evaluation and prediction, where an image does not depend on those beside it.
func TestStockOpsKnowThePhase(t *testing.T) {
	m := newModel(t, nets.Network{Name: "moody", Input: [3]int{4, 4, 1}, Layers: []nets.Layer{nets.Flatten{}, moody{[2]float64{0.5, 2}}, nets.Dense{Units: 2}}}, tensor.Float64)
	weight := func(name string, v float64) {
		i := slices.IndexFunc(m.Weights, func(w nets.Weight) bool { return w.Name == name })
		for j := range m.Weights[i].Value.Float64s() {
			m.Weights[i].Value.Float64s()[j] = v
		}
	}
	weight("moody.scale", 1)
	for phase, same := range map[nets.Phase]bool{nets.Training: false, nets.Evaluation: true, nets.Prediction: true} {
		p := program(t, m, phase, 8)
		run(t, p)
		once := slices.Clone(graph.Slice[float64](p.Logits()))
		run(t, p)
		if got := slices.Equal(once, graph.Slice[float64](p.Logits())); got != same {
			t.Errorf("%v: two runs are the same: %v", phase, got)
		}
		if phase == nets.Training {
			continue
		}
		images := graph.Slice[float64](p.Images())
		for i := range images[16:] {
			images[16+i] = 100
		}
		run(t, p)
		if got := graph.Slice[float64](p.Logits())[:2]; !slices.Equal(got, once[:2]) {
			t.Errorf("%v: the first image's logits are %v, and %v beside others", phase, got, once[:2])
		}
	}
}

// TestStatisticsOfAnotherGraph: BatchNorm predicts with those that it was given, and
// not with none.
func TestStatisticsOfAnotherGraph(t *testing.T) {
	m := newModel(t, nets.Network{Name: "moody", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, moody{}, nets.Dense{Units: 2}}}, tensor.Float64)
	program(t, m, nets.Training, 3)
	for _, phase := range []nets.Phase{nets.Evaluation, nets.Prediction} {
		if _, err := m.Program(phase, 3); err == nil || !strings.Contains(err.Error(), "has no running statistics") {
			t.Errorf("%v: %v", phase, err)
		}
	}
	if _, err := nets.NewPredictor(m).Predict(make([]float32, 4)); err == nil {
		t.Error("it predicts without statistics")
	}
}

// TestStockSolvers holds what Gradients says of Gorgonia's solvers against them: by
// how much the first weight moves in two steps.
func TestStockSolvers(t *testing.T) {
	const rate = 0.25
	option := gorgonia.WithLearnRate(rate)
	for name, c := range map[string]struct {
		solver gorgonia.Solver
		want   func(g1, g2 float64) float64 // of the gradients at each step
	}{
		"Vanilla": {gorgonia.NewVanillaSolver(option), func(g1, g2 float64) float64 { return -rate * (g1 + g2) }},
		"Adam": {gorgonia.NewAdamSolver(option), func(g1, g2 float64) float64 {
			step := func(m, v float64) float64 { return rate * m / (math.Sqrt(v) + 1e-8) }
			return -step(g1, g1*g1) - step((.9*.1*g1+.1*g2)/(1-.9*.9), (.999*.001*g1*g1+.001*g2*g2)/(1-.999*.999))
		}},
		"Momentum": {gorgonia.NewMomentum(option, gorgonia.WithMomentum(0.5)), func(g1, g2 float64) float64 { return -rate * (g1 + g1/2 + g2) }},
		"RMSProp": {gorgonia.NewRMSPropSolver(option), func(g1, g2 float64) float64 {
			v := .001 * g1 * g1
			return -rate*g1/math.Sqrt(v+1e-8) - rate*g2/math.Sqrt(.999*v+.001*g2*g2+1e-8)
		}},
		"AdamW": {gorgonia.NewAdamW(option), func(float64, float64) float64 { return 0 }},
		"AdaGrad": {gorgonia.NewAdaGradSolver(option), func(g1, g2 float64) float64 {
			return -.001*g1/math.Sqrt(g1*g1+1e-8) - .001*g2/math.Sqrt(g1*g1+g2*g2+1e-8)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, nets.Network{Name: "tiny", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}}}, tensor.Float64)
			p := program(t, m, nets.Training, 3)
			w := m.Weights[0].Value.Float64s()
			from, g1 := w[0], gradients(t, p)[0][0]
			if err := c.solver.Step(p.Gradients()); err != nil {
				t.Fatal(err)
			}
			g2 := gradients(t, p)[0][0]
			if err := c.solver.Step(p.Gradients()); err != nil {
				t.Fatal(err)
			}
			if got, want := w[0]-from, c.want(g1, g2); math.Abs(got-want) > 1e-6*math.Abs(want) {
				t.Errorf("the weight moves by %v, want %v", got, want)
			}
		})
	}
	m := newModel(t, nets.MLP([3]int{2, 2, 1}, 2), tensor.Float32)
	p := program(t, m, nets.Training, 3)
	run(t, p)
	solver := gorgonia.NewBarzilaiBorweinSolver(option)
	err := solver.Step(p.Gradients())
	if err == nil {
		run(t, p)
		err = solver.Step(p.Gradients())
	}
	if err == nil {
		t.Error("BarzilaiBorwein takes float32")
	}
}
