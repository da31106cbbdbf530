package progress

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"stheno/nets/train"
)

func TestPlainGolden(t *testing.T) {
	stopped := short(true)
	stopped.stopAt, stopped.evaluate = 5, true
	slow := fake{clock: newClock(), epochs: 2, batches: 6, first: 12 * time.Second, step: 7 * time.Second,
		test: 11 * time.Second, testBatches: 7}
	for name, f := range map[string]fake{"plain": short(false), "plain-val": short(true), "plain-stopped": stopped, "plain-heartbeat": slow} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := &Plain{Out: &out, Now: f.clock.now}
			f.play(t, p)
			check(t, p.Close())
			if strings.ContainsAny(out.String(), "\r\x1b") {
				t.Errorf("control codes in %q", out.String())
			}
			golden(t, name, out.String())
		})
	}
}

// However long the steps, two lines are never closer than 30 s unless an epoch
// ends, and never much further apart than 30 s and a step.
func TestPlainHeartbeatTimes(t *testing.T) {
	f := fake{clock: newClock(), epochs: 1, batches: 500, first: time.Second, step: time.Second}
	var times []float64
	begin := f.clock.t
	f.play(t, &Plain{Out: writer(func() { times = append(times, f.clock.seconds(begin)) }), Now: f.clock.now})
	if len(times) != 17 { // 30, 60 ... 480, and the epoch at 500
		t.Fatalf("lines at %v, want 17 of them", times)
	}
	for i, at := range times[:16] {
		if at != float64(30*(i+1)) {
			t.Errorf("line %d at %v s", i, at)
		}
	}
}

// writer calls itself at each write.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func TestLineGolden(t *testing.T) {
	stopped := short(true)
	stopped.stopAt = 5
	one := short(true)
	one.epochs, one.batches = 1, 12
	for name, f := range map[string]fake{"line": short(false), "line-val": short(true), "line-stopped": stopped, "line-one": one} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			l := &Line{Out: &out, Now: f.clock.now}
			f.play(t, l)
			check(t, l.Close())
			golden(t, name, out.String())
		})
	}
}

func TestSilentWritesNothing(t *testing.T) {
	var out bytes.Buffer
	short(true).play(t, New(0, &out, wide(80, true)))
	if out.Len() > 0 {
		t.Errorf("verbose 0 wrote %q", out.String())
	}
}

// A run as a log file holds it.
func ExamplePlain() {
	c := newClock()
	d := &Plain{Out: os.Stdout, Now: c.now}
	s := &train.Stats{Epoch: 3, Epochs: 10, Batches: 3}
	_ = d.EpochBegin(s)
	for s.Batch = 1; s.Batch <= 3; s.Batch++ {
		c.pass(60 * time.Millisecond)
		_ = d.BatchEnd(s)
	}
	s.Loss, s.Accuracy = 0.4668, 0.8669
	_ = d.EpochEnd(s)
	// Output: Epoch 3/10 - 0.2s - 60ms/step - accuracy: 0.8669 - loss: 0.4668
}
