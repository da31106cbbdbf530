package progress

import (
	"fmt"
	"math"
	"strings"

	"stheno/nets/train"
)

// eta prints the seconds left as Keras does: 59s, 1:05, 1:01:01.
func eta(seconds float64) string {
	n := int64(seconds)
	switch {
	case seconds > 3600:
		return fmt.Sprintf("%d:%02d:%02d", n/3600, n%3600/60, n%60)
	case seconds > 60:
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%ds", n)
}

// perStep prints the seconds of a step in the unit that suits them.
func perStep(seconds float64) string {
	switch {
	case seconds >= 1:
		return fmt.Sprintf("%.0fs/step", seconds)
	case seconds >= 1e-3:
		return fmt.Sprintf("%.0fms/step", seconds*1e3)
	}
	return fmt.Sprintf("%.0fus/step", seconds*1e6)
}

// value prints a metric; what is not finite is spelled as Python spells it.
func value(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strings.ToLower(fmt.Sprint(v)), "+")
	case math.Abs(v) > 1e-3:
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.4e", v)
}

// heading names an epoch, and the phase of a run that has several.
func heading(s *train.Stats) string {
	epoch := fmt.Sprintf("Epoch %d/%d", s.Epoch, s.Epochs)
	if s.Phase == "" {
		return epoch
	}
	return strings.ToUpper(s.Phase[:1]) + s.Phase[1:] + ", e" + epoch[1:]
}

// count prints a/b with a as wide as b, so that the line stands still.
func count(done, total int) string {
	digits := len(fmt.Sprint(total))
	return fmt.Sprintf("%*d/%d", digits, done, total)
}

// metric is a printed number. A line too narrow for all keeps those of the
// lowest rank: accuracies before losses, validation before training.
type metric struct {
	text string
	rank int
}

// metrics lists what is known, in the order in which Keras sorts it.
func metrics(s *train.Stats) []metric {
	known := []metric{
		{"accuracy: " + value(s.Accuracy), 1},
		{"loss: " + value(s.Loss), 3},
	}
	if s.Validated {
		known = append(known,
			metric{"val_accuracy: " + value(s.ValAccuracy), 0},
			metric{"val_loss: " + value(s.ValLoss), 2})
	}
	return known
}

// items joins the parts of a line that are not empty with Keras's separator.
func items(first string, s *train.Stats, last string) string {
	parts := []string{first}
	for _, m := range metrics(s) {
		parts = append(parts, m.text)
	}
	if last != "" {
		parts = append(parts, last)
	}
	return strings.Join(parts, " - ")
}

// validating says how far a validation is, or what comes before it.
func validating(s *train.Stats) string {
	if s.Settling {
		return fmt.Sprintf("averaging %d/%d", s.TestBatch, s.TestBatches)
	}
	return fmt.Sprintf("validating %d/%d", s.TestBatch, s.TestBatches)
}
