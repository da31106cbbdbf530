package run_test

import (
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets/run"
	"stheno/nets/train"
)

// TestCallbacksSayWhatTheyLack, and those that would save another model or optimizer
// than Fit's are refused.
func TestCallbacksSayWhatTheyLack(t *testing.T) {
	m, other, adam := newModel(t, toy, tensor.Float32), newModel(t, toy, tensor.Float32), train.NewAdam(0.001)
	for _, c := range []struct {
		callback train.Callback
		want     string
	}{
		{&run.Checkpoint{}, "Checkpoint has no Model"},
		{&run.CSVLogger{}, "CSVLogger has no Path"},
		{&run.ModelCheckpoint{Model: other, Path: "never"}, "another model than Fit"},
		{&run.Checkpoint{Parts: run.Parts{Model: other, Optimizer: adam}}, "another model than Fit"},
		{&run.Checkpoint{Parts: run.Parts{Model: m, Optimizer: train.NewAdam(0.001)}}, "another optimizer than Fit"},
	} {
		_, err := train.Fit(t.Context(), m, images(10, toy.Input, 3), adam, train.Plan{Callbacks: []train.Callback{c.callback}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: error %v, want %q", c.callback, err, c.want)
		}
	}
}
