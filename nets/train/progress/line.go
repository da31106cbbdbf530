package progress

import (
	"fmt"
	"io"
	"time"

	"stheno/nets/train"
)

// Line is verbose 2, on a terminal or off: Keras's heading and one line an
// epoch, `469/469 - 2s - 2ms/step - accuracy: 0.8727 - loss: 0.4416`. An epoch
// left before its end gets its line too.
type Line struct {
	train.Hooks
	Out io.Writer
	Now func() time.Time // nil means time.Now

	sink    sink
	watch   watch
	inEpoch bool
}

// EpochBegin writes the heading, if there is more than one epoch or phase.
func (l *Line) EpochBegin(s *train.Stats) error {
	l.watch.begin(read(l.Now))
	l.inEpoch = true
	if s.Epochs > 1 || s.Phase != "" {
		l.sink.print(l.Out, heading(s)+"\n")
	}
	return nil
}

// BatchEnd times the step.
func (l *Line) BatchEnd(*train.Stats) error {
	l.watch.step(read(l.Now))
	l.inEpoch = true
	return nil
}

// EpochEnd writes the epoch's line.
func (l *Line) EpochEnd(s *train.Stats) error {
	head := fmt.Sprintf("%s - %.0fs - %s", count(s.Batch, s.Batches),
		l.watch.elapsed(read(l.Now)), perStep(l.watch.perStep()))
	l.sink.print(l.Out, items(head, s, "")+"\n")
	l.inEpoch = false
	return nil
}

// TrainEnd writes the line of an epoch that was left before its end.
func (l *Line) TrainEnd(s *train.Stats) error {
	if l.inEpoch && s.Batch > 0 {
		return l.EpochEnd(s)
	}
	return nil
}

// Close returns the first error of writing.
func (l *Line) Close() error { return l.sink.err }
