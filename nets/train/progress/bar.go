package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"stheno/nets/train"
)

// redraw is how long a drawn line stands at least, as in Keras.
const redraw = 50 * time.Millisecond

// Bar is verbose 1 on a terminal: Keras's bar, one line an epoch, redrawn in
// place. The line never wraps: where the terminal is narrow the bar shrinks,
// then parts are left out. Validation shows in it as it goes on. A validation
// outside an epoch gets a line of its own.
type Bar struct {
	train.Hooks
	Out      io.Writer
	Terminal Terminal         // zero is 80 columns without colour
	Now      func() time.Time // nil means time.Now

	sink    sink
	watch   watch
	inEpoch bool
	drawn   time.Time // when the line was last drawn
	width   int       // of the line as drawn; 0 if none is open
}

// EpochBegin writes the epoch's heading, if there is more than one epoch or phase.
func (b *Bar) EpochBegin(s *train.Stats) error {
	b.end()
	b.watch.begin(read(b.Now))
	b.inEpoch = true
	if s.Epochs > 1 || s.Phase != "" {
		b.sink.print(b.Out, heading(s)+"\n")
	}
	return nil
}

// BatchEnd redraws the line with the time that is left.
func (b *Bar) BatchEnd(s *train.Stats) error {
	now := read(b.Now)
	b.inEpoch = true
	b.watch.step(now)
	if b.due(now) {
		f := b.frame(s)
		f.time = eta(b.watch.perStep() * float64(left(s)))
		b.draw(f, now)
	}
	return nil
}

// left is how many steps of this epoch are still to do, where training does not
// end before.
func left(s *train.Stats) int {
	n := max(0, s.Batches-s.Batch)
	if s.Steps > 0 {
		n = min(n, max(0, s.Steps-s.Step))
	}
	return n
}

// TestBatchEnd redraws the line with the progress of validation.
func (b *Bar) TestBatchEnd(s *train.Stats) error {
	now := read(b.Now)
	if !b.inEpoch {
		b.evaluation(s, now)
		return nil
	}
	if b.due(now) {
		f := b.frame(s)
		f.time = fmt.Sprintf("%.0fs", b.watch.elapsed(now))
		f.note = validating(s)
		b.draw(f, now)
	}
	return nil
}

// evaluation shows a validation that belongs to no epoch; its last batch ends
// the line.
func (b *Bar) evaluation(s *train.Stats, now time.Time) {
	if s.TestBatch <= 1 {
		b.end()
		b.watch.begin(now)
	}
	b.watch.step(now)
	last := s.TestBatch >= s.TestBatches
	if !last && !b.due(now) {
		return
	}
	f := frame{
		done: s.TestBatch, total: s.TestBatches,
		step:  perStep(b.watch.perStep()),
		note:  "validation",
		color: b.Terminal.Color,
	}
	f.time = eta(b.watch.perStep() * float64(max(0, s.TestBatches-s.TestBatch)))
	if last {
		f.time = fmt.Sprintf("%.0fs", b.watch.elapsed(now))
	}
	b.draw(f, now)
	if last {
		b.end()
	}
}

// EpochEnd draws the epoch's result and ends the line.
func (b *Bar) EpochEnd(s *train.Stats) error {
	b.finish(s)
	return nil
}

// TrainEnd ends the line of an epoch that was left before its end.
func (b *Bar) TrainEnd(s *train.Stats) error {
	if b.inEpoch && s.Batch > 0 {
		b.finish(s)
	}
	b.end()
	return nil
}

// TrainFailed ends the line, so that the error is told on one of its own.
func (b *Bar) TrainFailed(*train.Stats) { b.end() }

// Close ends an open line and returns the first error of writing.
func (b *Bar) Close() error {
	b.end()
	return b.sink.err
}

// due reports whether the line may be drawn again.
func (b *Bar) due(now time.Time) bool { return b.width == 0 || now.Sub(b.drawn) >= redraw }

// frame is what every line of an epoch says.
func (b *Bar) frame(s *train.Stats) frame {
	return frame{
		done: s.Batch, total: s.Batches,
		step:    perStep(b.watch.perStep()),
		metrics: metrics(s),
		color:   b.Terminal.Color,
	}
}

// finish draws the line that stays.
func (b *Bar) finish(s *train.Stats) {
	now := read(b.Now)
	f := b.frame(s)
	f.time = fmt.Sprintf("%.0fs", b.watch.elapsed(now))
	f.final = true
	b.draw(f, now)
	b.end()
}

// draw writes a frame over the line before it, whose remains it blanks.
func (b *Bar) draw(f frame, now time.Time) {
	limit := b.Terminal.limit()
	text, width := f.line(limit)
	pad := strings.Repeat(" ", max(0, min(b.width, limit)-width))
	b.sink.print(b.Out, "\r"+text+pad)
	b.drawn, b.width = now, width
}

// end leaves the line, if one is open.
func (b *Bar) end() {
	if b.width > 0 {
		b.sink.print(b.Out, "\n")
	}
	b.width, b.inEpoch = 0, false
}
