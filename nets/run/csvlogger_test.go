package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

func TestCSVLoggerWritesKerassFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	content := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	c := &run.CSVLogger{Path: path}
	for _, run := range []struct {
		stats []train.Stats
		want  string
	}{
		{[]train.Stats{
			{Epoch: 1, Accuracy: 0.5, Loss: 1.0 / 3, ValAccuracy: 0.25, ValLoss: 1e-7, Validated: true, LearningRate: 0.001},
			{Epoch: 2, Accuracy: 1, Loss: 0, ValAccuracy: 0.25, ValLoss: 0.5, Validated: true, LearningRate: 0.0001},
			{Epoch: 3, Accuracy: 1, Loss: 0, ValAccuracy: 0.25, ValLoss: 0.5, LearningRate: 0.0001},
		}, "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n0,0.5,0.001,0.3333333333333333,0.25,1e-07\n1,1,0.0001,0,0.25,0.5\n2,1,0.0001,0,NA,NA\n"},
		{[]train.Stats{{Epoch: 1, Accuracy: 0.5, Loss: 2, LearningRate: 0.001}, {Epoch: 2, Accuracy: 0.5, Loss: 1, Validated: true, LearningRate: 0.001}},
			"epoch,accuracy,learning_rate,loss\n0,0.5,0.001,2\n1,0.5,0.001,1\n"},
	} {
		if err := c.TrainBegin(&train.Stats{}); err != nil {
			t.Fatal(err)
		}
		if got := content(); got != "" {
			t.Errorf("before the first epoch: %q", got)
		}
		for i, s := range run.stats {
			if err := c.EpochEnd(&s); err != nil {
				t.Fatal(err)
			}
			if want := strings.Join(strings.SplitAfter(run.want, "\n")[:i+2], ""); content() != want { // each row at once
				t.Errorf("after epoch %d: %q, want %q", i+1, content(), want)
			}
		}
	}
	if err := c.Sync(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestCSVLoggerGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	var want string
	build := func(*nets.Model, *train.Adam) []train.Callback {
		return []train.Callback{script{ValLoss: []float64{6, 5, 4, 3, 2, 1}}, &run.CSVLogger{Path: path}}
	}
	checkResume(t, build, func() {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(got)
		}
		if string(got) != want || strings.Count(want, "\n") != 7 {
			t.Errorf("%s\nalone\n%s", got, want)
		}
	})
}

func TestCSVLoggerRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "log.csv")
	c := &run.CSVLogger{Path: path}
	if err := c.TrainBegin(&train.Stats{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	for _, values := range []string{`{"bytes":-1,"validated":true}`, `{"bytes":1`, `{"bytes":1,"rows":2}`} {
		if err := c.Restore(train.CallbackState{Values: []byte(values)}); err == nil || !strings.Contains(err.Error(), "state of CSVLogger") {
			t.Errorf("state %s: %v", values, err)
		}
	}
	path = filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(path, []byte("epoch\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	c = &run.CSVLogger{Path: path}
	if err := c.Restore(train.CallbackState{Values: []byte(`{"bytes":60,"validated":true}`)}); err != nil {
		t.Fatal(err)
	}
	if err := c.TrainBegin(&train.Stats{Step: 3}); err == nil || !strings.Contains(err.Error(), "has 6 bytes, the checkpoint knows of 60") {
		t.Errorf("a file that is too short: %v", err)
	}
}
