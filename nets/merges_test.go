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

// merging is the network of testdata/merges/merges.py.
func merging() nets.Network {
	n := nets.Network{Name: "merging", Input: [3]int{4, 4, 2}}
	conv := func(name string) nets.At { return nets.At{Layer: nets.Conv2D{Filters: 3, Side: 1}, Name: name} }
	normal := n.Then(nets.Normalization{Mean: []float64{0.5, 0.25}, Variance: []float64{0.25, 4}})
	a := n.Then(conv("a"), normal)
	b := n.Then(conv("b"), n.Then(nets.Rescaling{Scale: 2, Offset: -0.5}, "image"))
	m := n.Then(nets.Multiply{}, a, b)
	s := n.Then(nets.Subtract{}, a, b)
	v := n.Then(nets.Average{}, a, b, m)
	largest := n.Then(nets.Maximum{}, a, b, s)
	least := n.Then(nets.Minimum{}, m, v)
	n.Then(nets.Add{}, m, s, v, largest, least)
	x := n.Then(nets.ReLULayer{})
	n.Then(nets.Flatten{}, a)
	n.Then(nets.At{Layer: nets.Dense{Units: 3}, Name: "gate"})
	gate := n.Then(nets.Reshape{To: []int{1, -1, 3}})
	x = n.Then(nets.Multiply{}, x, gate)
	n.Then(nets.Concatenate{}, x, a)
	n.Then(nets.ZeroPadding2D{Padding: nets.Sides{{0, 1}, {2, 0}}})
	n.Then(conv("c"))
	n.Then(nets.Cropping2D{Cropping: nets.Sides{{1, 0}, {0, 2}}})
	n.Then(nets.Normalization{Mean: []float64{0.25}, Variance: []float64{4}, Invert: true})
	n.Then(nets.Flatten{})
	n.Then(nets.At{Layer: nets.Dense{Units: 3}, Name: "out"})
	return n
}

// reference is what a script under testdata has found of a network in Keras.
type reference struct {
	Images             []float64
	Labels             []int
	Weights, Gradients map[string][]float64
	Logits             []float64
	Loss, Evaluated    float64 // in training, and in an evaluation
}

func readReference(t *testing.T, path string) (r reference) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// hold holds a network's loss and gradients against the reference's.
func (r reference) hold(t *testing.T, net nets.Network, ops graph.Ops) {
	t.Helper()
	m := newModel(t, net, tensor.Float64)
	m.Ops = ops
	for _, w := range m.Weights {
		copy(w.Value.Float64s(), r.Weights[w.Name])
	}
	p := r.run(t, m, nets.Training)
	near(t, "logits", graph.Slice[float64](p.Logits()), r.Logits)
	near(t, "loss", []float64{p.Loss()}, []float64{r.Loss})
	for i, g := range p.Gradients() {
		dw, err := g.Grad()
		if err != nil {
			t.Fatal(err)
		}
		name := m.Trained()[i].Name
		near(t, name, graph.Slice[float64](dw), r.Gradients[name])
	}
	if r.Evaluated != 0 {
		near(t, "evaluation", []float64{r.run(t, m, nets.Evaluation).Loss()}, []float64{r.Evaluated})
	}
}

// run runs a program on the reference's images.
func (r reference) run(t *testing.T, m *nets.Model, phase nets.Phase) *nets.Program {
	t.Helper()
	p, err := m.Program(phase, len(r.Labels))
	if err != nil {
		t.Fatal(err)
	}
	copy(graph.Slice[float64](p.Images()), r.Images)
	copy(p.Labels(), r.Labels)
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	return p
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, Keras has %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-10*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: number %d is %v, Keras says %v", what, i, got[i], want[i])
		}
	}
}

// TestMergesAreKerass, forward and by their gradients.
func TestMergesAreKerass(t *testing.T) {
	r := readReference(t, "merges/merges.json")
	r.hold(t, merging(), graph.Fused)
	r.hold(t, merging(), graph.Stock)
}

// TestAReLUBehindAddIsItsOwn: it is one op with it.
func TestAReLUBehindAddIsItsOwn(t *testing.T) {
	p, err := newModel(t, merging(), tensor.Float64).Program(nets.Prediction, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range p.Parts() {
		if part.Name == "add" && !strings.Contains(graph.Of(part.Out).String(), "ReLU:true") {
			t.Errorf("add is %v", graph.Of(part.Out))
		}
	}
}
