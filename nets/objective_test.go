package nets_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// TestWithDropoutGivesTheOnesThatAreThereTheRate, by whatever name.
func TestWithDropoutGivesTheOnesThatAreThereTheRate(t *testing.T) {
	net := nets.Network{Name: "n", Input: mnist, Layers: []nets.Layer{
		nets.Flatten{}, nets.Dense{Units: 4}, nets.At{Layer: nets.Dropout{Rate: 0.5}, Name: "drop"},
		nets.Dense{Units: 3}, nets.Dropout{Rate: 0.25}, nets.At{Layer: nets.Dense{Units: 2}, Name: "out"},
	}}
	want := net
	want.Layers = slices.Clone(net.Layers)
	want.Layers[2], want.Layers[4] = nets.At{Layer: nets.Dropout{Rate: 0.125}, Name: "drop"}, nets.Dropout{Rate: 0.125}
	if d := nets.SameNetwork(net.WithDropout(0.125), want); d != "" {
		t.Error(d)
	}
	if d := nets.SameNetwork(net.WithDropout(0), net); d != "" {
		t.Error(d)
	}
}

// TestWithDropout: in the places that its comment names, without a weight more.
func TestWithDropout(t *testing.T) {
	for _, c := range []struct {
		net    nets.Network
		params int
		kinds  string
	}{
		{nets.MLP([3]int{28, 28, 1}, 10), 407_050, "Flatten Dense Dropout Dense"},
		{nets.CNN([3]int{28, 28, 1}, 10), 4_738_826, "Conv2D Conv2D Flatten Dropout Dense Dropout Dense"},
	} {
		m, err := nets.New(c.net.WithDropout(0.3), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, l := range m.Layers {
			kinds = append(kinds, reflect.TypeOf(l).Name())
		}
		if got := strings.Join(kinds, " "); got != c.kinds || m.Params() != c.params {
			t.Errorf("%s with %d parameters, want %s with %d", got, m.Params(), c.kinds, c.params)
		}
		if plain := c.net.WithDropout(0); !reflect.DeepEqual(plain, c.net) {
			t.Errorf("a rate of 0 makes %v", plain.Layers)
		}
	}
}

// TestObjective: training and evaluation have the penalty and the smoothing, by
// their formulas, and a model whose objective is taken away has neither.
func TestObjective(t *testing.T) {
	m, err := nets.New(nets.Network{Name: "toy", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dense{Units: 3, Activation: nets.ReLU}, nets.Dense{Units: 3}}},
		tensor.Float64, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	run := func(phase nets.Phase) (loss float64, logits []float64) {
		t.Helper()
		p, err := m.Program(phase, 1)
		if err != nil {
			t.Fatal(err)
		}
		copy(p.Images().(*tensor.Dense).Float64s(), []float64{0.1, 0.9, 0.4, 0.7})
		p.Labels()[0] = 2
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		return p.Loss(), p.Logits().(*tensor.Dense).Float64s()
	}
	for _, w := range m.Weights { // biases too, which the penalty must not see
		for i, v := range w.Value.Float64s() {
			w.Value.Float64s()[i] = v + 0.5
		}
	}
	plain, x := run(nets.Evaluation)
	want := plain + 0.1*(x[2]-(x[0]+x[1]+x[2])/3)
	for _, name := range []int{0, 2} {
		for _, v := range m.Weights[name].Value.Float64s() {
			want += 0.01 * v * v
		}
	}
	m.Objective = nets.Objective{Smoothing: 0.1, L2: 0.01}
	for _, phase := range []nets.Phase{nets.Training, nets.Evaluation} {
		if got, _ := run(phase); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: loss %v, want %v", phase, got, want)
		}
	}
	m.Objective = nets.Objective{}
	if got, _ := run(nets.Evaluation); got != plain {
		t.Errorf("without the objective: loss %v, want %v", got, plain)
	}
}

// lossOf is a Loss that is a function.
type lossOf struct {
	loss func(out *gorgonia.Node) (*gorgonia.Node, func() int)
}

func (l *lossOf) Loss(_ graph.Ops, out, _ *gorgonia.Node) (*gorgonia.Node, func() int, error) {
	loss, hits := l.loss(out)
	return loss, hits, nil
}

// TestLossesThatAreNoneAreRefused in evaluation too, where no gradient asks for a
// scalar.
func TestLossesThatAreNoneAreRefused(t *testing.T) {
	none := func() int { return 0 }
	for want, loss := range map[string]func(*gorgonia.Node) (*gorgonia.Node, func() int){
		"gives no node":          func(*gorgonia.Node) (*gorgonia.Node, func() int) { return nil, none },
		"gives float32 of shape": func(out *gorgonia.Node) (*gorgonia.Node, func() int) { return out, none },
		"gives no function":      func(out *gorgonia.Node) (*gorgonia.Node, func() int) { return gorgonia.Must(gorgonia.Mean(out)), nil },
	} {
		for _, phase := range []nets.Phase{nets.Training, nets.Evaluation} {
			m := newModel(t, foreign, tensor.Float32)
			m.Objective.Loss = &lossOf{loss}
			if _, err := m.Program(phase, 2); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: error %v, want %q", phase, err, want)
			}
		}
	}
}

// TestWhatAProgramDoesNotKnow is said to be nothing, without a panic.
func TestWhatAProgramDoesNotKnow(t *testing.T) {
	m := newModel(t, foreign, tensor.Float32)
	prediction, err := m.Program(nets.Prediction, 1)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := m.Draft(nets.Evaluation, 1)
	if err != nil {
		t.Fatal(err)
	}
	if loss, hits := prediction.Loss(), prediction.Hits(); !math.IsNaN(loss) || hits != -1 || prediction.Labels() != nil {
		t.Errorf("a program for prediction has loss %v, %d hits and labels %v", loss, hits, prediction.Labels())
	}
	if !math.IsNaN(draft.Loss()) || draft.Labels() != nil || draft.Probabilities() != nil {
		t.Errorf("a draft has loss %v, labels %v, probabilities %v", draft.Loss(), draft.Labels(), draft.Probabilities())
	}
	m.Noise = nil
	_, training := m.Program(nets.Training, 1)
	_, none := nets.NewPredictor(nil).Predict([]float32{1})
	_, zero := nets.NewPredictor(&nets.Model{}).Predict([]float32{1})
	_, dtype := nets.New(foreign, tensor.Dtype{}, source(1))
	for i, err := range []error{(&nets.Program{}).Run(), training, none, zero, dtype, m.Take(nil), nets.CopyTrunk(foreign, m, nil)} {
		if err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("%d: error %v", i, err)
		}
	}
}
