package train

import "time"

// Stopwatch keeps Stats.Seconds and Stats.SecondsPerStep for the callbacks
// after it. It is the only clock of the trainer, and nothing that is computed
// depends on it.
type Stopwatch struct {
	Hooks
	began time.Time
}

// EpochBegin starts the clock.
func (w *Stopwatch) EpochBegin(s *Stats) error {
	w.began, s.Seconds, s.SecondsPerStep = time.Now(), 0, 0
	return nil
}

// BatchEnd takes the mean over the epoch's steps so far.
func (w *Stopwatch) BatchEnd(s *Stats) error {
	s.Seconds = time.Since(w.began).Seconds()
	s.SecondsPerStep = s.Seconds / float64(s.Batch)
	return nil
}

// EpochEnd counts the validation in, but not as steps.
func (w *Stopwatch) EpochEnd(s *Stats) error {
	s.Seconds = time.Since(w.began).Seconds()
	return nil
}
