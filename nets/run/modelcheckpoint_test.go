package run_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// saved runs a ModelCheckpoint for four epochs of three steps and returns, for
// each file that it wrote, the step after which the model had these weights.
func saved(t *testing.T, c run.ModelCheckpoint, dir string, losses []float64) map[string]int {
	t.Helper()
	m := newModel(t, toy, tensor.Float32)
	after := make(map[[32]byte]int)
	note := each{Batch: func(s *train.Stats) error { after[sum(t, m)] = s.Step; return nil }}
	c.Model, c.Path = m, filepath.Join(dir, c.Path)
	fit(t, m, images(10, toy.Input, 3), train.Plan{Epochs: 4, Batch: 4, Callbacks: []train.Callback{note, script{ValLoss: losses, Accuracy: losses}, &c}})

	got, other := make(map[string]int), newModel(t, toy, tensor.Float32)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		err = other.ReadWeights(path)
		got[filepath.ToSlash(name)] = after[sum(t, other)]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestModelCheckpointSaves(t *testing.T) {
	losses := []float64{3, 2, 2.5, 1}
	for _, c := range []struct {
		name string
		c    run.ModelCheckpoint
		want map[string]int
	}{
		{"each epoch", run.ModelCheckpoint{Path: "new/{epoch}.safetensors"},
			map[string]int{"new/1.safetensors": 3, "new/2.safetensors": 6, "new/3.safetensors": 9, "new/4.safetensors": 12}},
		{"one file", run.ModelCheckpoint{Path: "m"}, map[string]int{"m": 12}},
		{"the best", run.ModelCheckpoint{Path: "m-{epoch}", BestOnly: true}, map[string]int{"m-1": 3, "m-2": 6, "m-4": 12}},
		{"the best by accuracy", run.ModelCheckpoint{Path: "m", BestOnly: true, Monitor: "accuracy"}, map[string]int{"m": 3}},
		{"more loss is better", run.ModelCheckpoint{Path: "m", BestOnly: true, Mode: "max"}, map[string]int{"m": 3}},
		{"a threshold", run.ModelCheckpoint{Path: "m-{epoch}", BestOnly: true, Threshold: new(2.0)}, map[string]int{"m-4": 12}},
		{"a threshold out of reach", run.ModelCheckpoint{Path: "m", BestOnly: true, Threshold: new(0.5)}, map[string]int{}},
		{"a threshold without BestOnly", run.ModelCheckpoint{Path: "m", Threshold: new(0.5)}, map[string]int{"m": 12}},
		{"steps", run.ModelCheckpoint{Path: "{epoch}-{step}", Every: 5}, map[string]int{"2-5": 5, "4-10": 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, saved(t, c.c, t.TempDir(), losses)); d != "" {
				t.Errorf("steps of the files (-want +got):\n%s", d)
			}
		})
	}
}

// TestModelCheckpointPassesNaNBy: a first epoch without a number is not the best
// for ever.
func TestModelCheckpointPassesNaNBy(t *testing.T) {
	got := saved(t, run.ModelCheckpoint{Path: "{epoch}", BestOnly: true}, t.TempDir(), []float64{math.NaN(), 2, math.NaN(), 1})
	if d := cmp.Diff(map[string]int{"2": 6, "4": 12}, got); d != "" {
		t.Errorf("steps of the files (-want +got):\n%s", d)
	}
}

// TestModelCheckpointOfSteps judges by the running means: it saves after the
// steps at which they were lowest.
func TestModelCheckpointOfSteps(t *testing.T) {
	m, dir := newModel(t, toy, tensor.Float32), t.TempDir()
	c := &run.ModelCheckpoint{Model: m, Path: filepath.Join(dir, "{step}"), Every: 1, BestOnly: true, Monitor: "loss"}
	var want []string
	best := 1e9
	note := each{Batch: func(s *train.Stats) error {
		if s.Loss < best {
			best, want = s.Loss, append(want, fmt.Sprint(s.Step))
		}
		return nil
	}}
	fit(t, m, images(10, toy.Input, 3), train.Plan{Epochs: 3, Batch: 4, Callbacks: []train.Callback{note, c}})
	for step := 1; step <= 9; step++ {
		_, err := os.Stat(filepath.Join(dir, fmt.Sprint(step)))
		if here := err == nil; here != strings.Contains(" "+strings.Join(want, " ")+" ", fmt.Sprintf(" %d ", step)) {
			t.Errorf("step %d: a file is there: %v; the best were %v", step, here, want)
		}
	}
}

func TestModelCheckpointGoesOn(t *testing.T) {
	dir := t.TempDir()
	build := func(m *nets.Model, _ *train.Adam) []train.Callback {
		return []train.Callback{script{ValLoss: []float64{3, 1, 2, 2, 0.5, 2}},
			&run.ModelCheckpoint{Model: m, Path: filepath.Join(dir, "{epoch}"), BestOnly: true}}
	}
	checkResume(t, build, func() {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 3 {
			t.Errorf("%v (%v), want the models of epochs 1, 2 and 5", entries, err)
		}
	})
}

func TestModelCheckpointRefuses(t *testing.T) {
	m := newModel(t, toy, tensor.Float32)
	dir := t.TempDir()
	for want, c := range map[string]*run.ModelCheckpoint{
		"no Model or no Path":                               {Model: m},
		"no Model or no Path\x00":                           {Path: "m"},
		`path "{epohc}"; braces are for {epoch} and {step}`: {Model: m, Path: "{epohc}"},
		`path "{epoch:02d}"`:                                {Model: m, Path: "{epoch:02d}"},
		`cannot monitor "x"`:                                {Model: m, Path: "m", Monitor: "x"},
		"known at an epoch's end only":                      {Model: m, Path: "m", Every: 3, BestOnly: true},
		"NaN as its threshold":                              {Model: m, Path: "m", Threshold: new(math.NaN())},
	} {
		if err := c.TrainBegin(&train.Stats{}); err == nil || !strings.Contains(err.Error(), strings.TrimRight(want, "\x00")) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	end := train.Stats{Epoch: 1, ValLoss: 1, Validated: true}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	c := &run.ModelCheckpoint{Model: m, Path: filepath.Join(dir, "file", "m"), BestOnly: true}
	if err := c.EpochEnd(&end); err == nil {
		t.Error("no error for a folder that is a file")
	}
	if state, _ := c.State(); strings.Contains(string(state.Values), "best") {
		t.Errorf("what was not saved is the best: %s", state.Values)
	}
	if err := c.Restore(train.CallbackState{Values: []byte(`{"best":"x"}`)}); err == nil || !strings.Contains(err.Error(), "state of ModelCheckpoint") {
		t.Errorf("error %v", err)
	}
}

// TestTheAverageIsSaved: where a run keeps an average, ModelCheckpoint saves that,
// and chooses by it, also behind an interruption.
func TestTheAverageIsSaved(t *testing.T) {
	m, dir := newModel(t, toy, tensor.Float64), t.TempDir()
	var validated [][32]byte
	look := traintest.EachEpoch{Do: func(*train.Stats) error { validated = append(validated, sum(t, m)); return nil }}
	fit(t, m, images(10, toy.Input, 3), train.Plan{Epochs: 3, Batch: 4, Callbacks: []train.Callback{
		&train.Average{Model: m, Decay: 0.9}, look, &run.ModelCheckpoint{Model: m, Path: filepath.Join(dir, "{epoch}.safetensors")},
	}})
	saved := newModel(t, toy, tensor.Float64)
	if err := saved.ReadWeights(filepath.Join(dir, "2.safetensors")); err != nil {
		t.Fatal(err)
	}
	if sum(t, saved) != validated[1] {
		t.Error("the saved model of epoch 2 is not the average that was validated")
	}
	for name, a := range map[string]train.Average{"ema": {Decay: 0.9}, "swa": {Last: 3}} {
		path := filepath.Join(dir, name+".safetensors")
		checkResume(t, func(m *nets.Model, adam *train.Adam) []train.Callback {
			average := a
			average.Model = m
			return []train.Callback{&average, &run.ModelCheckpoint{Model: m, Path: path, BestOnly: true, Monitor: "loss"}}
		}, nil)
	}
}
