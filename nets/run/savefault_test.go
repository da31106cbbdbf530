package run_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// faultRecipe is a run of 64 steps that saves after every fourth.
var faultRecipe = func() recipe { r := mlpRecipe; r.every = 4; return r }()

// at is a callback that does something after one step.
func at(step int, do func()) train.Callback {
	return each{Batch: func(s *train.Stats) error {
		if s.Step == step {
			do()
		}
		return nil
	}}
}

// outages are ways in which a folder of checkpoints is lost, and comes back.
var outages = map[string]struct{ begin, end func(dir string) error }{
	"a file in its place": {
		func(dir string) error {
			return errors.Join(os.Rename(dir, dir+"-away"), os.WriteFile(dir, []byte("x"), 0o666))
		},
		func(dir string) error { return errors.Join(os.Remove(dir), os.Rename(dir+"-away", dir)) },
	},
	"away": {
		func(dir string) error { return os.Rename(dir, dir+"-away") },
		func(dir string) error { return os.Rename(dir+"-away", dir) },
	},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkWarnings wants each of them to name a step's file and the step that stays.
func checkWarnings(t *testing.T, p *trial, stays, first, last int) {
	t.Helper()
	if len(p.warnings) != (last-first)/4+1 {
		t.Errorf("%d warnings: %v", len(p.warnings), p.warnings)
	}
	for i, w := range p.warnings {
		for _, want := range []string{p.folder.Generation(first + 4*i), "training goes on", fmt.Sprintf("the checkpoint of step %d stays", stays)} {
			if !strings.Contains(w.Error(), want) {
				t.Errorf("warning %q, want %q in it", w, want)
			}
		}
	}
}

// TestSavesFailForAWhile: training goes on, and at its end all is as if nothing
// had happened.
func TestSavesFailForAWhile(t *testing.T) {
	whole := begin(t, faultRecipe)
	whole.toTheEnd(t)
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			p := begin(t, faultRecipe)
			dir := p.folder.File(run.CheckpointDir)
			_, err := p.fit(t.Context(),
				at(18, func() { must(t, p.checkpoint.Close()); must(t, outage.begin(dir)) }),
				at(43, func() { must(t, p.checkpoint.Close()); must(t, outage.end(dir)) }))
			must(t, err)
			checkWarnings(t, p, 16, 20, 40)
			whole.remains(t).same(t, p.remains(t))
			if steps, err := p.folder.Generations(); err != nil || !slices.Equal(steps, []int{64, 60}) {
				t.Errorf("checkpoints %v, %v", steps, err)
			}
			whole.remains(t).same(t, resume(t, faultRecipe, p.folder).remains(t))
		})
	}
}

// TestTheLastSaveFails, which is an error, also where saves before it have failed
// or training is stopped from outside.
func TestTheLastSaveFails(t *testing.T) {
	for name, outage := range outages {
		for _, from := range []int{18, 63} {
			for _, stopped := range []bool{false, true} {
				t.Run(fmt.Sprint(name, from, stopped), func(t *testing.T) {
					p := begin(t, faultRecipe)
					dir := p.folder.File(run.CheckpointDir)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					_, err := p.fit(ctx,
						at(from, func() { must(t, p.checkpoint.Close()); must(t, outage.begin(dir)) }),
						at(63, func() {
							if stopped {
								cancel()
							}
						}))
					last := 64
					if stopped {
						last = 63
					}
					stop := (*train.Stop)(nil)
					if err == nil || errors.As(err, &stop) || !strings.Contains(err.Error(), p.folder.Generation(last)) {
						t.Errorf("error %v", err)
					}
					must(t, p.checkpoint.Close())
					must(t, outage.end(dir))
					if s, _, err := p.folder.LoadState(); err != nil || s.Position.Step != from/4*4 {
						t.Errorf("%+v, %v", s, err)
					}
				})
			}
		}
	}
}

// TestAGoodCheckpointOutlivesBadSaves: those of some steps fail, and there is
// always a good one, of the step that the warning says.
func TestAGoodCheckpointOutlivesBadSaves(t *testing.T) {
	p := begin(t, faultRecipe)
	for step := 12; step <= 24; step += 4 { // a folder with something in it is not replaced by a file
		must(t, os.MkdirAll(filepath.Join(p.folder.Generation(step), "x"), 0o777))
	}
	looks := 0
	_, err := p.fit(t.Context(), each{Batch: func(s *train.Stats) error {
		must(t, p.checkpoint.Close())
		want := (s.Step - 1) / 4 * 4 // of the step before, which this one's save comes after
		if want >= 12 && want <= 24 {
			want = 8
		}
		state, _, err := p.folder.LoadState()
		if looks++; err != nil || state.Position.Step != want {
			t.Errorf("after step %d: %+v, %v, want %d", s.Step, state, err, want)
		}
		return nil
	}})
	must(t, err)
	checkWarnings(t, p, 8, 12, 24)
	if looks != recipeSteps {
		t.Errorf("%d looks", looks)
	}
	must(t, os.Truncate(p.folder.Generation(64), 9))
	if s, _, err := p.folder.LoadState(); err != nil || s.Position.Step != 60 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestADamagedCheckpointIsNeverTheOnlyOne: a run that goes on from the one before
// it keeps that one until there is another.
func TestADamagedCheckpointIsNeverTheOnlyOne(t *testing.T) {
	p := begin(t, faultRecipe)
	p.until(t, 14)
	must(t, os.Truncate(p.folder.Generation(14), 100))
	s, passedOver, err := p.folder.LoadState()
	if err != nil || passedOver == nil || s.Position.Step != 12 {
		t.Fatalf("%+v, %v, %v", s, passedOver, err)
	}
	q := newTrial(t, faultRecipe, 5)
	q.in(p.folder)
	q.from = s.Position
	must(t, s.Restore(q.checkpoint.Parts))
	q.checkpoint.Resume(s)
	q.until(t, 13) // before the damaged one
	steps, err := p.folder.Generations()
	if err != nil || !slices.Equal(steps, []int{13, 12}) {
		t.Errorf("checkpoints %v, %v", steps, err)
	}
	whole := begin(t, faultRecipe)
	whole.toTheEnd(t)
	q = resume(t, faultRecipe, p.folder)
	q.toTheEnd(t)
	whole.remains(t).same(t, q.remains(t))
}

// unsynced is a callback whose file cannot be brought to the disk for a while.
type unsynced struct {
	train.Hooks
	failing *bool
}

func (unsynced) Name() string { return "unsynced" }
func (unsynced) State() (train.CallbackState, error) {
	return train.CallbackState{Values: []byte("1")}, nil
}
func (unsynced) Restore(train.CallbackState) error { return nil }
func (u unsynced) Sync() error {
	if *u.failing {
		return errors.New("the file stays in memory")
	}
	return nil
}

// TestNoCheckpointSpeaksOfWhatIsNotOnTheDisk: without the callbacks' files there
// is none.
func TestNoCheckpointSpeaksOfWhatIsNotOnTheDisk(t *testing.T) {
	p, failing := newTrial(t, faultRecipe, 1), false
	p.checkpoint.Callbacks = append(p.checkpoint.Callbacks, unsynced{failing: &failing})
	p.in(run.Folder(quick(t)))
	must(t, os.Mkdir(p.folder.File(run.CheckpointDir), 0o777))
	must(t, p.checkpoint.Begin(p.folder))
	set := func(v bool) func() { return func() { must(t, p.checkpoint.Close()); failing = v } }
	_, err := p.fit(t.Context(), at(10, set(true)), at(30, func() {
		if steps, err := p.folder.Generations(); err != nil || steps[0] != 8 {
			t.Errorf("checkpoints %v, %v", steps, err)
		}
		set(false)()
	}))
	must(t, err)
	if len(p.warnings) != 5 || !strings.Contains(p.warnings[0].Error(), "the file stays in memory") {
		t.Errorf("warnings %v", p.warnings)
	}
}

// TestWhatIsNotFiniteIsNeverSaved: training ends with an error that says so, and
// the newest checkpoint has only numbers.
func TestWhatIsNotFiniteIsNeverSaved(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, what := range []string{"weight", "m", "v"} {
			for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				for _, step := range []int{4, 16, 22, 64} { // within an epoch, at its end, without a save, at the end
					t.Run(fmt.Sprint(dt, what, value, step), func(t *testing.T) {
						r := faultRecipe
						r.dtype = dt
						p := begin(t, r)
						_, err := p.fit(t.Context(), at(step, func() { poison(p, what, value) }))
						checkNotSaved(t, p, step, err)
					})
				}
			}
		}
	}
}

// poison spoils one number of the run, the last one.
func poison(p *trial, what string, value float64) {
	list, prefix := p.model.Weights, ""
	if what != "weight" {
		list, prefix = p.adam.State().Tensors, what+"."
	}
	list = slices.DeleteFunc(slices.Clone(list), func(w nets.Weight) bool { return !strings.HasPrefix(w.Name, prefix) })
	if w := list[len(list)-1].Value; w.Dtype() == tensor.Float64 {
		numbers := graph.Slice[float64](w)
		numbers[len(numbers)-1] = value
	} else {
		numbers := graph.Slice[float32](w)
		numbers[len(numbers)-1] = float32(value)
	}
}

func checkNotSaved(t *testing.T, p *trial, step int, err error) {
	t.Helper()
	stop := (*train.Stop)(nil)
	if err == nil || errors.As(err, &stop) || !strings.Contains(err.Error(), "training has diverged") {
		t.Errorf("error %v", err)
	}
	s, passedOver, err := p.folder.LoadState()
	if err != nil || passedOver != nil || s.Position.Step >= step {
		t.Fatalf("%+v, passed over %v, error %v", s, passedOver, err)
	}
	q := resume(t, p.recipe, p.folder)
	for _, w := range append(slices.Clone(q.model.Weights), q.adam.State().Tensors...) {
		if !finite(w.Value) {
			t.Errorf("%s of the newest checkpoint is not finite", w.Name)
		}
	}
}

func finite(w *tensor.Dense) bool {
	bad := func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
	if w.Dtype() == tensor.Float64 {
		return !slices.ContainsFunc(graph.Slice[float64](w), bad)
	}
	return !slices.ContainsFunc(graph.Slice[float32](w), func(v float32) bool { return bad(float64(v)) })
}

// TestWarnMayBeNil and Close may be called again.
func TestWarnMayBeNil(t *testing.T) {
	p := begin(t, faultRecipe)
	p.checkpoint.Warn = nil
	outage, dir := outages["away"], p.folder.File(run.CheckpointDir)
	_, err := p.fit(t.Context(), at(6, func() { must(t, outage.begin(dir)) }), at(10, func() { must(t, p.checkpoint.Close()); must(t, outage.end(dir)) }))
	must(t, err)
	must(t, p.checkpoint.Close())
}

// TestALogHasItsNameBeforeACheckpointSpeaksOfIt: a crash must not leave a
// checkpoint that knows of rows in a file that is not there.
func TestALogHasItsNameBeforeACheckpointSpeaksOfIt(t *testing.T) {
	p := begin(t, faultRecipe)
	ops := recordCalls(t, string(p.folder), func() { must(t, p.steps.TrainBegin(nil)) })
	if len(ops) != 1 || ops[0].Name != "sync folder" {
		t.Errorf("calls %v", ops)
	}
	must(t, p.steps.Close())
}
