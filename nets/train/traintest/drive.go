package traintest

import (
	"strings"
	"testing"

	"stheno/nets/train"
)

// Drive gives a callback a sequence of values of one metric and returns the
// epoch after which it ends training, 0 for none.
func Drive(t *testing.T, c train.Callback, metric string, values ...float64) (int, error) {
	t.Helper()
	if err := c.TrainBegin(&train.Stats{}); err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		s := train.Stats{Epoch: i + 1, Epochs: len(values), Step: i + 1, Whole: true, LearningRate: 0.001}
		switch metric {
		case "loss":
			s.Loss = v
		case "accuracy":
			s.Accuracy = v
		case "val_loss", "":
			s.ValLoss, s.Validated = v, true
		case "val_accuracy":
			s.ValAccuracy, s.Validated = v, true
		}
		if err := c.EpochEnd(&s); err != nil {
			return i + 1, err
		}
	}
	return 0, nil
}

// Rates notes the learning rate after each epoch.
func Rates(t *testing.T, r *train.ReduceLROnPlateau, metric string, values []float64) (got []float64) {
	t.Helper()
	if err := r.TrainBegin(&train.Stats{}); err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		s := train.Stats{Epoch: i + 1, Loss: v, Accuracy: v, ValLoss: v, ValAccuracy: v, Validated: strings.HasPrefix(metric, "val_") || metric == ""}
		if err := r.EpochEnd(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Optimizer.LearningRate())
	}
	return got
}
