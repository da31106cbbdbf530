package progress

import (
	"math"
	"testing"
	"time"
)

func TestNumbersAreKeras(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{eta(0), "0s"}, {eta(0.9), "0s"}, {eta(60), "60s"}, {eta(65), "1:05"}, {eta(3600), "60:00"}, {eta(3661), "1:01:01"},
		{perStep(0), "0us/step"}, {perStep(0.00025), "250us/step"}, {perStep(0.0112), "11ms/step"}, {perStep(1.6), "2s/step"},
		{value(0.86694), "0.8669"}, {value(1e-3), "1.0000e-03"}, {value(0), "0.0000e+00"}, {value(-2), "-2.0000"},
		{value(math.NaN()), "nan"}, {value(math.Inf(1)), "inf"}, {value(math.Inf(-1)), "-inf"},
		{count(3, 469), "  3/469"}, {count(0, 0), "0/0"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// The first step is the estimate while there is no other, then it is left out.
func TestWatchLeavesTheFirstStepOut(t *testing.T) {
	c := newClock()
	var w watch
	if w.perStep() != 0 || w.elapsed(c.t) != 0 {
		t.Error("a watch that was never started tells a time")
	}
	w.begin(c.t)
	for i, want := range []float64{10, 1, 1} {
		c.pass(time.Second)
		if i == 0 {
			c.pass(9 * time.Second)
		}
		w.step(c.t)
		if got := w.perStep(); got != want {
			t.Errorf("after step %d: %v s a step, want %v", i+1, got, want)
		}
	}
	c.pass(-time.Hour) // a clock that was set back
	w.step(c.t)
	if w.perStep() != 0 || w.elapsed(c.t) != 0 {
		t.Error("a negative time is shown")
	}
}
