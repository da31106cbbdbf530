package train

import "testing"

// TestStopwatchTellsOfStepsBefore: a run that is resumed with no step left to do has
// taken what it had taken.
func TestStopwatchTellsOfStepsBefore(t *testing.T) {
	state, err := (&Stopwatch{spent: 2.5}).State()
	if err != nil {
		t.Fatal(err)
	}
	var w Stopwatch
	if err := w.Restore(state); err != nil {
		t.Fatal(err)
	}
	var s Stats
	if err := w.TrainBegin(&s); err != nil || s.Seconds != 2.5 {
		t.Errorf("%v s (%v), want 2.5", s.Seconds, err)
	}
}
