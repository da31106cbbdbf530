package nets_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// scaled is a network of one BatchNormalization, whose logits are its output.
func scaled(n nets.BatchNormalization) nets.Network {
	return nets.Network{Name: "scaled", Input: [3]int{1, 1, 2}, Layers: []nets.Layer{nets.Flatten{}, n}}
}

// TestBatchNormalization by hand: its output, and what the states become.
func TestBatchNormalization(t *testing.T) {
	m := newModel(t, scaled(nets.BatchNormalization{Momentum: 0.75, Epsilon: 0.5}), tensor.Float64)
	weights := make(map[string][]float64)
	for _, w := range m.Weights {
		weights[strings.TrimPrefix(w.Name, "batch_normalization.")] = w.Value.Float64s()
	}
	copy(weights["gamma"], []float64{2, 3})
	copy(weights["beta"], []float64{-1, 1})
	train, err := m.Program(nets.Training, 2)
	if err != nil {
		t.Fatal(err)
	}
	copy(graph.Slice[float64](train.Images()), []float64{1, 4, 3, 8}) // means 2 and 6, variances 1 and 4
	run(t, train)
	train.UpdateStates()
	near := func(what string, got []float64, want ...float64) {
		t.Helper()
		for i, v := range want {
			if math.Abs(got[i]-v) > 1e-12 {
				t.Errorf("%s[%d] is %v, want %v", what, i, got[i], v)
			}
		}
	}
	r, s := 1/math.Sqrt(1.5), 1/math.Sqrt(4.5)
	near("y", graph.Slice[float64](train.Logits()), -2*r-1, -6*s+1, 2*r-1, 6*s+1)
	near("moving_mean", weights["moving_mean"], 0.5, 1.5)
	near("moving_variance", weights["moving_variance"], 1, 1.75)

	// A batch of one row has no variance, and its output is beta.
	one, err := m.Program(nets.Training, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(graph.Slice[float64](one.Images()), []float64{5, 7})
	run(t, one)
	one.UpdateStates()
	near("y of one row", graph.Slice[float64](one.Logits()), -1, 1)
	near("moving_variance of one row", weights["moving_variance"], 0.75, 0.75*1.75)

	eval, err := m.Program(nets.Evaluation, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(graph.Slice[float64](eval.Images()), []float64{5, 7})
	run(t, eval)
	mean, variance := weights["moving_mean"], weights["moving_variance"]
	near("y of evaluation", graph.Slice[float64](eval.Logits()), 2*(5-mean[0])/math.Sqrt(variance[0]+0.5)-1, 3*(7-mean[1])/math.Sqrt(variance[1]+0.5)+1)
}

// TestFrozenBatchNormalization is in inference in training too: it takes its moving
// moments, keeps them, and hands on the gradient.
func TestFrozenBatchNormalization(t *testing.T) {
	net := nets.Network{Name: "x", Input: [3]int{4, 4, 1}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 2, Side: 2}, nets.BatchNormalization{}, nets.Flatten{}, nets.Dense{Units: 3},
	}}
	m := newModel(t, net, tensor.Float64)
	if err := m.Freeze("batch_normalization"); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.States() {
		for i := range s.Value.Float64s() {
			s.Value.Float64s()[i] = 0.5 + float64(i)
		}
	}
	before := make(map[string][]float64)
	for _, w := range m.Weights {
		before[w.Name] = append([]float64(nil), w.Value.Float64s()...)
	}
	p, e := program(t, m, nets.Training, 3), program(t, m, nets.Evaluation, 3)
	grads := gradients(t, p)
	p.UpdateStates()
	run(t, e)
	if p.Loss() != e.Loss() {
		t.Errorf("the loss of training is %v, that of evaluation %v", p.Loss(), e.Loss())
	}
	for _, w := range m.Weights {
		for i, v := range w.Value.Float64s() {
			if v != before[w.Name][i] {
				t.Errorf("%s has changed", w.Name)
			}
		}
	}
	if len(grads) != 4 || len(m.Trained()) != 4 {
		t.Fatalf("%d gradients, %d weights are trained", len(grads), len(m.Trained()))
	}
	const h = 1e-6
	kernel := m.Weights[0].Value.Float64s()
	for i, g := range grads[0] {
		at := kernel[i]
		kernel[i] = at + h
		run(t, e)
		up := e.Loss()
		kernel[i] = at - h
		run(t, e)
		kernel[i] = at
		if d := (up - e.Loss()) / (2 * h); math.Abs(d-g) > 1e-7 {
			t.Errorf("gradient %d is %v, the difference says %v", i, g, d)
		}
	}
}

func TestNormalizationsRefuse(t *testing.T) {
	for want, l := range map[string]nets.Layer{
		"a momentum of 1.5":  nets.BatchNormalization{Momentum: 1.5},
		"an epsilon of -1":   nets.BatchNormalization{Epsilon: -1},
		"an epsilon of -0.5": nets.LayerNormalization{Epsilon: -0.5},
	} {
		_, err := nets.New(nets.Network{Name: "x", Input: [3]int{1, 1, 2}, Layers: []nets.Layer{nets.Flatten{}, l}}, tensor.Float32, source(1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	for text, want := range map[string]string{`{"momentum":0}`: "momentum is 0", `{"epsilon":0}`: "epsilon is 0", `{"momentum":"x"}`: "cannot unmarshal"} {
		if err := json.Unmarshal([]byte(text), new(nets.BatchNormalization)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"epsilon":0}`), new(nets.LayerNormalization)); err == nil {
		t.Error("LayerNormalization takes an epsilon of 0")
	}
}

// TestNormalizationsAreTheirJSON: what is written is read back, and what is not there is
// Keras's default.
func TestNormalizationsAreTheirJSON(t *testing.T) {
	for _, n := range []nets.BatchNormalization{{}, {Momentum: 0.9, Epsilon: 1e-5, NoCenter: true}, {NoScale: true}} {
		var again, bare nets.BatchNormalization
		text, err := json.Marshal(n)
		if err == nil {
			err = json.Unmarshal(text, &again)
		}
		second, _ := json.Marshal(again)
		if err != nil || string(second) != string(text) || again.Momentum != n.Momentum {
			t.Errorf("%s is read as %s, %v", text, second, err)
		}
		if err := json.Unmarshal([]byte("{}"), &bare); err != nil || bare.NoScale || bare.NoCenter || bare.Momentum != 0 {
			t.Errorf("nothing is read as %+v, %v", bare, err)
		}
	}
	var l nets.LayerNormalization
	if err := json.Unmarshal([]byte(`{"epsilon":0.001,"scale":false}`), &l); err != nil || l.Epsilon != 0 || !l.NoScale || l.NoCenter {
		t.Errorf("read as %+v, %v", l, err)
	}
}
