package progress

import "time"

// watch times an epoch. It keeps its own time besides Stats.SecondsPerStep
// because Keras's estimate leaves the first step out: that one also pays for
// compiling the graph.
type watch struct {
	start, first, last time.Time // of the epoch, its first step and its latest
	steps              int       // seen so far; a resumed epoch begins in its middle
}

// begin starts an epoch at now.
func (w *watch) begin(now time.Time) { *w = watch{start: now} }

// step counts a step that ended at now.
func (w *watch) step(now time.Time) {
	if w.start.IsZero() {
		w.start = now
	}
	if w.steps == 0 {
		w.first = now
	}
	w.steps++
	w.last = now
}

// elapsed is the seconds from the start to now.
func (w *watch) elapsed(now time.Time) float64 {
	if w.start.IsZero() {
		return 0
	}
	return max(0, now.Sub(w.start).Seconds())
}

// perStep is the mean seconds of the steps after the first; of the first, as
// long as there is no other; 0 before any.
func (w *watch) perStep() float64 {
	switch w.steps {
	case 0:
		return 0
	case 1:
		return max(0, w.first.Sub(w.start).Seconds())
	}
	return max(0, w.last.Sub(w.first).Seconds()/float64(w.steps-1))
}
