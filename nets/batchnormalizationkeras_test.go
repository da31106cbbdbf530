package nets_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// numbers are those of testdata/norms/steps.py.
func numbers(into []float64, times, plus, modulo int, scale float64) {
	for n := range into {
		into[n] = float64((n*times+plus)%modulo) / scale
	}
}

// TestNormalizationsAreKeras: 20 steps in float64 have the losses and the moving moments
// that Keras 3.15.1 has, and the network then predicts the same; testdata/norms/steps.py
// has run it.
func TestNormalizationsAreKeras(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/norms/steps.json")
	if err != nil {
		t.Fatal(err)
	}
	var keras map[string]struct {
		Losses []float64
		States [][][]float64
		Logits []float64
	}
	if err := json.Unmarshal(text, &keras); err != nil {
		t.Fatal(err)
	}
	conv := func(filters, side int) nets.Layer { return nets.Conv2D{Filters: filters, Side: side} }
	relu := nets.ReLULayer{} // which BatchNormalization does itself
	for name, net := range map[string]nets.Network{
		"images": {Input: [3]int{6, 5, 2}, Layers: []nets.Layer{conv(3, 3), nets.BatchNormalization{Momentum: 0.9}, relu, conv(4, 2), nets.BatchNormalization{NoScale: true, Epsilon: 0.01}, relu}},
		"rows":   {Input: [3]int{3, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 5}, nets.BatchNormalization{NoCenter: true}, nets.LayerNormalization{}, relu}},
		"pixels": {Input: [3]int{4, 3, 2}, Layers: []nets.Layer{conv(4, 2), nets.LayerNormalization{NoCenter: true, Epsilon: 0.1}, relu}},
		"frozen": {Input: [3]int{6, 5, 2}, Layers: []nets.Layer{conv(3, 3), nets.BatchNormalization{}, relu}, Frozen: []string{"batch_normalization"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := keras[name]
			near := func(what string, got, want float64) {
				if !(math.Abs(got-want) <= 1e-10*(1+math.Abs(want))) {
					t.Fatalf("%s is %v, Keras's %v", what, got, want)
				}
			}
			net.Name = name
			net.Layers = append(net.Layers, nets.Flatten{}, nets.Dense{Units: 3})
			m := newModel(t, net, tensor.Float64)
			for i, w := range m.Trained() {
				switch v := w.Value.Float64s(); {
				case strings.HasSuffix(w.Name, "kernel"):
					numbers(v, 37, 17+i, 101, 100)
					for j := range v {
						v[j] -= 0.5
					}
				case strings.HasSuffix(w.Name, "gamma"):
					numbers(v, 37, 17+i, 101, 100)
					for j := range v {
						v[j] += 0.5
					}
				}
			}
			velocity := make([][]float64, len(m.Trained()))
			for step, loss := range want.Losses {
				rows := 6
				if step == 19 {
					rows = 1
				}
				p, err := m.Program(nets.Training, rows)
				if err != nil {
					t.Fatal(err)
				}
				numbers(graph.Slice[float64](p.Images()), 7919, 104729*step, 1009, 1009)
				for i := range p.Labels() {
					p.Labels()[i] = (i*5 + step) % 3
				}
				for i, g := range gradients(t, p) {
					if velocity[i] == nil {
						velocity[i] = make([]float64, len(g))
					}
					for j, d := range g {
						velocity[i][j] = 0.5*velocity[i][j] - 0.1*d
						m.Trained()[i].Value.Float64s()[j] += velocity[i][j]
					}
				}
				p.UpdateStates()
				near("the loss", p.Loss(), loss)
				for i, s := range m.States() {
					for j, v := range s.Value.Float64s() {
						near(s.Name, v, want.States[step][i][j])
					}
				}
			}
			p, err := m.Program(nets.Prediction, 2)
			if err != nil {
				t.Fatal(err)
			}
			numbers(graph.Slice[float64](p.Images()), 7919, 1, 1009, 1009)
			run(t, p)
			for i, v := range graph.Slice[float64](p.Logits()) {
				near("a logit", v, want.Logits[i])
			}
		})
	}
}
