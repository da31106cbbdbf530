package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/train"
)

// recorder writes down every call, and fails where it is told to.
type recorder struct {
	calls  *[]string
	name   string
	failAt string // a call as it is written down
	err    error
}

func (r recorder) note(format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	*r.calls = append(*r.calls, r.name+call)
	if call == r.failAt {
		return r.err
	}
	return nil
}

func (r recorder) TrainBegin(s *train.Stats) error { return r.note("train begins, step %d", s.Step) }
func (r recorder) EpochBegin(s *train.Stats) error {
	return r.note("epoch %d of %d", s.Epoch, s.Epochs)
}
func (r recorder) BatchEnd(s *train.Stats) error {
	return r.note("step %d: batch %d of %d, %d rows", s.Step, s.Batch, s.Batches, s.Rows)
}
func (r recorder) TestBatchEnd(s *train.Stats) error {
	return r.note("test %d of %d", s.TestBatch, s.TestBatches)
}
func (r recorder) EpochEnd(s *train.Stats) error {
	return r.note("epoch %d ends, validated %v", s.Epoch, s.Validated)
}
func (r recorder) TrainEnd(s *train.Stats) error { return r.note("train ends, step %d", s.Step) }

// record trains the toy on ten rows, four a batch, and returns the calls.
func record(t *testing.T, ctx context.Context, plan train.Plan, failAt string, err error) ([]string, train.Stats, error) {
	t.Helper()
	var calls []string
	plan.Batch = 4
	plan.Callbacks = append(plan.Callbacks, recorder{calls: &calls, failAt: failAt, err: err})
	stats, err := train.Fit(ctx, newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), train.NewAdam(0.001), plan)
	return calls, stats, err
}

var (
	firstEpoch = []string{
		"train begins, step 0",
		"epoch 1 of 2",
		"step 1: batch 1 of 3, 4 rows",
		"step 2: batch 2 of 3, 4 rows",
		"step 3: batch 3 of 3, 2 rows", // the short last batch
		"test 1 of 2",
		"test 2 of 2",
		"epoch 1 ends, validated true",
	}
	secondEpoch = []string{
		"epoch 2 of 2",
		"step 4: batch 1 of 3, 4 rows",
		"step 5: batch 2 of 3, 4 rows",
		"step 6: batch 3 of 3, 2 rows",
		"test 1 of 2",
		"test 2 of 2",
		"epoch 2 ends, validated true",
	}
)

func TestFitCallsInOrder(t *testing.T) {
	validation := images(130, toy.Input, 3)
	cancelled, cancel := context.WithCancelCause(t.Context())
	broken := errors.New("disk full")
	for _, c := range []struct {
		name   string
		ctx    context.Context
		plan   train.Plan
		failAt string
		err    error // of the recorder
		want   []string
		stop   string // why it ended early, if it did
	}{
		{name: "whole", plan: train.Plan{Epochs: 2},
			want: slices.Concat(firstEpoch, secondEpoch, []string{"train ends, step 6"})},
		{name: "steps in mid-epoch", plan: train.Plan{Epochs: 2, Steps: 5},
			want: slices.Concat(firstEpoch, secondEpoch[:3], []string{"train ends, step 5"}), stop: "planned number of steps"},
		{name: "steps at an epoch's end", plan: train.Plan{Epochs: 2, Steps: 3},
			want: slices.Concat(firstEpoch, []string{"train ends, step 3"}), stop: "planned number of steps"},
		{name: "more steps than there are", plan: train.Plan{Epochs: 2, Steps: 7},
			want: slices.Concat(firstEpoch, secondEpoch, []string{"train ends, step 6"})},
		{name: "cancelled in step 2", ctx: cancelled, plan: train.Plan{Epochs: 2, Callbacks: []train.Callback{each{Batch: func(s *train.Stats) error {
			if s.Step == 2 {
				cancel(errors.New("interrupted"))
			}
			return nil
		}}}},
			want: slices.Concat(firstEpoch[:4], []string{"train ends, step 2"}), stop: "interrupted"},
		{name: "a callback's stop", plan: train.Plan{Epochs: 2}, failAt: firstEpoch[2], err: &train.Stop{Reason: "good enough"},
			want: slices.Concat(firstEpoch[:3], []string{"train ends, step 1"}), stop: "good enough"},
		{name: "an error of BatchEnd", plan: train.Plan{Epochs: 2}, failAt: firstEpoch[2], err: broken, want: firstEpoch[:3]},
		{name: "an error of TrainBegin", plan: train.Plan{Epochs: 2}, failAt: firstEpoch[0], err: broken, want: firstEpoch[:1]},
		{name: "an error of EpochBegin", plan: train.Plan{Epochs: 2}, failAt: firstEpoch[1], err: broken, want: firstEpoch[:2]},
		{name: "an error of TestBatchEnd", plan: train.Plan{Epochs: 2}, failAt: firstEpoch[5], err: broken, want: firstEpoch[:6]},
		{name: "an error of EpochEnd", plan: train.Plan{Epochs: 2}, failAt: firstEpoch[7], err: broken, want: firstEpoch[:8]},
		{name: "an error of TrainEnd", plan: train.Plan{Epochs: 2, Steps: 1}, failAt: "train ends, step 1", err: broken,
			want: slices.Concat(firstEpoch[:3], []string{"train ends, step 1"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ctx == nil {
				c.ctx = t.Context()
			}
			c.plan.Validation = validation
			calls, stats, err := record(t, c.ctx, c.plan, c.failAt, c.err)
			if d := cmp.Diff(c.want, calls); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
			var stop *train.Stop
			switch stopped := errors.As(err, &stop); {
			case c.ctx == cancelled:
				if !stopped || stop.Reason != c.stop || !errors.Is(err, context.Cause(cancelled)) || stats.Stopped != "" {
					t.Errorf("error %v, stopped %q, want the cause of the context", err, stats.Stopped)
				}
			case c.stop != "":
				if err != nil || !strings.Contains(stats.Stopped, c.stop) {
					t.Errorf("error %v, stopped %q, want no error and %q", err, stats.Stopped, c.stop)
				}
			case c.err != nil:
				if stopped || !errors.Is(err, c.err) {
					t.Errorf("error %v, want %v and no stop", err, c.err)
				}
			case err != nil || stats.Stopped != "":
				t.Errorf("error %v, stopped %q", err, stats.Stopped)
			}
		})
	}
}

// TestAPlannedEndCanBeResumed unless it is a callback's, which is for good: a
// limit of steps may be raised.
func TestAPlannedEndCanBeResumed(t *testing.T) {
	for _, c := range []struct {
		plan  train.Plan
		final string
	}{
		{train.Plan{Epochs: 2, Steps: 5}, ""},
		{train.Plan{Epochs: 2, Callbacks: []train.Callback{each{Batch: func(*train.Stats) error { return &train.Stop{Reason: "enough"} }}}}, "enough"},
	} {
		_, stats, err := record(t, t.Context(), c.plan, "", nil)
		if at := stats.Position(); err != nil || stats.Stopped == "" || at.Stopped != c.final || at.Done(2, 0) != (c.final != "") {
			t.Errorf("error %v, stopped %q, at %+v, want stopped for good by %q", err, stats.Stopped, at, c.final)
		}
	}
}

// TestAnInterruptedCallbackDoesNotStopForGood: one that evaluates by itself
// passes on that ctx is done.
func TestAnInterruptedCallbackDoesNotStopForGood(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m, rows := newModel(t, toy, tensor.Float32), images(10, toy.Input, 3)
	plan := train.Plan{Epochs: 2, Callbacks: []train.Callback{each{Batch: func(*train.Stats) error {
		cancel()
		_, err := train.Evaluate(ctx, m, rows, nil)
		return err
	}}}}
	_, stats, err := record(t, ctx, plan, "", nil)
	if !errors.Is(err, context.Canceled) || stats.Stopped != "" || stats.Position().Stopped != "" {
		t.Errorf("error %v, stopped %q, at %+v", err, stats.Stopped, stats.Position())
	}
}

func TestCallbacksAreCalledInTheOrderGiven(t *testing.T) {
	var calls []string
	plan := train.Plan{Epochs: 1, Batch: 10, Callbacks: []train.Callback{recorder{calls: &calls, name: "a: "}, recorder{calls: &calls, name: "b: "}}}
	fit(t, newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), plan)
	for i := 0; i < len(calls); i += 2 {
		if a, b := calls[i], calls[i+1]; a[3:] != b[3:] || a[:3] != "a: " || b[:3] != "b: " {
			t.Errorf("%q, then %q", a, b)
		}
	}
}

// failing counts the calls of TrainFailed.
type failing struct {
	train.Hooks
	calls *int
}

func (f failing) TrainFailed(*train.Stats) { *f.calls++ }

// TestAFailureIsTold to the callbacks that want to know it, once: also to those
// behind the one that has failed. An end in good order is none.
func TestAFailureIsTold(t *testing.T) {
	fault := errors.New("fault")
	for failAt, want := range map[string]int{"": 0, "train begins, step 0": 2, "step 2: batch 2 of 3, 4 rows": 2, "epoch 1 ends, validated true": 2, "train ends, step 6": 0} {
		calls, first, second := []string(nil), 0, 0
		_, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), train.NewAdam(0.001), train.Plan{
			Epochs: 2, Batch: 4, Validation: images(130, toy.Input, 3),
			Callbacks: []train.Callback{failing{calls: &first}, recorder{calls: &calls, failAt: failAt, err: fault}, failing{calls: &second}},
		})
		if (err == nil) != (failAt == "") || first+second != want || first != second {
			t.Errorf("failure at %q: error %v, told %d and %d times", failAt, err, first, second)
		}
	}
	calls := 0
	stop := recorder{calls: new([]string), failAt: "step 2: batch 2 of 3, 4 rows", err: &train.Stop{Reason: "enough"}}
	if _, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), train.NewAdam(0.001), train.Plan{Batch: 4, Callbacks: []train.Callback{stop, failing{calls: &calls}}}); err != nil || calls != 0 {
		t.Errorf("a stop is told as a failure %d times (%v)", calls, err)
	}
}

func TestFitCancelledDuringValidation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	plan := train.Plan{Epochs: 2, Validation: images(300, toy.Input, 3), Callbacks: []train.Callback{firstTest{do: cancel}}}
	calls, stats, err := record(t, ctx, plan, "", nil)
	if !errors.Is(err, context.Canceled) || stats.Validated {
		t.Errorf("error %v, validated %v; want the context's and no validation", err, stats.Validated)
	}
	if d := cmp.Diff([]string{"test 1 of 3", "train ends, step 3"}, calls[len(calls)-2:]); d != "" {
		t.Errorf("last calls (-want +got):\n%s", d)
	}
}

// firstTest does something after the first batch of a validation.
type firstTest struct {
	train.Hooks
	do func()
}

func (c firstTest) TestBatchEnd(s *train.Stats) error {
	if s.TestBatch == 1 {
		c.do()
	}
	return nil
}

// TestMeansAreWeightedByRows holds the running means of an epoch of 128, 128
// and 96 rows against sums over its rows, computed apart.
func TestMeansAreWeightedByRows(t *testing.T) {
	rows, m := images(352, toy.Input, 3), newModel(t, toy, tensor.Float64)
	var sum, hits, count float64
	plan := train.Plan{Epochs: 1, Batch: 128, Callbacks: []train.Callback{each{Batch: func(s *train.Stats) error {
		for range s.Rows { // as if each row had been counted by itself
			sum, hits, count = sum+s.BatchLoss, hits+s.BatchAccuracy, count+1
		}
		if math.Abs(s.Loss-sum/count) > 1e-12 || math.Abs(s.Accuracy-hits/count) > 1e-12 {
			t.Errorf("batch %d: means %v and %v, want %v and %v", s.Batch, s.Loss, s.Accuracy, sum/count, hits/count)
		}
		return nil
	}}}}
	stats := fit(t, m, rows, plan)
	if count != 352 || stats.Rows != 96 {
		t.Errorf("%v rows, the last batch with %d", count, stats.Rows)
	}
}

// direct is the mean cross-entropy and the accuracy, row by row, from the
// probabilities of a prediction.
func direct(t *testing.T, m *nets.Model, rows *data.Set) (loss, accuracy float64) {
	t.Helper()
	p, err := m.Program(nets.Prediction, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, label := range rows.Labels {
		data.Decode(rows.Pick(i), graph.Slice[float64](p.Images()), nil)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		probs := graph.Slice[float64](p.Probabilities())
		loss -= math.Log(probs[label])
		if slices.Max(probs) == probs[label] {
			accuracy++
		}
	}
	n := float64(rows.Len())
	return loss / n, accuracy / n
}

func TestEvaluateIsTheMeanOverRows(t *testing.T) {
	rows, m := images(300, toyConv.Input, 3), newModel(t, toyConv, tensor.Float64)
	before := sum(t, m)
	var seen []string
	got, err := train.Evaluate(t.Context(), m, rows, func(batch, batches int) error {
		seen = append(seen, fmt.Sprint(batch, "/", batches))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	loss, accuracy := direct(t, m, rows)
	if math.Abs(got.Loss-loss) > 1e-12 || got.Accuracy != accuracy {
		t.Errorf("%v, row by row %v and %v", got, loss, accuracy)
	}
	if s := strings.Join(seen, " "); s != "1/3 2/3 3/3" {
		t.Errorf("progress %s", s)
	}
	if sum(t, m) != before {
		t.Error("an evaluation has changed weights")
	}
	stats := fit(t, m, rows, train.Plan{Epochs: 1, Batch: 300, Validation: rows})
	loss, accuracy = direct(t, m, rows)
	if math.Abs(stats.ValLoss-loss) > 1e-12 || stats.ValAccuracy != accuracy {
		t.Errorf("Fit's validation gives %v and %v, row by row %v and %v", stats.ValLoss, stats.ValAccuracy, loss, accuracy)
	}
}

func TestEveryBatchMovesTheWeights(t *testing.T) {
	m := newModel(t, toy, tensor.Float32)
	last := sum(t, m)
	fit(t, m, images(10, toy.Input, 3), train.Plan{Epochs: 1, Batch: 4, Callbacks: []train.Callback{each{Batch: func(s *train.Stats) error {
		now := sum(t, m)
		if now == last {
			t.Errorf("batch %d of %d rows changes nothing", s.Batch, s.Rows)
		}
		last = now
		return nil
	}}}})
}

func TestDivergedLossStopsBeforeTheUpdate(t *testing.T) {
	m, rows := newModel(t, toy, tensor.Float32), images(10, toy.Input, 3)
	var after [32]byte
	ended := false
	plan := train.Plan{Epochs: 3, Batch: 4, Callbacks: []train.Callback{
		each{Batch: func(*train.Stats) error { after = sum(t, m); return nil }},
		atEnd{do: func() { ended = true }},
	}}
	_, err := train.Fit(t.Context(), m, rows, train.NewAdam(1e30), plan)
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("error %v", err)
	}
	s := diverged.Stats
	if s.Step != 2 || s.Epoch != 1 || s.Batch != 2 || !strings.Contains(err.Error(), "at step 2 (epoch 1, batch 2 of 3)") {
		t.Errorf("diverged at %+v: %v", s, err)
	}
	if sum(t, m) != after {
		t.Error("the batch that diverged has changed the weights")
	}
	if ended {
		t.Error("TrainEnd was called")
	}

	m = newModel(t, toy, tensor.Float32)
	m.Weights[0].Value.Float32s()[0] = float32(math.Inf(1))
	before := sum(t, m)
	if _, err := train.Fit(t.Context(), m, rows, train.NewAdam(0.001), plan); !errors.As(err, &diverged) || diverged.Stats.Step != 1 {
		t.Errorf("infinite weight: %v", err)
	}
	if sum(t, m) != before {
		t.Error("infinite weight: the weights have changed")
	}
}

// TestDivergedValidation: the last step of an epoch can blow up the weights
// without a loss of training to show it.
func TestDivergedValidation(t *testing.T) {
	rows, history := images(10, toy.Input, 3), &train.History{}
	plan := train.Plan{Epochs: 3, Batch: 10, Validation: rows, Callbacks: []train.Callback{history}}
	_, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float32), rows, train.NewAdam(1e30), plan)
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) || !strings.Contains(err.Error(), "the validation loss is NaN at step 1 ") {
		t.Errorf("error %v", err)
	}
}

// atEnd does something when training ends.
type atEnd struct {
	train.Hooks
	do func()
}

func (c atEnd) TrainEnd(*train.Stats) error { c.do(); return nil }

// losses trains one row at a time, so that the losses tell the order.
func losses(t *testing.T, shuffle bool, seed uint64) (all []float64) {
	t.Helper()
	still := train.NewAdam(1e-30) // a step too small to move a weight
	note := func(s *train.Stats) error { all = append(all, s.BatchLoss); return nil }
	plan := train.Plan{Epochs: 2, Batch: 1, Shuffle: shuffle, Seed: seed, Callbacks: []train.Callback{each{Batch: note}}}
	if _, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float64), images(20, toy.Input, 3), still, plan); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestShuffle(t *testing.T) {
	file, one, again, two := losses(t, false, 1), losses(t, true, 1), losses(t, true, 1), losses(t, true, 2)
	if !slices.Equal(file[:20], file[20:]) {
		t.Error("without a shuffle the epochs differ")
	}
	if slices.Equal(one[:20], file[:20]) || slices.Equal(one[:20], one[20:]) {
		t.Error("an epoch's order is the file's, or the other epoch's")
	}
	if !slices.Equal(one, again) {
		t.Error("one seed, two orders")
	}
	if slices.Equal(one[:20], two[:20]) {
		t.Error("two seeds, one order")
	}
	for _, epoch := range [][]float64{one[:20], one[20:], two[:20]} {
		sorted := slices.Sorted(slices.Values(epoch))
		if !slices.Equal(sorted, slices.Sorted(slices.Values(file[:20]))) {
			t.Error("a shuffled epoch has not every row once")
		}
	}
}
