package train_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// TestEarlyStoppingCountsAsKeras has sequences worked out by hand from Keras's
// rules: a wait is counted up first, set to 0 by an improvement on the best and
// on the baseline, and held against the patience where there is no improvement
// on the best; the first epoch never ends training.
func TestEarlyStoppingCountsAsKeras(t *testing.T) {
	for _, c := range []struct {
		name   string
		e      train.EarlyStopping
		values []float64
		stop   int    // after this epoch; 0 is never
		reason string // a part of it
	}{
		{"patience 0 ends at the first epoch that is no better", train.EarlyStopping{}, []float64{3, 2, 2, 1}, 3,
			"val_loss has not improved for an epoch: its best was 2 in epoch 2"},
		{"patience 1 is the same", train.EarlyStopping{Patience: 1}, []float64{3, 2, 2, 1}, 3, ""},
		{"patience 2 forgives one", train.EarlyStopping{Patience: 2}, []float64{3, 4, 2, 2.5, 2, 1}, 5,
			"for 2 epochs: its best was 2 in epoch 3"},
		{"falling all the time", train.EarlyStopping{}, []float64{4, 3, 2, 1}, 0, ""},
		{"less than min_delta", train.EarlyStopping{MinDelta: 0.5}, []float64{3, 2.75, 2.25}, 2, ""},
		{"exactly min_delta", train.EarlyStopping{MinDelta: 0.5}, []float64{3, 2.5}, 2, ""},
		{"more than min_delta, against the best", train.EarlyStopping{MinDelta: 0.5, Patience: 2}, []float64{3, 2.75, 2.25}, 0, ""},
		{"a negative min_delta is the same", train.EarlyStopping{MinDelta: -0.5}, []float64{3, 2.75, 2.25}, 2, ""},
		{"accuracy rises", train.EarlyStopping{Monitor: "val_accuracy"}, []float64{0.5, 0.75, 0.75}, 3, "val_accuracy has not"},
		{"accuracy of training", train.EarlyStopping{Monitor: "accuracy", Mode: "auto"}, []float64{0.5, 0.75, 0.5}, 3, "accuracy has not"},
		{"loss of training", train.EarlyStopping{Monitor: "loss"}, []float64{3, 2, 3}, 3, "loss has not"},
		{"max of a loss", train.EarlyStopping{Mode: "max"}, []float64{1, 2, 1.5}, 3, ""},
		{"min of an accuracy", train.EarlyStopping{Monitor: "accuracy", Mode: "min"}, []float64{0.5, 0.25, 0.25}, 3, ""},
		{"baseline never beaten", train.EarlyStopping{Baseline: new(1.0), Patience: 2}, []float64{3, 3, 3}, 2,
			"val_loss has not improved on the baseline 1 for 2 epochs: its best was 3 in epoch 1"},
		{"baseline not beaten, but the best is: no end in that epoch", train.EarlyStopping{Baseline: new(1.0), Patience: 2}, []float64{5, 4, 3, 2, 2}, 5,
			"on the baseline 1 for 5 epochs: its best was 2 in epoch 4"},
		{"baseline beaten in time", train.EarlyStopping{Baseline: new(3.5), Patience: 2}, []float64{4, 3, 3, 2}, 0, ""},
		{"epochs that do not count", train.EarlyStopping{StartFromEpoch: 2}, []float64{1, 1.5, 5, 4, 4}, 5, "best was 4 in epoch 4"},
		{"min_delta is compared in float32", train.EarlyStopping{MinDelta: 0.1, Patience: 3}, []float64{0.8, 0.7, 0.7, 0.7, 0.7}, 4, "best was 0.8 in epoch 1"},
		{"less than a float32 can tell is a tie", train.EarlyStopping{}, []float64{1, 1 - 1e-9, 0.5}, 2, ""},
		{"NaN is no improvement", train.EarlyStopping{Patience: 2}, []float64{3, math.NaN(), math.NaN(), 1}, 3, "best was 3 in epoch 1"},
		{"NaN first is not the best", train.EarlyStopping{Patience: 2}, []float64{math.NaN(), 3, 2, 2, 2}, 5, "best was 2 in epoch 3"},
		{"nor is infinity", train.EarlyStopping{Patience: 2, Mode: "max"}, []float64{math.Inf(1), 1, 2, 2, 2}, 5, "best was 2 in epoch 3"},
		{"nothing but NaN", train.EarlyStopping{Patience: 2}, []float64{math.NaN(), math.NaN(), math.NaN()}, 2, "val_loss has not improved for 2 epochs: it was never a finite number"},
		{"nothing but NaN, and no patience", train.EarlyStopping{}, []float64{math.NaN(), math.NaN()}, 2, "never a finite number"},
		{"the first epoch cannot", train.EarlyStopping{Baseline: new(1.0)}, []float64{3}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.e.KeepLast = true
			epoch, err := traintest.Drive(t, &c.e, c.e.Monitor, c.values...)
			var stop *train.Stop
			if epoch != c.stop || err != nil && !errors.As(err, &stop) {
				t.Fatalf("ended after epoch %d: %v; want %d", epoch, err, c.stop)
			}
			if stop != nil && (!strings.Contains(stop.Reason, c.reason) || c.e.Stopped() != stop.Reason) {
				t.Errorf("%q, and Stopped says %q; want %q", stop.Reason, c.e.Stopped(), c.reason)
			}
			if c.stop == 0 && c.e.Stopped() != "" {
				t.Errorf("Stopped says %q", c.e.Stopped())
			}
		})
	}
}

// sums notes a model's weights after each epoch. It comes before EarlyStopping.
type sums struct {
	train.Hooks
	t     *testing.T
	model *nets.Model
	after map[int][32]byte
}

func (c sums) EpochEnd(s *train.Stats) error { c.after[s.Epoch] = sum(c.t, c.model); return nil }

func TestEarlyStoppingRestoresTheBestWeights(t *testing.T) {
	up, down := []float64{3, 1, 2, 2}, []float64{4, 3, 2, 1}
	late := []float64{4, 3, 1, 2}
	cancelled := func(step int) func(*testing.T) (context.Context, train.Callback) {
		return func(t *testing.T) (context.Context, train.Callback) {
			ctx, cancel := context.WithCancel(t.Context())
			return ctx, each{Batch: func(s *train.Stats) error {
				if s.Step == step {
					cancel()
				}
				return nil
			}}
		}
	}
	for _, c := range []struct {
		name   string
		losses []float64
		e      train.EarlyStopping
		steps  int
		cancel func(*testing.T) (context.Context, train.Callback)
		epochs int // whole, at the end
		kept   int
	}{
		{name: "stopped", losses: up, e: train.EarlyStopping{Patience: 2}, epochs: 4, kept: 2},
		{name: "stopped at once", losses: up, epochs: 3, kept: 2},
		{name: "all epochs done", losses: late, e: train.EarlyStopping{Patience: 9}, epochs: 4, kept: 3},
		{name: "the last is the best", losses: down, epochs: 4},
		{name: "steps in mid-epoch", losses: up, e: train.EarlyStopping{Patience: 9}, steps: 8, epochs: 2},
		{name: "steps in mid-epoch behind the best", losses: up, e: train.EarlyStopping{Patience: 9}, steps: 11, epochs: 3},
		{name: "steps at an epoch's end", losses: up, e: train.EarlyStopping{Patience: 9}, steps: 9, epochs: 3},
		{name: "steps at the last epoch's end", losses: late, e: train.EarlyStopping{Patience: 9}, steps: 12, epochs: 4, kept: 3},
		{name: "a signal in mid-epoch", losses: up, e: train.EarlyStopping{Patience: 9}, cancel: cancelled(10), epochs: 3},
		{name: "a signal in the last epoch", losses: late, e: train.EarlyStopping{Patience: 9}, cancel: cancelled(11), epochs: 3},
		{name: "no epoch counts", losses: up, e: train.EarlyStopping{StartFromEpoch: 4}, epochs: 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, keepLast := range []bool{false, true} {
				m := newModel(t, toy, tensor.Float32)
				e, after := c.e, sums{t: t, model: m, after: make(map[int][32]byte)}
				e.Model, e.KeepLast = m, keepLast
				ctx, callbacks := t.Context(), []train.Callback{script{ValLoss: c.losses}, after, &e}
				if c.cancel != nil {
					var canceller train.Callback
					ctx, canceller = c.cancel(t)
					callbacks = append(callbacks, canceller)
				}
				var last [32]byte
				note := each{Batch: func(*train.Stats) error { last = sum(t, m); return nil }}
				plan := train.Plan{Epochs: 4, Batch: 4, Steps: c.steps, Callbacks: append(callbacks, note)}
				if _, ok := e.RestoreBest(); ok {
					t.Error("restored before training has begun")
				}
				_, err := train.Fit(ctx, m, images(10, toy.Input, 3), train.NewAdam(0.01), plan)
				if stop := (*train.Stop)(nil); err != nil && !(ctx.Err() != nil && errors.As(err, &stop)) {
					t.Fatal(err)
				}
				if len(after.after) != c.epochs {
					t.Errorf("%d epochs, want %d", len(after.after), c.epochs)
				}
				want := last
				if c.kept > 0 {
					want = after.after[c.kept]
				}
				if keepLast {
					if e.Kept() != 0 || sum(t, m) != last {
						t.Errorf("KeepLast: kept %d", e.Kept())
					}
					if epoch, ok := e.RestoreBest(); epoch != c.kept || ok != (c.kept > 0) {
						t.Errorf("RestoreBest says %d, %v; want %d", epoch, ok, c.kept)
					}
				}
				if e.Kept() != c.kept || sum(t, m) != want {
					t.Errorf("KeepLast %v: kept %d, want %d and its weights", keepLast, e.Kept(), c.kept)
				}
			}
		})
	}
}

// TestRestoredWeightsAreThoseOfTheEpoch asks the programs that have trained.
func TestRestoredWeightsAreThoseOfTheEpoch(t *testing.T) {
	m, rows := newModel(t, toyConv, tensor.Float64), images(30, toyConv.Input, 3)
	var measured []train.Result
	note := traintest.EachEpoch{Do: func(s *train.Stats) error {
		measured = append(measured, train.Result{Loss: s.ValLoss, Accuracy: s.ValAccuracy})
		return nil
	}}
	e := &train.EarlyStopping{Model: m, Monitor: "accuracy"}
	fit(t, m, rows, train.Plan{Epochs: 4, Batch: 8, Validation: rows,
		Callbacks: []train.Callback{note, script{Accuracy: []float64{0.1, 0.3, 0.2}}, e}})
	got, err := train.Evaluate(t.Context(), m, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.Kept() != 2 || got != measured[1] || got == measured[2] {
		t.Errorf("kept %d, which measures %v; the epochs did %v", e.Kept(), got, measured)
	}
}

func TestEarlyStoppingGoesOn(t *testing.T) {
	for _, keepLast := range []bool{false, true} {
		for _, losses := range [][]float64{{5, 3, 4, 2, 3, 3}, {5, 3, 4, 5, 6, 7}, {6, 5, 4, 3, 2, 1}, {math.NaN(), 3, math.Inf(1), 2, math.NaN(), math.NaN()}} {
			checkResume(t, func(m *nets.Model, _ *train.Adam) []train.Callback {
				return []train.Callback{script{ValLoss: losses}, &train.EarlyStopping{Model: m, Patience: 2, KeepLast: keepLast}}
			}, nil)
		}
	}
}

// TestAStoppedRunCanRestoreLater: the checkpoint has the last weights, the state
// the best ones.
func TestAStoppedRunCanRestoreLater(t *testing.T) {
	m := newModel(t, toy, tensor.Float32)
	after := sums{t: t, model: m, after: make(map[int][32]byte)}
	e := &train.EarlyStopping{Model: m, KeepLast: true}
	rows := images(10, toy.Input, 3)
	stats := fit(t, m, rows, train.Plan{Epochs: 6, Batch: 4, Callbacks: []train.Callback{script{ValLoss: []float64{2, 1, 3, 0, 0, 0}}, after, e}})
	state, err := e.State()
	if err != nil || stats.Epoch != 3 {
		t.Fatalf("epoch %d, %v", stats.Epoch, err)
	}

	other := newModel(t, toy, tensor.Float32)
	late := &train.EarlyStopping{Model: other, KeepLast: true}
	if err := late.Restore(state); err != nil {
		t.Fatal(err)
	}
	if late.Stopped() != e.Stopped() || late.Stopped() == "" {
		t.Errorf("stopped %q, want %q", late.Stopped(), e.Stopped())
	}
	if epoch, ok := late.RestoreBest(); epoch != 2 || !ok || sum(t, other) != after.after[2] {
		t.Errorf("restored %d, %v", epoch, ok)
	}

	// The stop lasts, but for more patience.
	for _, patience := range []int{0, 1, 3} {
		again := &train.EarlyStopping{Model: m, KeepLast: true, Patience: patience}
		if err := again.Restore(state); err != nil {
			t.Fatal(err)
		}
		got := fit(t, m, rows, train.Plan{Epochs: 6, Batch: 4, From: stats.Position(), Callbacks: []train.Callback{script{ValLoss: []float64{2, 1, 3, 0, 0, 0}}, again}})
		if want := map[bool]int{true: 6, false: 3}[patience == 3]; got.Epoch != want {
			t.Errorf("with patience %d it goes on to epoch %d, want %d", patience, got.Epoch, want)
		}
	}

	// Another training, from its beginning, has nothing of the old one.
	late.Model = m
	fresh := fit(t, m, rows, train.Plan{Epochs: 2, Batch: 4, Callbacks: []train.Callback{script{ValLoss: []float64{9, 8}}, late}})
	if fresh.Epoch != 2 || late.Stopped() != "" || late.Kept() != 0 {
		t.Errorf("epoch %d, stopped %q, kept %d", fresh.Epoch, late.Stopped(), late.Kept())
	}
}

func TestEarlyStoppingRefuses(t *testing.T) {
	m, rows := newModel(t, toy, tensor.Float32), images(10, toy.Input, 3)
	for _, c := range []struct {
		e          *train.EarlyStopping
		validation *data.Set
		want       string
	}{
		{&train.EarlyStopping{Model: m, Monitor: "acc"}, rows, `EarlyStopping cannot monitor "acc"; there are loss, accuracy, val_loss and val_accuracy`},
		{&train.EarlyStopping{Model: m, Mode: "less"}, rows, `EarlyStopping has mode "less"; there are auto, min and max`},
		{&train.EarlyStopping{Model: m, MinDelta: math.NaN()}, rows, "EarlyStopping has NaN as its min delta"},
		{&train.EarlyStopping{Model: m, Baseline: new(math.NaN())}, rows, "EarlyStopping has NaN as its baseline: set a number, or nil"},
		{&train.EarlyStopping{}, rows, "has no Model to keep"},
		{&train.EarlyStopping{Model: m}, nil, "EarlyStopping monitors val_loss, but epoch 1 was not validated: set Plan.Validation, or monitor loss"},
		{&train.EarlyStopping{Model: m, Monitor: "val_accuracy"}, nil, "or monitor accuracy"},
	} {
		_, err := train.Fit(t.Context(), m, rows, train.NewAdam(0.01), train.Plan{Epochs: 2, Batch: 4, Validation: c.validation, Callbacks: []train.Callback{c.e}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if _, err := (train.Monitor{}).Value(&train.Stats{}); err == nil || !strings.Contains(err.Error(), "the Monitor is empty: take one from NewMonitor") {
		t.Errorf("an empty Monitor has a value: %v", err)
	}
}

func TestEarlyStoppingRefusesStates(t *testing.T) {
	m := newModel(t, toy, tensor.Float32)
	good := cloned(m.Weights)
	wide, missing, more := cloned(m.Weights), good[1:], append(cloned(m.Weights), nets.Weight{Name: "more", Value: good[0].Value})
	wide[0].Value = newModel(t, toy, tensor.Float64).Weights[0].Value
	const values = `{"best":1,"epoch":1,"last":1,"wait":0,"stopped":""}`
	for _, c := range []struct {
		values  string
		tensors []nets.Weight
		want    string
	}{
		{values, missing, good[0].Name + " is missing among the kept weights"},
		{values, nil, "is missing"},
		{values, wide, "the model's is float32"},
		{values, more, "kept weights, the model has"},
		{`{"best":1,"epoch":1`, good, "state of EarlyStopping"},
		{`{"epoch":1,"last":1,"wait":0,"stopped":""}`, good, "come together"},
		{`{"best":1,"epoch":1,"last":1,"wait":0,"stopped":"","more":1}`, good, "unknown field"},
	} {
		before := sum(t, m)
		e := &train.EarlyStopping{Model: m}
		err := e.Restore(train.CallbackState{Values: json.RawMessage(c.values), Tensors: c.tensors})
		if err == nil || !strings.Contains(err.Error(), c.want) || sum(t, m) != before || e.Stopped() != "" {
			t.Errorf("%s with %d tensors: %v, want %q", c.values, len(c.tensors), err, c.want)
		}
	}
}
