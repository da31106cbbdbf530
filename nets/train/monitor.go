package train

import (
	"fmt"
	"math"
	"strings"
)

// Monitor is what a callback looks at to judge an epoch. Its zero value is
// Keras's default, val_loss.
type Monitor struct {
	Metric   string  // loss, accuracy, val_loss or val_accuracy; empty is val_loss
	Mode     string  // min, max or auto, which is max for accuracies; empty is auto
	MinDelta float64 // a smaller change is no improvement
}

func (m Monitor) metric() string {
	if m.Metric == "" {
		return "val_loss"
	}
	return m.Metric
}

// value is the metric of a whole epoch.
func (m Monitor) value(s *Stats) (float64, error) {
	metric := m.metric()
	if strings.HasPrefix(metric, "val_") && !s.Validated {
		return 0, fmt.Errorf("train: %s is monitored, but there is no validation: monitor %s", metric, strings.TrimPrefix(metric, "val_"))
	}
	switch metric {
	case "loss":
		return s.Loss, nil
	case "accuracy":
		return s.Accuracy, nil
	case "val_loss":
		return s.ValLoss, nil
	case "val_accuracy":
		return s.ValAccuracy, nil
	}
	return 0, fmt.Errorf("train: there is no metric %q to monitor, only loss, accuracy, val_loss and val_accuracy", metric)
}

// check refuses what cannot be monitored, before any training.
func (m Monitor) check() error {
	if _, err := m.value(&Stats{Validated: true}); err != nil {
		return err
	}
	if m.Mode != "" && m.Mode != "auto" && m.Mode != "min" && m.Mode != "max" {
		return fmt.Errorf("train: there is no mode %q, only auto, min and max", m.Mode)
	}
	return nil
}

func (m Monitor) maximizes() bool {
	if m.Mode == "min" || m.Mode == "max" {
		return m.Mode == "max"
	}
	return strings.HasSuffix(m.metric(), "accuracy")
}

// better says whether value is an improvement on best; anything is one on nil.
func (m Monitor) better(value float64, best *float64) bool {
	switch {
	case best == nil:
		return true
	case m.maximizes():
		return value > *best+math.Abs(m.MinDelta)
	}
	return value < *best-math.Abs(m.MinDelta)
}
