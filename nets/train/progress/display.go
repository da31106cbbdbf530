package progress

import (
	"io"
	"time"

	"stheno/nets/train"
)

// Display is a callback that shows a run. Its callbacks never fail, and whatever the
// end of train.Fit, no line is left open. Close ends the line of what is shown without
// Fit, and returns the first error of writing, if there was one; nothing else
// needs it.
type Display interface {
	train.Callback
	Close() error
}

// On shows training on out, as New does for -verbose 1 where Detect may choose: a bar
// on a terminal; elsewhere, and where TERM is dumb or CI is set, a plain line an epoch.
// NO_COLOR is obeyed, and nothing is shown on an out that is nil. It is one line among the callbacks of a plan:
//
//	train.Plan{Epochs: 10, Callbacks: []train.Callback{progress.On(os.Stderr)}}
func On(out io.Writer) Display {
	terminal, _ := Detect(out, "auto", nil) // which refuses other words alone
	return New(1, out, terminal)
}

// New returns the display of a -verbose level, with Keras's meanings: 0 shows
// nothing, 2 one line an epoch; 1, and any other, is a bar on a terminal and
// plain lines elsewhere.
func New(verbose int, out io.Writer, t Terminal) Display {
	switch {
	case verbose == 0:
		return silent{}
	case verbose == 2:
		return &Line{Out: out}
	case t.Interactive:
		return &Bar{Out: out, Terminal: t}
	}
	return &Plain{Out: out}
}

// silent is verbose 0.
type silent struct{ train.Hooks }

func (silent) Close() error { return nil }

// sink writes until the first error, which it keeps.
type sink struct{ err error }

// print writes a text in one call, so that a redraw does not flicker.
func (s *sink) print(out io.Writer, text string) {
	if s.err == nil && out != nil {
		_, s.err = io.WriteString(out, text)
	}
}

// read returns the time by a clock that may be nil.
func read(clock func() time.Time) time.Time {
	if clock == nil {
		return time.Now()
	}
	return clock()
}
