package train

import (
	"fmt"
	"math"
	"strings"
)

// monitor is a metric that a callback looks at after each epoch, and what
// counts as an improvement of it. Metrics have Keras's names: loss, accuracy,
// val_loss and val_accuracy. Where Keras warns of a name or a mode that it does
// not know and goes on, a run here ends with an error.
type monitor struct {
	callback string // whose, for errors
	metric   string
	lower    bool    // whether less is better
	delta    float64 // an improvement is larger than that
}

// newMonitor checks a callback's settings. An empty metric is val_loss; an
// empty mode is auto: less loss and more accuracy is better.
func newMonitor(callback, metric, mode string, delta float64) (monitor, error) {
	m := monitor{callback, metric, strings.HasSuffix(metric, "loss"), math.Abs(delta)}
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
	return m, nil
}

// validates says whether the metric takes a validation.
func (m monitor) validates() bool { return strings.HasPrefix(m.metric, "val_") }

// value is the metric of the epoch that has ended.
func (m monitor) value(s *Stats) (float64, error) {
	if m.validates() && !s.Validated {
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

// improves says whether value is better than best by more than the delta; any
// value is where there is none. The sum is Keras's, so that ties fall alike.
func (m monitor) improves(value float64, best *float64) bool {
	switch {
	case best == nil:
		return true
	case m.lower:
		return value+m.delta < *best
	}
	return value-m.delta > *best
}
