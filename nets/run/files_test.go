package run_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/nets/run"
	"stheno/nets/train"
)

func readFile(t *testing.T, folder run.Folder, name string) string {
	t.Helper()
	content, err := os.ReadFile(folder.File(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// clock is a stopwatch that always shows the same.
type clock struct{ train.Hooks }

func (clock) EpochEnd(s *train.Stats) error { s.Seconds = 1.5; return nil }

func TestHistoryFiles(t *testing.T) {
	folder := run.Folder(t.TempDir())
	h := &run.History{Folder: folder}
	if err := h.TrainBegin(nil); err != nil {
		t.Fatal(err)
	}
	const head = "epoch,accuracy,loss,val_accuracy,val_loss,learning_rate,seconds\n"
	if got := readFile(t, folder, run.HistoryFile); got != head {
		t.Errorf("before the first epoch: %q", got)
	}
	if got := readFile(t, folder, run.HistoryJSONFile); got != "[]\n" {
		t.Errorf("before the first epoch: %q", got)
	}
	for _, s := range []train.Stats{
		{Epoch: 1, Accuracy: 0.5, Loss: 1.0 / 3, ValAccuracy: 0.25, ValLoss: 1e-7, Validated: true, LearningRate: 0.001, Seconds: 2.5},
		{Epoch: 2, Accuracy: 1, Loss: 0, ValAccuracy: 0.25, ValLoss: 1e-7, LearningRate: 0.0005, Seconds: 2},
	} {
		if err := h.EpochEnd(&s); err != nil {
			t.Fatal(err)
		}
	}
	const rows = head + "1,0.5,0.3333333333333333,0.25,1e-07,0.001,2.5\n" + "2,1,0,,,0.0005,2\n"
	if d := cmp.Diff(rows, readFile(t, folder, run.HistoryFile)); d != "" {
		t.Errorf("history.csv (-want +got):\n%s", d)
	}
	const objects = `[
  {
    "epoch": 1,
    "accuracy": 0.5,
    "loss": 0.3333333333333333,
    "val_accuracy": 0.25,
    "val_loss": 1e-7,
    "learning_rate": 0.001,
    "seconds": 2.5
  },
  {
    "epoch": 2,
    "accuracy": 1,
    "loss": 0,
    "learning_rate": 0.0005,
    "seconds": 2
  }
]
`
	if d := cmp.Diff(objects, readFile(t, folder, run.HistoryJSONFile)); d != "" {
		t.Errorf("history.json (-want +got):\n%s", d)
	}
}

// TestFilesOfARun holds the files of a small run against what its callbacks saw.
func TestFilesOfARun(t *testing.T) {
	folder := run.Folder(t.TempDir())
	log, history := &run.StepLog{Folder: folder}, &run.History{Folder: folder}
	steps := [][]string{{"step", "loss", "accuracy"}}
	seen := each{Batch: func(s *train.Stats) error {
		steps = append(steps, []string{fmt.Sprint(s.Step), fmt.Sprint(float32(s.BatchLoss)), fmt.Sprint(float32(s.BatchAccuracy))})
		return nil
	}}
	rows := images(10, toy.Input, 3)
	stats := fit(t, newModel(t, toy, tensor.Float32), rows, train.Plan{
		Epochs: 3, Batch: 3, Steps: 11, Validation: rows,
		Callbacks: []train.Callback{clock{}, log, history, seen},
	})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	got, err := csv.NewReader(strings.NewReader(readFile(t, folder, run.StepsFile))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(steps, got); d != "" || len(got) != 1+11 {
		t.Errorf("steps.csv (-want +got):\n%s", d)
	}
	var epochs []train.Row
	if err := json.Unmarshal([]byte(readFile(t, folder, run.HistoryJSONFile)), &epochs); err != nil {
		t.Fatal(err)
	}
	if len(epochs) != 2 || epochs[1].Epoch != 2 || epochs[1].Seconds != 1.5 || *epochs[1].ValLoss != stats.ValLoss {
		t.Errorf("history.json has %+v; the last step was %+v", epochs, stats)
	}
}

func TestStepsAreTheShortestDecimals(t *testing.T) {
	folder := run.Folder(t.TempDir())
	log := &run.StepLog{Folder: folder}
	if err := log.TrainBegin(nil); err != nil {
		t.Fatal(err)
	}
	values := []float32{0, 1, 0.1, 2.3741574, 1e-7, 1.0 / 3, 3.4e38}
	want := "step,loss,accuracy\n1,0,1\n2,1,1\n3,0.1,1\n4,2.3741574,1\n5,1e-07,1\n6,0.33333334,1\n7,3.4e+38,1\n"
	for i, v := range values {
		if err := log.BatchEnd(&train.Stats{Step: i + 1, BatchLoss: float64(v), BatchAccuracy: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.EpochEnd(nil); err != nil { // flushed, not closed
		t.Fatal(err)
	}
	got := readFile(t, folder, run.StepsFile)
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i, line := range strings.Split(strings.TrimSpace(got), "\n")[1:] {
		v, err := strconv.ParseFloat(strings.Split(line, ",")[1], 32)
		if err != nil || float32(v) != values[i] {
			t.Errorf("%s restores %v, want %v", line, v, values[i])
		}
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

func TestStepLogNamesItsFile(t *testing.T) {
	log := &run.StepLog{Folder: run.Folder(filepath.Join(t.TempDir(), "gone"))}
	if err := log.TrainBegin(nil); err == nil || !strings.Contains(err.Error(), filepath.Join("gone", "steps.csv")) {
		t.Errorf("error %v", err)
	}
	if err := log.Close(); err != nil {
		t.Errorf("Close after that: %v", err)
	}
}

func TestFolderRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{file: "is a file", filepath.Join(file, "below"): "not a directory"}
	for name, want := range map[string]string{run.ConfigFile: "holds another run", run.StepsFile: "is not empty", "notes.txt": "is not empty"} {
		run := filepath.Join(dir, "with-"+name)
		if err := os.Mkdir(run, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(run, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		cases[run] = want + " (" + name + " is there)"
	}
	for path, want := range cases {
		for _, err := range []error{run.CheckFolder(path), second(run.CreateFolder(path, "mlp", time.Now(), nothing))} {
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: error %v, want %q", path, err, want)
			}
		}
	}
	for _, fine := range []string{filepath.Join(dir, "new", "folder"), t.TempDir()} {
		if err := run.CheckFolder(fine); err != nil {
			t.Error(err)
		}
		if f, err := run.CreateFolder(fine, "mlp", time.Now(), nothing); err != nil || string(f) != fine {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// nothing fills the folder of a run that will not train.
func nothing(run.Folder) error { return nil }

func second[T any](_ T, err error) error { return err }

func TestTwoRunsInOneSecond(t *testing.T) {
	t.Chdir(t.TempDir())
	now := time.Date(2024, 2, 29, 23, 59, 1, 0, time.UTC)
	for _, want := range []string{"mlp-20240229-235901", "mlp-20240229-235901-2", "mlp-20240229-235901-3"} {
		got, err := run.CreateFolder("", "mlp", now, nothing)
		if err != nil || string(got) != filepath.Join("runs", want) {
			t.Errorf("%s (%v), want %s", got, err, want)
		}
		if info, err := os.Stat(string(got)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", got, err)
		}
	}
}

func TestWriteModel(t *testing.T) {
	folder, m := run.Folder(t.TempDir()), newModel(t, toy, tensor.Float32)
	if err := folder.WriteModel(m); err != nil {
		t.Fatal(err)
	}
	other := newModel(t, toy, tensor.Float32)
	clear(other.Weights[0].Value.Float32s())
	if err := other.ReadWeights(folder.File(run.ModelFile)); err != nil {
		t.Fatal(err)
	}
	if sum(t, other) != sum(t, m) {
		t.Error("the model read is not the model written")
	}
	entries, err := os.ReadDir(string(folder))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v)", entries, err)
	}
}
