package train

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Monitor is a metric that a callback looks at after each epoch, and what
// counts as an improvement of it. Metrics have Keras's names: loss, accuracy,
// val_loss and val_accuracy.
type Monitor struct {
	callback string // whose, for errors
	metric   string
	lower    bool    // whether less is better
	delta    float64 // an improvement is larger than that
}

// NewMonitor checks a callback's settings. An empty metric is val_loss; an
// empty mode is auto: less loss and more accuracy is better.
func NewMonitor(callback, metric, mode string, delta float64) (Monitor, error) {
	m := Monitor{callback, metric, strings.HasSuffix(metric, "loss"), math.Abs(delta)}
	if metric == "" {
		m.metric, m.lower = "val_loss", true
	}
	switch m.metric {
	case "loss", "accuracy", "val_loss", "val_accuracy":
	default:
		return m, fmt.Errorf("train: %s cannot monitor %q; there are loss, accuracy, val_loss and val_accuracy", callback, metric)
	}
	switch mode {
	case "", "auto":
	case "min", "max":
		m.lower = mode == "min"
	default:
		return m, fmt.Errorf("train: %s has mode %q; there are auto, min and max", callback, mode)
	}
	if math.IsNaN(delta) {
		return m, fmt.Errorf("train: %s has NaN as its min delta: set a number", callback)
	}
	return m, nil
}

// Number refuses a reference that nothing could be compared with; nil is none.
func (m Monitor) Number(name string, reference *float64) error {
	if reference != nil && math.IsNaN(*reference) {
		return fmt.Errorf("train: %s has NaN as its %s: set a number, or nil for none", m.callback, name)
	}
	return nil
}

// Metric is the metric's name.
func (m Monitor) Metric() string { return m.metric }

// Validates says whether the metric takes a validation.
func (m Monitor) Validates() bool { return strings.HasPrefix(m.metric, "val_") }

// Value is the metric of the epoch that has ended.
func (m Monitor) Value(s *Stats) (float64, error) {
	if m.metric == "" {
		return 0, errors.New("train: the Monitor is empty: take one from NewMonitor")
	}
	if m.Validates() && !s.Validated {
		return 0, fmt.Errorf("train: %s monitors %s, but epoch %d was not validated: set Plan.Validation, or monitor %s",
			m.callback, m.metric, s.Epoch, strings.TrimPrefix(m.metric, "val_"))
	}
	switch m.metric {
	case "loss":
		return s.Loss, nil
	case "accuracy":
		return s.Accuracy, nil
	case "val_loss":
		return s.ValLoss, nil
	}
	return s.ValAccuracy, nil
}

// Improves says whether value is better than best by more than the delta; any
// Value is where there is none. As in Keras, the delta is subtracted in float64
// and the result compared in float32, so that ties fall alike. What is not
// finite is never better: as the first value, it would be the best for ever.
func (m Monitor) Improves(value float64, best *float64) bool {
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return false
	case best == nil:
		return true
	case m.lower:
		return float32(value+m.delta) < float32(*best)
	}
	return float32(value-m.delta) > float32(*best)
}
