package train_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// TestReduceLROnPlateauAsKeras has rates worked out by hand from Keras's rules
// and from where we depart from them: an improvement ends the wait even in a
// cooldown, which has all its epochs; a rate at the lower bound stays and the wait
// goes on; what is not finite is never an improvement.
func TestReduceLROnPlateauAsKeras(t *testing.T) {
	half := train.ReduceLROnPlateau{Factor: 0.5, Patience: 2}
	with := func(change func(*train.ReduceLROnPlateau)) train.ReduceLROnPlateau {
		r := half
		change(&r)
		return r
	}
	flat := slices.Repeat([]float64{1}, 12)
	for _, c := range []struct {
		name         string
		r            train.ReduceLROnPlateau
		values, want []float64
	}{
		{"Keras's settings", train.ReduceLROnPlateau{}, flat, []float64{8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 0.8, 0.8}},
		{"patience 2", half, flat[:7], []float64{8, 8, 4, 4, 2, 2, 1}},
		{"an improvement ends the wait", half, []float64{5, 5, 4, 4, 3, 3, 3}, []float64{8, 8, 8, 8, 8, 8, 4}},
		{"less than min_delta is none", half, []float64{1, 0.99995, 0.99991, 0.9}, []float64{8, 8, 4, 4}},
		{"min_delta of its own", with(func(r *train.ReduceLROnPlateau) { r.MinDelta = 0.5 }), []float64{3, 2.75, 2.5, 2.25}, []float64{8, 8, 4, 4}},
		{"no min_delta", with(func(r *train.ReduceLROnPlateau) { r.MinDelta = -1 }), []float64{1, 0.99999, 0.99998, 0.99997}, []float64{8, 8, 8, 8}},
		{"a tie in float32 is no improvement", with(func(r *train.ReduceLROnPlateau) { r.MinDelta = 0.1 }), []float64{0.8, 0.7, 0.7}, []float64{8, 8, 4}},
		{"NaN first", half, []float64{math.NaN(), 2, 2, 2, 1}, []float64{8, 8, 8, 4, 4}},
		{"NaN and infinity", with(func(r *train.ReduceLROnPlateau) { r.Mode = "max" }), []float64{1, math.Inf(1), math.NaN(), 2}, []float64{8, 8, 4, 4}},
		{"cooldown 1", with(func(r *train.ReduceLROnPlateau) { r.Cooldown = 1 }), flat[:7], []float64{8, 8, 4, 4, 4, 2, 2}},
		{"cooldown 2", with(func(r *train.ReduceLROnPlateau) { r.Cooldown = 2 }), flat[:7], []float64{8, 8, 4, 4, 4, 4, 2}},
		{"cooldown below 0", with(func(r *train.ReduceLROnPlateau) { r.Cooldown = -1 }), flat[:5], []float64{8, 8, 4, 4, 2}},
		{"best in a cooldown", with(func(r *train.ReduceLROnPlateau) { r.Cooldown = 2 }), []float64{2, 2, 2, 1, 1.5, 1.5, 1.5, 1.5}, []float64{8, 8, 4, 4, 4, 4, 2, 2}},
		{"lower bound", with(func(r *train.ReduceLROnPlateau) { r.MinLR = 3 }), flat[:8], []float64{8, 8, 4, 4, 3, 3, 3, 3}},
		{"accuracy", with(func(r *train.ReduceLROnPlateau) { r.Monitor = "accuracy" }), []float64{0.5, 0.75, 0.75, 0.625}, []float64{8, 8, 8, 4}},
		{"val_accuracy, less is better", with(func(r *train.ReduceLROnPlateau) { r.Monitor, r.Mode = "val_accuracy", "min" }), []float64{0.5, 0.75, 0.75}, []float64{8, 8, 4}},
	} {
		for _, use := range []string{"first", "second"} { // a training from the beginning knows nothing of an earlier one
			c.r.Optimizer = train.NewAdam(8)
			if got := traintest.Rates(t, &c.r, c.r.Monitor, c.values); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s use: rates %v, want %v", c.name, use, got, c.want)
			}
		}
	}
}

func TestReduceLROnPlateauGoesOn(t *testing.T) {
	checkResume(t, func(_ *nets.Model, adam *train.Adam) []train.Callback {
		return []train.Callback{script{ValLoss: []float64{3, 3, 3, 2, 2, 2}}, &train.ReduceLROnPlateau{Optimizer: adam, Patience: 1, Cooldown: 2}}
	}, nil)
}

// TestReducedRateIsTheNextEpochs holds the rates of the steps of a real run.
func TestReducedRateIsTheNextEpochs(t *testing.T) {
	m, adam := newModel(t, toy, tensor.Float32), train.NewAdam(8e-3)
	var got []float64
	note := each{Batch: func(s *train.Stats) error { got = append(got, s.LearningRate); return nil }}
	plan := train.Plan{Epochs: 3, Batch: 5, Callbacks: []train.Callback{note, script{ValLoss: []float64{1, 1, 1}},
		&train.ReduceLROnPlateau{Optimizer: adam, Factor: 0.5, Patience: 1}}}
	if _, err := train.Fit(t.Context(), m, images(10, toy.Input, 3), adam, plan); err != nil {
		t.Fatal(err)
	}
	if want := []float64{8e-3, 8e-3, 8e-3, 8e-3, 4e-3, 4e-3}; !slices.Equal(got, want) || adam.Rate != 2e-3 {
		t.Errorf("rates %v, then %v; want %v, then 0.002", got, adam.Rate, want)
	}
}

func TestReduceLROnPlateauRefuses(t *testing.T) {
	adam := train.NewAdam(1)
	for want, r := range map[string]*train.ReduceLROnPlateau{
		"no Optimizer":             {},
		"factor 1, which does not": {Optimizer: adam, Factor: 1},
		"factor -1":                {Optimizer: adam, Factor: -1},
		"factor NaN":               {Optimizer: adam, Factor: math.NaN()},
		"NaN as its min delta":     {Optimizer: adam, MinDelta: math.NaN()},
		"NaN as its lowest rate":   {Optimizer: adam, MinLR: math.NaN()},
		`cannot monitor "lr"`:      {Optimizer: adam, Monitor: "lr"},
		`has mode "down"`:          {Optimizer: adam, Mode: "down"},
	} {
		if err := r.TrainBegin(&train.Stats{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	r := &train.ReduceLROnPlateau{Optimizer: adam}
	if err := r.TrainBegin(&train.Stats{}); err != nil {
		t.Fatal(err)
	}
	if err := r.EpochEnd(&train.Stats{Epoch: 1}); err == nil || !strings.Contains(err.Error(), "ReduceLROnPlateau monitors val_loss, but epoch 1") {
		t.Errorf("without validation: %v", err)
	}
	for _, values := range []string{``, `{}{}`, `{"wait":1,"patience":3}`, `{"wait":-1}`, `{"learning_rate":-1}`} {
		if err := r.Restore(train.CallbackState{Values: json.RawMessage(values)}); err == nil || !strings.Contains(err.Error(), "state of ReduceLROnPlateau") {
			t.Errorf("state %s: %v", values, err)
		}
	}
}
