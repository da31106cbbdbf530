package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/train"
)

// param is a weight with a gradient, as a node has them.
type param struct {
	name    string
	w, grad *tensor.Dense
}

func (p param) Name() string                  { return p.name }
func (p param) Value() gorgonia.Value         { return p.w }
func (p param) Grad() (gorgonia.Value, error) { return p.grad, nil }
func (p param) values() []float64             { return floats(p.w) }
func newParam(name string, values []float64, dt tensor.Dtype) param {
	return param{name, dense(values, dt), dense(make([]float64, len(values)), dt)}
}

func dense(values []float64, dt tensor.Dtype) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(len(values)), tensor.WithBacking(slices.Clone(values)))
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(len(values)), tensor.WithBacking(narrow))
}

// floats copies a tensor's elements.
func floats(d *tensor.Dense) []float64 {
	if d.Dtype() == tensor.Float64 {
		return slices.Clone(d.Float64s())
	}
	wide := make([]float64, d.Shape().TotalSize())
	for i, v := range d.Float32s() {
		wide[i] = float64(v)
	}
	return wide
}

// setGrad draws the gradients of a step: of every size, some far below epsilon,
// some zero.
func (p param) setGrad(step int) {
	rng := rand.New(rand.NewPCG(uint64(step), 5))
	for i := range p.grad.Shape().TotalSize() {
		g := rng.NormFloat64() * math.Pow(10, float64(rng.IntN(12)-9))
		if rng.IntN(10) == 0 {
			g = 0
		}
		if p.grad.Dtype() == tensor.Float64 {
			p.grad.Float64s()[i] = g
		} else {
			p.grad.Float32s()[i] = float32(g)
		}
	}
}

// kerasAdam is Keras's update of one weight in textbook form, in float64:
//
//	m = b1·m + (1-b1)·g,  v = b2·v + (1-b2)·g²
//	w = w - rate · sqrt(1-b2^t) / (1-b1^t) · m / (sqrt(v) + 1e-7)
func kerasAdam(t int, rate, g, w float64, m, v *float64) float64 {
	*m = 0.9**m + 0.1*g
	*v = 0.999**v + 0.001*g*g
	alpha := rate * math.Sqrt(1-math.Pow(0.999, float64(t))) / (1 - math.Pow(0.9, float64(t)))
	return w - alpha**m/(math.Sqrt(*v)+1e-7)
}

func TestAdamIsKeras(t *testing.T) {
	const n = 500
	start := make([]float64, n)
	for _, c := range []struct {
		dt    tensor.Dtype
		bound float64 // of a weight, after steps of 0.01 or so; a 1-beta taken from float32's beta is off by 7e-8 a step
	}{{tensor.Float32, 5e-8}, {tensor.Float64, 1e-14}} {
		a, p := train.NewAdam(0.01), newParam("w", start, c.dt)
		want, m, v := slices.Clone(start), make([]float64, n), make([]float64, n)
		for step := 1; step <= 30; step++ {
			p.setGrad(step)
			for i, g := range floats(p.grad) {
				want[i] = kerasAdam(step, 0.01, g, want[i], &m[i], &v[i])
			}
			if err := a.Step([]gorgonia.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
			for i, got := range p.values() {
				if !(math.Abs(got-want[i]) <= c.bound) {
					t.Fatalf("%v, step %d: w[%d] is %.17g, Keras's %.17g", c.dt, step, i, got, want[i])
				}
			}
		}
	}
}

// copyState is a state as a file would keep it.
func copyState(s train.OptimizerState) train.OptimizerState {
	s.Tensors = slices.Clone(s.Tensors)
	for i, w := range s.Tensors {
		s.Tensors[i].Value = w.Value.Clone().(*tensor.Dense)
	}
	return s
}

func TestAdamGoesOnFromASavedState(t *testing.T) {
	run := func(a *train.Adam, ps []gorgonia.ValueGrad, from, to int) {
		for step := from; step <= to; step++ {
			for _, p := range ps {
				p.(param).setGrad(step)
			}
			if err := a.Step(ps); err != nil {
				t.Fatal(err)
			}
		}
	}
	start := []float64{1, -2, 3, 0.5}
	whole := []gorgonia.ValueGrad{newParam("b", start, tensor.Float32), newParam("a", start[:2], tensor.Float32)}
	run(train.NewAdam(0.01), whole, 1, 20)

	halves := []gorgonia.ValueGrad{newParam("b", start, tensor.Float32), newParam("a", start[:2], tensor.Float32)}
	first := train.NewAdam(0.01)
	run(first, halves, 1, 9)
	state := copyState(first.State())
	var names []string
	for _, w := range state.Tensors {
		names = append(names, w.Name)
	}
	if got := strings.Join(names, " "); got != "m.a v.a m.b v.b" || state.Step != 9 {
		t.Errorf("the state holds %s after step %d", got, state.Step)
	}
	second := train.NewAdam(0.01)
	if err := second.Restore(state); err != nil {
		t.Fatal(err)
	}
	run(second, halves, 10, 20)
	for i := range whole {
		if got, want := halves[i].(param).values(), whole[i].(param).values(); !slices.Equal(got, want) {
			t.Errorf("interrupted %v, uninterrupted %v", got, want)
		}
	}
}

func TestAdamRefusesAStateWithoutPartners(t *testing.T) {
	a, p := train.NewAdam(0.01), newParam("w", []float64{1, 2}, tensor.Float32)
	p.setGrad(1)
	if err := a.Step([]gorgonia.ValueGrad{p}); err != nil {
		t.Fatal(err)
	}
	good := copyState(a.State())
	three, wide := dense(make([]float64, 3), tensor.Float32), dense(make([]float64, 2), tensor.Float64)
	m, v := good.Tensors[0], good.Tensors[1]
	for name, moments := range map[string][]nets.Weight{
		"no v":              {m},
		"no m":              {v},
		"v of a neighbour":  {m, {Name: "v.x", Value: v.Value}},
		"another shape":     {m, {Name: "v.w", Value: three}},
		"another type":      {m, {Name: "v.w", Value: wide}},
		"a strange name":    {m, v, {Name: "w", Value: three}},
		"the same m twice":  {m, m, v},
		"both twice":        {m, m, v, v},
		"m and v, no names": {{Value: m.Value}, {Value: v.Value}},
	} {
		b := train.NewAdam(0.01)
		if err := b.Restore(train.OptimizerState{Name: "Adam", Step: 3, Tensors: moments}); err == nil {
			t.Errorf("%s: not refused", name)
		}
		if s := b.State(); s.Step != 0 || len(s.Tensors) != 0 {
			t.Errorf("%s: refused, but now at step %d with %d moments", name, s.Step, len(s.Tensors))
		}
	}
	if err := train.NewAdam(0.01).Restore(good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestProgramsShareMoments trains with programs of two batch sizes in turn and
// holds the weights, bit for bit, against an Adam that knows of no programs.
func TestProgramsShareMoments(t *testing.T) {
	m, rows := newModel(t, toy, tensor.Float32), images(10, toy.Input, 3)
	var plain []gorgonia.ValueGrad
	for _, w := range m.Weights {
		plain = append(plain, newParam(w.Name, floats(w.Value), tensor.Float32))
	}
	spy := &spy{Adam: train.NewAdam(0.001), twin: train.NewAdam(0.001), plain: plain}
	if _, err := train.Fit(t.Context(), m, rows, spy, train.Plan{Epochs: 2, Batch: 4}); err != nil {
		t.Fatal(err)
	}
	if s := spy.State(); s.Step != 6 || len(s.Tensors) != 2*len(m.Weights) {
		t.Errorf("%d moments after %d steps, want 2 for each of the %d weights after 6", len(s.Tensors), s.Step, len(m.Weights))
	}
	for i, w := range m.Weights {
		if !slices.Equal(floats(w.Value), plain[i].(param).values()) {
			t.Errorf("%s: not what one Adam over all steps gives", w.Name)
		}
	}
}

// spy is an Adam that hands each gradient on to a twin with weights of its own.
type spy struct {
	*train.Adam
	twin  *train.Adam
	plain []gorgonia.ValueGrad
}

func (s *spy) Step(weights []gorgonia.ValueGrad) error {
	for i, vg := range weights {
		grad, err := vg.Grad()
		if err != nil {
			return fmt.Errorf("spy: %w", err)
		}
		copy(s.plain[i].(param).grad.Float32s(), graph.Slice[float32](grad))
	}
	if err := s.twin.Step(s.plain); err != nil {
		return err
	}
	return s.Adam.Step(weights)
}
