package progress

import (
	"fmt"
	"io"
	"time"

	"stheno/nets/train"
)

// silence is how long Plain may say nothing while batches go by.
const silence = 30 * time.Second

// Plain is verbose 1 off a terminal: one line an epoch and, so that a long wait
// is not taken for a hang, one after each 30 s of silence. It writes text and
// newlines only, whatever the settings of colour.
type Plain struct {
	train.Hooks
	Out io.Writer
	Now func() time.Time // nil means time.Now

	sink    sink
	watch   watch
	inEpoch bool
	spoken  time.Time // when the last line was written
}

// TrainBegin starts the silence.
func (p *Plain) TrainBegin(*train.Stats) error {
	p.spoken = read(p.Now)
	return nil
}

// EpochBegin starts the epoch's time.
func (p *Plain) EpochBegin(*train.Stats) error {
	p.watch.begin(read(p.Now))
	p.inEpoch = true
	return nil
}

// BatchEnd breaks a long silence.
func (p *Plain) BatchEnd(s *train.Stats) error {
	now := read(p.Now)
	p.inEpoch = true
	p.watch.step(now)
	if p.due(now) {
		p.say(now, p.batches(s, ""))
	}
	return nil
}

// TestBatchEnd breaks a long silence during validation.
func (p *Plain) TestBatchEnd(s *train.Stats) error {
	now := read(p.Now)
	switch {
	case !p.due(now):
	case p.inEpoch:
		p.say(now, p.batches(s, validating(s)))
	default:
		p.say(now, validating(s))
	}
	return nil
}

// EpochEnd writes the epoch's line.
func (p *Plain) EpochEnd(s *train.Stats) error {
	now := read(p.Now)
	p.inEpoch = false
	head := fmt.Sprintf("%s - %.1fs - %s", heading(s),
		p.watch.elapsed(now), perStep(p.watch.perStep()))
	p.say(now, items(head, s, ""))
	return nil
}

// TrainEnd says how far an epoch came that was left before its end.
func (p *Plain) TrainEnd(s *train.Stats) error {
	if p.inEpoch && s.Batch > 0 {
		p.say(read(p.Now), p.batches(s, ""))
	}
	p.inEpoch = false
	return nil
}

// Close returns the first error of writing.
func (p *Plain) Close() error { return p.sink.err }

// due reports whether the silence has lasted long enough.
func (p *Plain) due(now time.Time) bool {
	if p.spoken.IsZero() { // a validation without TrainBegin
		p.spoken = now
	}
	return now.Sub(p.spoken) >= silence
}

// batches describes an epoch that is not over.
func (p *Plain) batches(s *train.Stats, note string) string {
	head := fmt.Sprintf("%s - %d/%d - %s", heading(s),
		s.Batch, s.Batches, perStep(p.watch.perStep()))
	return items(head, s, note)
}

func (p *Plain) say(now time.Time, line string) {
	p.sink.print(p.Out, line+"\n")
	p.spoken = now
}
