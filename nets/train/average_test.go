package train_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
)

// seen collects the model's first kernel after each step and at each epoch's end.
type seen struct {
	train.Hooks
	model         *nets.Model
	steps, epochs [][]float64
	valLoss       []float64
}

func (c *seen) kernel() []float64 { return floats(c.model.Weights[0].Value) }

func (c *seen) TrainBegin(*train.Stats) error {
	c.steps = append(c.steps, c.kernel()) // step 0
	return nil
}

func (c *seen) BatchEnd(*train.Stats) error {
	c.steps = append(c.steps, c.kernel())
	return nil
}

func (c *seen) EpochEnd(s *train.Stats) error {
	c.epochs, c.valLoss = append(c.epochs, c.kernel()), append(c.valLoss, s.ValLoss)
	return nil
}

// watchAverage trains the toy for four epochs of three steps in float64.
func watchAverage(t *testing.T, a *train.Average) (*nets.Model, *seen) {
	t.Helper()
	m := newModel(t, toy, tensor.Float64)
	look := &seen{model: m}
	plan := train.Plan{Epochs: 4, Batch: 4, Shuffle: true, Seed: 5, Validation: images(6, toy.Input, 3), Callbacks: []train.Callback{look}}
	if a != nil {
		a.Model = m
		plan.Callbacks = []train.Callback{a, look}
	}
	fit(t, m, images(10, toy.Input, 3), plan)
	return m, look
}

func wantNear(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-14) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestAverage: weights are trained as they are without an average; validation,
// the callbacks at an epoch's end and the model at the end have the average, by
// the formula.
func TestAverage(t *testing.T) {
	_, alone := watchAverage(t, nil)
	ema := slices.Clone(alone.steps[0])
	var emas [][]float64 // after each step
	for t, w := range alone.steps {
		d := min(0.4, float64(1+t)/float64(10+t))
		for i := range ema {
			ema[i] = d*ema[i] + (1-d)*w[i]
		}
		emas = append(emas, slices.Clone(ema))
	}
	swa := make([]float64, len(ema))
	for i := range swa {
		swa[i] = (alone.steps[9][i] + alone.steps[12][i]) / 2
	}
	for name, c := range map[string]struct {
		average *train.Average
		epochs  [][]float64
	}{
		"ema": {&train.Average{Decay: 0.4}, [][]float64{emas[3], emas[6], emas[9], emas[12]}},
		"swa": {&train.Average{Last: 2}, [][]float64{alone.steps[3], alone.steps[6], alone.steps[9], swa}},
	} {
		t.Run(name, func(t *testing.T) {
			m, look := watchAverage(t, c.average)
			for i := range alone.steps {
				if !slices.Equal(look.steps[i], alone.steps[i]) {
					t.Fatalf("step %d trains other weights than without an average", i)
				}
			}
			for i, want := range c.epochs {
				wantNear(t, "at an epoch's end", look.epochs[i], want)
			}
			wantNear(t, "at the end", floats(m.Weights[0].Value), c.epochs[3])
			result, err := train.Evaluate(t.Context(), m, images(6, toy.Input, 3), nil)
			if err != nil || result.Loss != look.valLoss[3] {
				t.Errorf("val_loss of the last epoch is %v, the average's is %v (%v)", look.valLoss[3], result.Loss, err)
			}
		})
	}
}

// TestAverageResumes: after every step, with the callbacks that look at what is
// validated.
func TestAverageResumes(t *testing.T) {
	for name, a := range map[string]train.Average{"ema": {Decay: 0.9}, "swa": {Last: 3}} {
		t.Run(name, func(t *testing.T) {
			checkResume(t, func(m *nets.Model, adam *train.Adam) []train.Callback {
				average := a
				average.Model, adam.WeightDecay = m, 0.1
				return []train.Callback{
					&average, &train.ReduceLROnPlateau{Optimizer: adam, Monitor: "loss", Patience: 1},
					&train.EarlyStopping{Model: m, Monitor: "accuracy", Mode: "min", Patience: 9, KeepLast: true},
				}
			}, nil)
		})
	}
}

// TestAverageIsKept: the best epoch's weights are those that were validated, the
// average's.
func TestAverageIsKept(t *testing.T) {
	m := newModel(t, toy, tensor.Float64)
	look, early := &seen{model: m}, &train.EarlyStopping{Model: m, Patience: 9}
	plan := train.Plan{Epochs: 3, Batch: 4, Callbacks: []train.Callback{
		&train.Average{Model: m, Decay: 0.9}, script{ValLoss: []float64{3, 1, 2}}, look,
		early,
	}}
	fit(t, m, images(10, toy.Input, 3), plan)
	if got := floats(m.Weights[0].Value); early.Kept() != 2 || !slices.Equal(got, look.epochs[1]) || slices.Equal(got, look.steps[6]) {
		t.Errorf("the weights of epoch %d are kept, and are not epoch 2's average", early.Kept())
	}
}

func TestAverageRefuses(t *testing.T) {
	m := newModel(t, toy, tensor.Float32)
	for _, c := range []struct {
		average train.Average
		want    string
	}{
		{train.Average{Decay: 0.9}, "no Model"},
		{train.Average{Model: m}, "wants one of"},
		{train.Average{Model: m, Decay: 0.9, Last: 1}, "wants one of"},
		{train.Average{Model: m, Decay: 1}, "wants one of"},
		{train.Average{Model: m, Last: 3}, "2 are planned"},
	} {
		_, err := train.Fit(t.Context(), m, images(10, toy.Input, 3), train.NewAdam(0.01), train.Plan{Epochs: 2, Batch: 4, Callbacks: []train.Callback{&c.average}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v does not say %q", c.average, err, c.want)
		}
	}
	a := &train.Average{Model: m, Decay: 0.9}
	if err := a.Restore(train.CallbackState{Values: []byte(`{"taken":3}`)}); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a state without its tensors: %v", err)
	}
}
