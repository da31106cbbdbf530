package train_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/pythontest"
	"stheno/nets/train"
)

// optimizerCase is an optimizer in one of its forms.
type optimizerCase struct {
	name, class string // Keras's
	make        func() train.Optimizer
}

// optimizerCases are all forms of all optimizers. Keras casts momentum, betas and
// decay to float32 on their way to float64, so they are numbers of float32 here,
// but for the last case.
func optimizerCases() []optimizerCase {
	adam := func(decay float64) func() train.Optimizer {
		return func() train.Optimizer {
			o := train.NewAdamW(0.01, decay)
			o.Beta1, o.Beta2 = 1-1.0/8, 1-1.0/1024
			return o
		}
	}
	sgd := func(momentum float64, nesterov bool, decay float64) func() train.Optimizer {
		return func() train.Optimizer {
			o := train.NewSGD(0.01)
			o.Momentum, o.Nesterov, o.WeightDecay = momentum, nesterov, decay
			return o
		}
	}
	rms := func(momentum float64, centered bool, decay float64) func() train.Optimizer {
		return func() train.Optimizer {
			o := train.NewRMSprop(0.01)
			o.Momentum, o.Centered, o.WeightDecay = momentum, centered, decay
			return o
		}
	}
	return []optimizerCase{
		{"SGD", "SGD", sgd(0, false, 0)},
		{"SGD with momentum", "SGD", sgd(0.875, false, 0)},
		{"SGD with Nesterov's momentum", "SGD", sgd(0.875, true, 0)},
		{"SGD of Nesterov without momentum", "SGD", sgd(0, true, 0)},
		{"SGD with weight decay", "SGD", sgd(0.875, true, 0.125)},
		{"RMSprop", "RMSprop", rms(0, false, 0)},
		{"RMSprop with momentum", "RMSprop", rms(0.875, false, 0)},
		{"RMSprop, centered", "RMSprop", rms(0, true, 0)},
		{"RMSprop, centered, with momentum", "RMSprop", rms(0.875, true, 0)},
		{"RMSprop with weight decay", "RMSprop", rms(0, false, 0.125)},
		{"Adam", "Adam", adam(0)},
		{"AdamW", "AdamW", adam(0.125)},
		{"Adam with its defaults", "Adam", func() train.Optimizer { return new(train.Adam) }},
	}
}

// toyWeights are a kernel and a bias, each with its gradient.
func toyWeights(dt tensor.Dtype) []gorgonia.ValueGrad {
	numbers := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = math.Sin(float64(3 * i))
		}
		return v
	}
	return []gorgonia.ValueGrad{newParam("dense.kernel", numbers(24), dt), newParam("dense.bias", numbers(5), dt)}
}

// stepToys makes the steps from one to another, at a rate that changes.
func stepToys(t *testing.T, opt train.Optimizer, weights []gorgonia.ValueGrad, from, to int, after func(step int)) {
	t.Helper()
	for step := from; step <= to; step++ {
		for _, w := range weights {
			w.(param).setGrad(step)
		}
		opt.SetLearningRate(toyRate(step))
		if err := opt.Step(weights); err != nil {
			t.Fatal(err)
		}
		after(step)
	}
}

func toyRate(step int) float64 { return 0.01 * math.Pow(0.95, float64(step/10)) }

func noCheck(int) {}

// kerasTask is what keras_optimizers.py reads.
type kerasTask struct {
	Start      [][]float64   `json:"start"`
	Gradients  [][][]float64 `json:"gradients"`
	Rates      []float64     `json:"rates"`
	Optimizers []kerasMaking `json:"optimizers"`
}

type kerasMaking struct {
	Class    string          `json:"class"`
	Settings json.RawMessage `json:"settings"`
}

// TestOptimizersAreKeras holds 50 steps in float64 against Keras's own, which is
// made from our settings, and our defaults against its. Most have its bits; decay
// and Adam's step size are the same few operations in another order.
func TestOptimizersAreKeras(t *testing.T) {
	python := pythontest.Need(t, "keras", "tensorflow")
	t.Parallel()
	const steps = 50
	var task kerasTask
	shown := toyWeights(tensor.Float64)
	for _, w := range shown {
		task.Start = append(task.Start, w.(param).values())
	}
	for step := 1; step <= steps; step++ {
		var gradients [][]float64
		for _, w := range shown {
			w.(param).setGrad(step)
			gradients = append(gradients, floats(w.(param).grad))
		}
		task.Gradients, task.Rates = append(task.Gradients, gradients), append(task.Rates, toyRate(step))
	}
	for _, c := range optimizerCases() {
		task.Optimizers = append(task.Optimizers, kerasMaking{c.class, c.make().State().Settings})
	}
	result := askOptimizers(t, python, task)
	for i, c := range optimizerCases() {
		weights, worst := toyWeights(tensor.Float64), 0.0
		stepToys(t, c.make(), weights, 1, steps, func(step int) {
			for j, w := range weights {
				for k, got := range w.(param).values() {
					want := result.Weights[i][step-1][j][k]
					worst = max(worst, math.Abs(got-want)/math.Max(1, math.Abs(want)))
					if math.IsNaN(got) {
						t.Fatalf("%s, step %d: NaN", c.name, step)
					}
				}
			}
		})
		t.Logf("%s: off by %.2g", c.name, worst)
		bound := 1e-14
		if c.name == "Adam with its defaults" {
			bound = 2e-6
		}
		if !(worst <= bound) {
			t.Errorf("%s: off by %.2g, want at most %g", c.name, worst, bound)
		}
		if c.class != "AdamW" { // which is an Adam here, without decay by default
			holdDefaults(t, c, result.Defaults[i])
		}
	}
}

// kerasResult is what keras_optimizers.py writes.
type kerasResult struct {
	Weights  [][][][]float64  `json:"weights"`
	Defaults []map[string]any `json:"defaults"`
}

func askOptimizers(t *testing.T, python string, task kerasTask) (result kerasResult) {
	t.Helper()
	input, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(python, filepath.Join("testdata", "keras_optimizers.py"))
	c.Stdin = bytes.NewReader(input)
	out, err := c.Output()
	if err == nil {
		err = json.Unmarshal(out, &result)
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// holdDefaults holds a zero value's settings against those of Keras.
func holdDefaults(t *testing.T, c optimizerCase, want map[string]any) {
	t.Helper()
	zero := reflect.New(reflect.TypeOf(c.make()).Elem()).Interface().(train.Optimizer)
	var settings map[string]any
	if err := json.Unmarshal(zero.State().Settings, &settings); err != nil {
		t.Fatal(err)
	}
	for name, got := range settings {
		value := want[name]
		if rate, ok := value.(float64); ok && name == "learning_rate" {
			value = math.Round(rate*1e9) / 1e9 // Keras keeps it as a float32 of the first floatx
		}
		if got != value {
			t.Errorf("%s of a zero %s is %v, Keras's %v", name, c.class, got, value)
		}
	}
}

// TestOptimizersFollowTheBooks: the same 50 steps by the formulas in float64, in
// both types of weights.
func TestOptimizersFollowTheBooks(t *testing.T) {
	for _, c := range []struct {
		dt    tensor.Dtype
		bound float64
	}{{tensor.Float32, 2e-5}, {tensor.Float64, 1e-14}} {
		for _, o := range optimizerCases() {
			book, ok := books[o.name]
			if !ok {
				continue
			}
			weights := toyWeights(c.dt)
			var want, v, m, a [2][]float64
			for i, w := range weights {
				want[i] = w.(param).values()
				v[i], m[i], a[i] = make([]float64, len(want[i])), make([]float64, len(want[i])), make([]float64, len(want[i]))
			}
			stepToys(t, o.make(), weights, 1, 50, func(step int) {
				for i, w := range weights {
					for k, g := range floats(w.(param).grad) {
						if i == 0 && strings.Contains(o.name, "decay") {
							want[i][k] -= toyRate(step) * 0.125 * want[i][k]
						}
						want[i][k] -= book(g, toyRate(step), &v[i][k], &m[i][k], &a[i][k])
						if got := w.(param).values()[k]; !(math.Abs(got-want[i][k]) <= c.bound*max(1, math.Abs(want[i][k]))) {
							t.Fatalf("%s, %v, step %d: %s[%d] is %.17g, want %.17g", o.name, c.dt, step, w.(param).name, k, got, want[i][k])
						}
					}
				}
			})
		}
	}
}

// books are what a step takes from a weight, by the gradient, the rate and what
// is kept.
var books = map[string]func(g, rate float64, v, m, a *float64) float64{
	"SGD": func(g, rate float64, _, _, _ *float64) float64 { return rate * g },
	"SGD with momentum": func(g, rate float64, v, _, _ *float64) float64 {
		*v = 0.875**v - rate*g
		return -*v
	},
	"SGD with Nesterov's momentum":     nesterov,
	"SGD with weight decay":            nesterov,
	"RMSprop":                          rmsprop(0, false),
	"RMSprop with momentum":            rmsprop(0.875, false),
	"RMSprop, centered":                rmsprop(0, true),
	"RMSprop, centered, with momentum": rmsprop(0.875, true),
	"RMSprop with weight decay":        rmsprop(0, false),
}

func nesterov(g, rate float64, v, _, _ *float64) float64 {
	*v = 0.875**v - rate*g
	return -(0.875**v - rate*g)
}

func rmsprop(momentum float64, centered bool) func(g, rate float64, v, m, a *float64) float64 {
	return func(g, rate float64, v, m, a *float64) float64 {
		*v = 0.9**v + 0.1*g*g
		*a = 0.9**a + 0.1*g
		spread := *v
		if centered {
			spread -= *a * *a
		}
		*m = momentum**m + rate*g/math.Sqrt(spread+1e-7)
		return *m
	}
}

// TestOptimizersGoOnFromASavedState: stopped after any step, and gone on with by
// another one that knows only the state, each has the bits of one that was not.
func TestOptimizersGoOnFromASavedState(t *testing.T) {
	for _, c := range optimizerCases() {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			whole := toyWeights(dt)
			stepToys(t, c.make(), whole, 1, 20, noCheck)
			for _, stop := range []int{0, 1, 9, 20} {
				parts, first := toyWeights(dt), c.make()
				stepToys(t, first, parts, 1, stop, noCheck)
				state := copyState(first.State())
				second := reflect.New(reflect.TypeOf(first).Elem()).Interface().(train.Optimizer) // with other settings, which the state's replace
				reflect.ValueOf(second).Elem().FieldByName("WeightDecay").SetFloat(0.5)
				if err := second.Restore(state); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				if again := second.State(); !reflect.DeepEqual(values(again), values(state)) {
					t.Errorf("%s: restored to %v, want %v", c.name, values(again), values(state))
				}
				stepToys(t, second, parts, stop+1, 20, noCheck)
				for i, w := range whole {
					if got, want := parts[i].(param).values(), w.(param).values(); !slices.Equal(got, want) {
						t.Errorf("%s, %v, stopped at %d: %v, not %v", c.name, dt, stop, got, want)
					}
				}
			}
		}
	}
}

// values is a state as a comparable text.
func values(s train.OptimizerState) string {
	text := fmt.Sprint(s.Name, " ", string(s.Settings), " ", s.Step)
	for _, w := range s.Tensors {
		text += fmt.Sprint(" ", w.Name, floats(w.Value))
	}
	return text
}

// TestStatesAreListedAndLent under Keras's names, sorted by weight.
func TestStatesAreListedAndLent(t *testing.T) {
	of := func(slots ...string) string {
		var names []string
		for _, weight := range []string{"dense.bias", "dense.kernel"} {
			for _, slot := range slots {
				names = append(names, slot+"."+weight)
			}
		}
		return strings.Join(names, " ")
	}
	want := map[string]string{
		"SGD": "", "SGD with momentum": of("momentum"), "RMSprop": of("velocity"), "RMSprop with momentum": of("velocity", "momentum"),
		"RMSprop, centered": of("velocity", "average_gradient"), "RMSprop, centered, with momentum": of("velocity", "momentum", "average_gradient"),
		"Adam": of("m", "v"), "AdamW": of("m", "v"),
	}
	for _, c := range optimizerCases() {
		opt, weights := c.make(), toyWeights(tensor.Float32)
		stepToys(t, opt, weights, 1, 1, noCheck)
		state, names := opt.State(), []string{}
		for _, w := range state.Tensors {
			names = append(names, w.Name)
		}
		if list, ok := want[c.name]; ok && strings.Join(names, " ") != list {
			t.Errorf("%s keeps %v, want %s", c.name, names, list)
		}
		before := values(state)
		stepToys(t, opt, weights, 2, 2, noCheck)
		if len(names) > 0 && values(state) == before {
			t.Errorf("%s: its state is a copy", c.name)
		}
	}
}

// TestAZeroGradientMovesNothing but what momentum carries on and decay takes.
func TestAZeroGradientMovesNothing(t *testing.T) {
	for _, c := range optimizerCases() {
		opt, weights := c.make(), toyWeights(tensor.Float32)
		before := [][]float64{weights[0].(param).values(), weights[1].(param).values()}
		for range 3 {
			if err := opt.Step(weights); err != nil {
				t.Fatal(err)
			}
		}
		for i, w := range weights {
			decays := i == 0 && (strings.Contains(c.name, "decay") || c.name == "AdamW")
			if moved := !slices.Equal(w.(param).values(), before[i]); moved != decays {
				t.Errorf("%s: %s has moved: %v", c.name, w.(param).name, moved)
			}
		}
	}
}

// TestEveryOptimizerBelongsToOneModel, whether it keeps something of a weight or
// not: Fit says so before anything is called.
func TestEveryOptimizerBelongsToOneModel(t *testing.T) {
	rows := images(10, toy.Input, 3)
	for _, c := range optimizerCases() {
		a, b, opt := newModel(t, toy, tensor.Float32), newModel(t, toy, tensor.Float32), c.make()
		if _, err := train.Fit(t.Context(), a, rows, opt, train.Plan{Batch: 4}); err != nil {
			t.Fatal(err)
		}
		before, called := sum(t, b), false
		_, err := train.Fit(t.Context(), b, rows, opt, train.Plan{Batch: 4, Callbacks: []train.Callback{atBegin{do: func() { called = true }}}})
		if err == nil || !strings.Contains(err.Error(), "belongs to one model") || called || sum(t, b) != before {
			t.Errorf("%s: error %v, begun %v", c.name, err, called)
		}
		narrow := newModel(t, nets.Network{Name: "narrow", Input: toy.Input, Layers: []nets.Layer{nets.Dense{Units: 3}}}, tensor.Float32)
		state := copyState(opt.State())
		heir := c.make()
		if err := heir.Restore(state); err != nil {
			t.Fatal(err)
		}
		if err := heir.(train.Bound).Belongs(narrow); (err == nil) != (len(state.Tensors) == 0) {
			t.Errorf("%s: of a state of another model's weights: error %v", c.name, err)
		}
	}
}

// TestFrozenWeightsHaveNoSlots, and no decay: no optimizer keeps anything of them.
func TestFrozenWeightsHaveNoSlots(t *testing.T) {
	net, err := toy.Freeze("dense")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range optimizerCases() {
		m, opt := newModel(t, net, tensor.Float32), c.make()
		frozen := floats(m.Weights[0].Value)
		if _, err := train.Fit(t.Context(), m, images(10, toy.Input, 3), opt, train.Plan{Batch: 4}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(floats(m.Weights[0].Value), frozen) {
			t.Errorf("%s moves %s", c.name, m.Weights[0].Name)
		}
		for _, w := range opt.State().Tensors {
			if _, name, _ := strings.Cut(w.Name, "."); strings.HasPrefix(name, "dense.") {
				t.Errorf("%s keeps %s", c.name, w.Name)
			}
		}
		m.Frozen = nil
		if err := opt.(train.Bound).Belongs(m); err == nil || !strings.Contains(err.Error(), "knows no weight dense.kernel") {
			t.Errorf("%s: trained again: %v", c.name, err)
		}
	}
}

// TestOptimizersRefuse settings that are none, a copy, settings for which other
// slots are needed, and states that are not theirs.
func TestOptimizersRefuse(t *testing.T) {
	for want, opt := range map[string]train.Optimizer{
		"SGD's Rate is -0.1":            &train.SGD{Rate: -0.1},
		"SGD's Momentum is 1.5":         &train.SGD{Momentum: 1.5},
		"SGD's Momentum is NaN":         &train.SGD{Momentum: math.NaN()},
		"SGD's WeightDecay is -1":       &train.SGD{WeightDecay: -1},
		"RMSprop's Rate is +Inf":        &train.RMSprop{Rate: math.Inf(1)},
		"RMSprop's Rho is 1":            &train.RMSprop{Rho: 1},
		"RMSprop's Momentum is -0.5":    &train.RMSprop{Momentum: -0.5},
		"RMSprop's Epsilon is -1e-07":   &train.RMSprop{Epsilon: -1e-7},
		"RMSprop's WeightDecay is +Inf": &train.RMSprop{WeightDecay: math.Inf(1)},
	} {
		weights := toyWeights(tensor.Float32)
		before := weights[0].(param).values()
		if err := opt.Step(weights); err == nil || !strings.Contains(err.Error(), want) || !slices.Equal(before, weights[0].(param).values()) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	sgd, rms := train.NewSGD(0.01), train.NewRMSprop(0.01)
	rms.Momentum = 0.9
	for _, opt := range []train.Optimizer{sgd, rms} {
		stepToys(t, opt, toyWeights(tensor.Float32), 1, 1, noCheck)
	}
	twin := *sgd
	if err := twin.Step(toyWeights(tensor.Float32)); err == nil || !strings.Contains(err.Error(), "this SGD is a copy of one that has made 1 steps") {
		t.Errorf("a copy: error %v", err)
	}
	state := copyState(rms.State())
	sgd.Momentum, rms.Momentum, rms.Centered = 0.5, 0, true
	for want, opt := range map[string]train.Optimizer{
		"SGD has made 1 steps with settings for which it keeps none, now it would be momentum.NAME for each weight": sgd,
		"it keeps velocity.NAME, momentum.NAME for each weight, now it would be velocity.NAME, average_gradient":    rms,
	} {
		if err := opt.Step(toyWeights(tensor.Float32)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	change := func(f func(*train.OptimizerState)) train.OptimizerState {
		s := copyState(state)
		f(&s)
		return s
	}
	for want, s := range map[string]train.OptimizerState{
		`the state is of the optimizer "SGD", this is RMSprop`: change(func(s *train.OptimizerState) { s.Name = "SGD" }),
		"RMSprop's state is of -1 steps":                       change(func(s *train.OptimizerState) { s.Step = -1 }),
		"RMSprop's settings: ":                                 change(func(s *train.OptimizerState) { s.Settings = []byte(`{"beta_1":0.9}`) }),
		"has no tensor \"momentum.dense.kernel\"":              change(func(s *train.OptimizerState) { s.Tensors = s.Tensors[:3] }),
		"is of 1 steps, but has no tensor":                     change(func(s *train.OptimizerState) { s.Tensors = nil }),
		"has two tensors \"velocity.dense.bias\"":              change(func(s *train.OptimizerState) { s.Tensors = append(s.Tensors, s.Tensors[0]) }),
		"has a tensor \"m.dense.bias\"":                        change(func(s *train.OptimizerState) { s.Tensors[0].Name = "m.dense.bias" }),
		"has momentum of dense.bias with shape (24)":           change(func(s *train.OptimizerState) { s.Tensors[1].Value = s.Tensors[3].Value }),
	} {
		fresh := train.NewRMSprop(0.5)
		before := values(fresh.State())
		if err := fresh.Restore(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if values(fresh.State()) != before {
			t.Errorf("%s: refused, but it has changed", want)
		}
	}
}
