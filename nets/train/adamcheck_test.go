package train_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/train"
)

// TestAnOptimizerBelongsToOneModel: of another one Fit says so before anything
// is called, and Step before anything is changed.
func TestAnOptimizerBelongsToOneModel(t *testing.T) {
	rows := images(10, toy.Input, 3)
	wider := nets.Network{Name: "wider", Input: toy.Input, Layers: []nets.Layer{nets.Dense{Units: 9}, nets.Dense{Units: 3}}}
	longer := nets.Network{Name: "longer", Input: toy.Input, Layers: append(slices.Clone(toy.Layers), nets.Dense{Units: 3})}
	other := nets.Network{Name: "other", Input: toy.Input, Layers: []nets.Layer{nets.Cosines{Units: 3}}}
	other.Layers = append([]nets.Layer{nets.Flatten{}}, other.Layers...)
	for _, ops := range []graph.Ops{graph.Fused, graph.Stock} {
		adam, a := train.NewAdam(0.01), newModel(t, toy, tensor.Float32)
		a.Ops = ops
		for range 2 { // its own model again, also in batches of another size
			if _, err := train.Fit(t.Context(), a, rows, adam, train.Plan{Batch: 4}); err != nil {
				t.Fatal(err)
			}
		}
		steps := adam.State().Step
		for _, net := range []nets.Network{toy, wider, longer, other} {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				b := newModel(t, net, dt)
				before, called := sum(t, b), false
				plan := train.Plan{Batch: 4, Callbacks: []train.Callback{atBegin{do: func() { called = true }}}}
				_, err := train.Fit(t.Context(), b, rows, adam, plan)
				if err == nil || !strings.Contains(err.Error(), "belongs to one model") || called {
					t.Errorf("%s, %v: error %v, begun %v", net.Name, dt, err, called)
				}
				p, err := b.Program(nets.Training, 4)
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Run(); err != nil {
					t.Fatal(err)
				}
				if err := adam.Step(p.Gradients()); err == nil {
					t.Errorf("%s, %v: stepped", net.Name, dt)
				}
				if sum(t, b) != before || adam.State().Step != steps {
					t.Errorf("%s, %v: refused, but the weights or the number of steps have changed", net.Name, dt)
				}
			}
		}
	}
}

// atBegin does something when training begins.
type atBegin struct {
	train.Hooks
	do func()
}

func (c atBegin) TrainBegin(*train.Stats) error { c.do(); return nil }

// TestMomentsMoveToAnotherModelByRestore: this is how a copy of a model goes on.
func TestMomentsMoveToAnotherModelByRestore(t *testing.T) {
	rows := images(10, toy.Input, 3)
	first, adam := newModel(t, toy, tensor.Float32), train.NewAdam(0.01)
	if _, err := train.Fit(t.Context(), first, rows, adam, train.Plan{}); err != nil {
		t.Fatal(err)
	}
	again, heir := newModel(t, toy, tensor.Float32), train.NewAdam(0.01)
	for i, w := range first.Weights {
		copy(again.Weights[i].Value.Float32s(), w.Value.Float32s())
	}
	if err := heir.Restore(copyState(adam.State())); err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		m *nets.Model
		a *train.Adam
	}{{first, adam}, {again, heir}} {
		if _, err := train.Fit(t.Context(), run.m, rows, run.a, train.Plan{}); err != nil {
			t.Fatal(err)
		}
	}
	if sum(t, first) != sum(t, again) {
		t.Error("the copy went on to other weights")
	}
	narrow := newModel(t, nets.Network{Name: "narrow", Input: toy.Input, Layers: []nets.Layer{nets.Dense{Units: 7}, nets.Dense{Units: 3}}}, tensor.Float32)
	if err := heir.Restore(copyState(adam.State())); err != nil {
		t.Fatal(err)
	}
	if _, err := train.Fit(t.Context(), narrow, rows, heir, train.Plan{}); err == nil || !strings.Contains(err.Error(), "dense.kernel") {
		t.Errorf("restored moments of other shapes: error %v", err)
	}
}

// TestTheZeroAdamIsKeras bit for bit, in ten steps; and what was set stays.
func TestTheZeroAdamIsKeras(t *testing.T) {
	steps := func(a *train.Adam) []float64 {
		p := newParam("w", []float64{1, -2, 0}, tensor.Float32)
		for step := range 10 {
			p.setGrad(step)
			if err := a.Step([]gorgonia.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
		}
		return p.values()
	}
	want := steps(train.NewAdam(0.001))
	for name, a := range map[string]*train.Adam{"zero": {}, "a rate": {Rate: 0.001}, "a beta": {Beta1: 0.9}, "an epsilon": {Epsilon: 1e-7}} {
		if got := steps(a); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if a.Rate != 0.001 || a.Beta1 != 0.9 || a.Beta2 != 0.999 || a.Epsilon != 1e-7 || a.WeightDecay != 0 {
			t.Errorf("%s: %+v", name, *a)
		}
	}
	if rate := new(train.Adam).LearningRate(); rate != 0.001 {
		t.Errorf("the first step's rate is %v", rate)
	}
	if got := steps(&train.Adam{Beta1: 0.5}); slices.Equal(got, want) {
		t.Error("a beta that was set has no effect")
	}
}

// TestAZeroThatIsMeant: a schedule that ends at 0, and a NewAdam without a first
// moment's memory.
func TestAZeroThatIsMeant(t *testing.T) {
	still := new(train.Adam)
	still.SetLearningRate(0)
	none := train.NewAdam(0)
	blank := train.NewAdam(0.01)
	blank.Beta1 = 0
	for _, a := range []*train.Adam{still, none} {
		p := newParam("w", []float64{1, -2}, tensor.Float32)
		p.setGrad(1)
		if err := a.Step([]gorgonia.ValueGrad{p}); err != nil || !slices.Equal(p.values(), []float64{1, -2}) || a.LearningRate() != 0 {
			t.Errorf("rate %v, weights %v, error %v", a.LearningRate(), p.values(), err)
		}
	}
	p := newParam("w", []float64{1, -2}, tensor.Float64)
	p.setGrad(1)
	if err := blank.Step([]gorgonia.ValueGrad{p}); err != nil || blank.Beta1 != 0 {
		t.Errorf("beta %v, error %v", blank.Beta1, err)
	}
	if m := blank.State().Tensors[0].Value.Float64s(); !slices.Equal(m, p.grad.Float64s()) {
		t.Errorf("the first moment is %v, want the gradient %v", m, p.grad.Float64s())
	}
}

func TestAdamRefusesSettings(t *testing.T) {
	for want, a := range map[string]train.Adam{
		"Rate is -0.1":        {Rate: -0.1},
		"Rate is NaN":         {Rate: math.NaN()},
		"Rate is +Inf":        {Rate: math.Inf(1)},
		"Beta1 is 1":          {Beta1: 1},
		"Beta2 is 1.5":        {Beta2: 1.5},
		"Beta1 is -0.5":       {Beta1: -0.5},
		"Epsilon is -1e-07":   {Epsilon: -1e-7},
		"WeightDecay is -0.1": {WeightDecay: -0.1},
	} {
		p := newParam("w", []float64{1, -2}, tensor.Float32)
		if err := a.Step([]gorgonia.ValueGrad{p}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Step: error %v, want %q", err, want)
		}
		if _, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), &a, train.Plan{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Fit: error %v, want %q", err, want)
		}
	}
}

// TestAdamRefusesWhatIsNoWeight before it changes anything.
func TestAdamRefusesWhatIsNoWeight(t *testing.T) {
	g := gorgonia.NewGraph()
	scalar := gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithName("scalar"), gorgonia.WithValue(float32(3)))
	empty := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithName("empty"), gorgonia.WithShape(2))
	for want, vg := range map[string]gorgonia.ValueGrad{
		"weight 1 is no node":                                       nil,
		"weight 1 scalar has the value *gorgonia.F32":               scalar,
		"weight 1 empty has the value <nil>, must have a tensor: a": empty,
	} {
		p, a := newParam("w", []float64{1, -2}, tensor.Float32), train.NewAdam(0.1)
		if err := a.Step([]gorgonia.ValueGrad{p, vg}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if s := a.State(); s.Step != 0 || len(s.Tensors) != 0 {
			t.Errorf("%s: Adam has made a step", want)
		}
	}
	lonely := train.OptimizerState{Name: "Adam", Step: 1, Tensors: []nets.Weight{{Name: "m.w"}, {Name: "v.w"}}}
	if err := train.NewAdam(0.1).Restore(lonely); err == nil {
		t.Error("moments without tensors are restored")
	}
}

// TestACopiedAdamIsRefused once there is something that both would change.
func TestACopiedAdamIsRefused(t *testing.T) {
	p, a := newParam("w", []float64{1, -2}, tensor.Float32), train.NewAdam(0.1)
	step := func(a *train.Adam) error { return a.Step([]gorgonia.ValueGrad{p}) }
	before := *a
	if err := step(a); err != nil {
		t.Fatal(err)
	}
	if err := step(&before); err != nil {
		t.Errorf("a copy from before the first step: %v", err)
	}
	after := *a
	if err := step(&after); err == nil || !strings.Contains(err.Error(), "a copy of one that has made 1 steps") {
		t.Errorf("error %v", err)
	}
	if err := after.Restore(train.OptimizerState{Name: "Adam"}); err != nil || step(&after) != nil || step(a) != nil {
		t.Errorf("neither a copy that was restored nor the first one steps: %v", err)
	}
}
