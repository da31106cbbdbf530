package progress

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

func TestBarGolden(t *testing.T) {
	for _, columns := range []int{140, 80, 50, 30} {
		for _, validated := range []bool{false, true} {
			for _, color := range []bool{false, true} {
				name := fmt.Sprintf("bar-%d-val=%t-color=%t", columns, validated, color)
				t.Run(name, func(t *testing.T) {
					var out bytes.Buffer
					f := short(validated)
					b := &Bar{Out: &out, Terminal: wide(columns, color), Now: f.clock.now}
					f.play(t, b)
					check(t, b.Close())
					golden(t, name, out.String())
				})
			}
		}
	}
}

// What stays on the screen after a run is headings and final lines alone.
func TestBarScreen(t *testing.T) {
	f := short(true)
	s := &screen{columns: func() int { return 140 }}
	b := &Bar{Out: s, Terminal: wide(140, true), Now: f.clock.now}
	f.play(t, b)
	check(t, b.Close())
	golden(t, "screen-140", s.String())
}

// long is a run whose times and metrics change their width.
func long() fake {
	return fake{clock: newClock(), epochs: 3, batches: 24, first: 90 * time.Second, step: 35 * time.Second,
		test: 1200 * time.Millisecond, testBatches: 15, evaluate: true}
}

// Each row must show what was drawn last and no more, without ever wrapping.
func TestBarNeverWrapsNorLeavesRemains(t *testing.T) {
	for columns := 2; columns <= 200; columns++ {
		f := long()
		var sent bytes.Buffer
		s := &screen{columns: func() int { return columns }}
		s.drawn = func(row string) {
			line := plain(sent.String())
			if row != line {
				t.Errorf("%d columns: the row shows %q, drawn was %q", columns, row, line)
			}
		}
		b := &Bar{Out: tee{&sent, s}, Terminal: wide(columns, columns%2 == 0), Now: f.clock.now}
		if columns < 20 {
			f.epochs = 1 // no heading, which is as wide as it is
		}
		f.play(t, b)
		if err := b.Close(); err != nil {
			t.Fatalf("%d columns: %v", columns, err)
		}
	}
}

// A terminal that is made narrower or wider is obeyed at the next redraw.
func TestBarFollowsTheWidth(t *testing.T) {
	f := long()
	columns := 120
	terminal := Terminal{Interactive: true, Width: func() int { return columns }}
	var widest int
	s := &screen{columns: func() int { return columns }}
	s.drawn = func(row string) {
		widest = max(widest, len([]rune(row)))
		columns = 40 + (columns+37)%80
	}
	b := &Bar{Out: s, Terminal: terminal, Now: f.clock.now}
	f.play(t, b)
	check(t, b.Close())
	if widest < 60 {
		t.Errorf("widest line is %d columns, want it to use what there is", widest)
	}
}

func TestBarRedrawsAtMostEvery50ms(t *testing.T) {
	f := fake{clock: newClock(), epochs: 1, batches: 1000, first: time.Millisecond, step: time.Millisecond}
	var out bytes.Buffer
	f.play(t, &Bar{Out: &out, Terminal: wide(80, false), Now: f.clock.now})
	if n := strings.Count(out.String(), "\r"); n != 21 { // 1, 51 ... 951, and the final one
		t.Errorf("%d redraws in a second, want 21", n)
	}
}

func TestBarBetweenRedrawsAllocatesNothing(t *testing.T) {
	c := newClock()
	b := &Bar{Out: &bytes.Buffer{}, Now: c.now}
	s := &train.Stats{Epoch: 1, Epochs: 1, Batch: 1, Batches: 9}
	check(t, b.BatchEnd(s))
	if n := testing.AllocsPerRun(100, func() { _ = b.BatchEnd(s) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestBarStoppedInMidEpoch(t *testing.T) {
	f := short(true)
	f.stopAt, f.evaluate = 5, true
	s := &screen{columns: func() int { return 80 }}
	b := &Bar{Out: s, Terminal: wide(80, false), Now: f.clock.now}
	f.play(t, b)
	check(t, b.Close())
	golden(t, "screen-stopped", s.String())
}

func TestBarTimeLeftHeedsSteps(t *testing.T) {
	c := newClock()
	var out bytes.Buffer
	b := &Bar{Out: &out, Now: c.now}
	for i := range 3 {
		out.Reset()
		c.pass(time.Second)
		check(t, b.BatchEnd(&train.Stats{Epoch: 1, Epochs: 1, Batch: i + 1, Batches: 469, Step: 469 + i + 1, Steps: 469 + 10}))
	}
	if !strings.Contains(out.String(), " 7s 1s/step") {
		t.Errorf("seven steps of a second are left, and the bar says %q", out.String())
	}
}

// An error of Fit finds the line ended, by itself; an end in good order too.
func TestBarLeavesNoLineOpen(t *testing.T) {
	for _, fault := range []error{errBroken, &train.Stop{Reason: "enough"}} {
		var out bytes.Buffer
		b := &Bar{Out: &out, Terminal: wide(80, false), Now: newClock().now}
		plan := train.Plan{Epochs: 2, Batch: 4, Callbacks: []train.Callback{b, traintest.Each{Batch: func(s *train.Stats) error {
			if strings.HasSuffix(out.String(), "\n") {
				t.Error("no line is open")
			}
			return fault
		}}}}
		_, err := train.Fit(t.Context(), traintest.NewModel(t, traintest.Toy, tensor.Float32), traintest.Images(8, traintest.Toy.Input, 3), train.NewAdam(0.001), plan)
		if stop := (*train.Stop)(nil); errors.Is(err, errBroken) == errors.As(fault, &stop) {
			t.Errorf("error %v", err)
		}
		if !strings.HasSuffix(out.String(), "\n") || strings.HasSuffix(out.String(), "\n\n") {
			t.Errorf("after %v: %q", fault, out.String())
		}
	}
}

// What is shown without Fit ends its line with Close, once.
func TestBarCloseEndsAnOpenLine(t *testing.T) {
	var out bytes.Buffer
	b := &Bar{Out: &out, Now: newClock().now}
	check(t, b.BatchEnd(&train.Stats{Epoch: 1, Epochs: 1, Batch: 1, Batches: 9}))
	check(t, b.Close())
	check(t, b.Close())
	if !strings.HasSuffix(out.String(), "\n") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("wrote %q, want one newline at the end", out.String())
	}
}

func TestFailedWritesDoNotStopTraining(t *testing.T) {
	for _, d := range []Display{&Bar{Out: broken{}}, &Plain{Out: broken{}}, &Line{Out: broken{}}, &JSON{Events: &Events{Out: broken{}}}} {
		short(true).play(t, d)
		if err := d.Close(); !errors.Is(err, errBroken) {
			t.Errorf("%T.Close() = %v, want %v", d, err, errBroken)
		}
	}
}

// TestNowhereToWrite: an Out that is nil shows nothing, and stops nobody.
func TestNowhereToWrite(t *testing.T) {
	for _, d := range []Display{On(nil), &Bar{}, &Plain{}, &Line{}} {
		short(true).play(t, d)
		if err := d.Close(); err != nil {
			t.Errorf("%T.Close() = %v", d, err)
		}
	}
}

var errBroken = errors.New("broken pipe")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// tee keeps the latest write and passes it on.
type tee struct {
	latest *bytes.Buffer
	screen *screen
}

func (t tee) Write(p []byte) (int, error) {
	t.latest.Reset()
	t.latest.Write(p)
	return t.screen.Write(p)
}

// plain is what a draw means to show.
func plain(draw string) string {
	for _, code := range []string{"\r", "\x1b[0m", "\x1b[1m", "\x1b[32m", "\x1b[37m"} {
		draw = strings.ReplaceAll(draw, code, "")
	}
	return strings.TrimRight(draw, " ")
}
