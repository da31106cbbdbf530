package train

import "time"

// Stopwatch keeps Stats.Seconds and Stats.SecondsPerStep for the callbacks
// after it. Beside the time of day in TensorBoard's files it is the only clock
// of the trainer, and nothing that is computed depends on it.
type Stopwatch struct {
	Hooks
	began  time.Time
	before float64 // seconds of this epoch before the run was interrupted
	spent  float64 // seconds of this epoch
}

// TrainBegin tells what the epoch had taken when the run was interrupted, in case no
// step follows.
func (w *Stopwatch) TrainBegin(s *Stats) error {
	s.Seconds = w.before
	return nil
}

// EpochBegin starts the clock, or goes on with it.
func (w *Stopwatch) EpochBegin(s *Stats) error {
	if s.Batch == 0 {
		w.before = 0
	}
	w.began, w.spent = time.Now(), w.before
	s.Seconds, s.SecondsPerStep = w.before, w.before/float64(max(1, s.Batch))
	return nil
}

// BatchEnd takes the mean over the epoch's steps so far.
func (w *Stopwatch) BatchEnd(s *Stats) error {
	w.read(s)
	s.SecondsPerStep = s.Seconds / float64(s.Batch)
	return nil
}

// EpochEnd counts the validation in, but not as steps.
func (w *Stopwatch) EpochEnd(s *Stats) error {
	w.read(s)
	return nil
}

func (w *Stopwatch) read(s *Stats) {
	w.spent = w.before + time.Since(w.began).Seconds()
	s.Seconds = w.spent
}

// Name is "Stopwatch".
func (w *Stopwatch) Name() string { return "Stopwatch" }

// stopwatchState is what a checkpoint keeps of the clock.
type stopwatchState struct {
	Seconds float64 `json:"seconds"` // of the epoch so far
}

// State is how long the epoch has taken so far.
func (w *Stopwatch) State() (CallbackState, error) { return StateOf(stopwatchState{w.spent}) }

// Restore goes on with that.
func (w *Stopwatch) Restore(s CallbackState) error {
	var state stopwatchState
	err := RestoreState(w.Name(), s, &state)
	w.before, w.spent = state.Seconds, state.Seconds
	return err
}
