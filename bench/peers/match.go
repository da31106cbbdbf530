package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"stheno/nets"
)

// pause is long enough for the threads that spin after a turn to go to sleep.
const pause = 100 * time.Millisecond

// warmUp is how long each side runs before it is timed.
const warmUp = 2 * time.Second

// task is what is timed.
type task struct {
	name, title string
	batch       int
	first       int // turns that are held against each other
	check       func(ours, theirs answer) (difference float64, err error)
	steps       int     // of a turn; 0 is as many as take us span
	span        float64 // seconds
	unit        unit
}

func tasks(s settings) []task {
	list := []task{{
		name: "train", title: fmt.Sprintf("training step, batch %d", s.batch), batch: s.batch,
		first: 2, check: compareLosses, steps: s.steps, span: 0.7, unit: milliseconds,
	}}
	if s.predict {
		latency := task{name: "predict", title: "prediction of one image", batch: 1, first: 1, check: compareProbabilities, span: 0.2, unit: microseconds}
		throughput := latency
		throughput.title, throughput.batch, throughput.unit = "prediction, batch 256", 256, imagesPerSecond(256)
		list = append(list, latency, throughput)
	}
	return list
}

// turn does n steps, or predictions.
type turn func(n int) (answer, error)

// round is the seconds of each step of two turns, one after the other.
type round struct{ Ours, Theirs []float64 }

// match is one peer and us, in one task.
type match struct {
	Peer, Version, Setup string
	Threads              int
	Difference           float64 // between the results; relative for losses
	Rounds               []round
	Peak                 int64  // bytes of the peer's process, at most; 0 is unknown
	Error                string `json:",omitempty"`

	ours, theirs turn
	checked      turn // theirs without dropout, from the first weights
	close        func()
	warm         []float64 // seconds of our steps while warming up
	err          error     // why there is no ratio
}

// prepare makes a match ready to be played: both sides have been found to
// compute the same, and are warm.
func (s *session) prepare(t task, net nets.Network, p *peer) *match {
	m := &match{Peer: p.name, Version: p.hello.Version, Setup: p.hello.Setup, Threads: p.hello.Threads, close: func() {}}
	m.theirs = func(n int) (answer, error) { return p.ask(command{Do: t.name, Batch: t.batch, Steps: n}) }
	m.checked = m.theirs
	if t.name == "train" {
		m.checked = func(n int) (answer, error) { return p.ask(command{Do: "check", Steps: n}) }
	}
	m.fail(m.begin(s, t, net))
	return m
}

func (m *match) begin(s *session, t task, net nets.Network) (err error) {
	if err := m.compare(s, t, net); err != nil {
		return err
	}
	if m.ours, m.close, err = s.ours(t, net); err != nil {
		return err
	}
	if m.warm, err = warm(m.ours); err != nil {
		return err
	}
	_, err = warm(m.theirs)
	return err
}

// compare holds the results of the first turns against each other, of a network that
// drops nothing: everybody draws other numbers.
func (m *match) compare(s *session, t task, net nets.Network) error {
	first, stop, err := s.ours(t, undropped(net))
	defer stop()
	if err != nil {
		return err
	}
	mine, err := first(t.first)
	if err != nil {
		return err
	}
	other, err := m.checked(t.first)
	if err != nil {
		return err
	}
	m.Difference, err = t.check(mine, other)
	return err
}

// undropped is a network whose layers drop nothing.
func undropped(net nets.Network) nets.Network {
	net.Layers = slices.Clone(net.Layers)
	for i, l := range net.Layers {
		at, placed := l.(nets.At)
		if _, ok := l.(nets.Dropout); ok {
			net.Layers[i] = nets.Dropout{}
		} else if _, ok := at.Layer.(nets.Dropout); placed && ok {
			at.Layer = nets.Dropout{}
			net.Layers[i] = at
		}
	}
	return net
}

// warm takes turns until nothing is new to the machine.
func warm(t turn) (seconds []float64, err error) {
	for began := time.Now(); time.Since(began) < warmUp; {
		a, err := t(5)
		if err != nil {
			return nil, err
		}
		seconds = append(seconds, a.Seconds...)
	}
	return seconds, nil
}

// fail takes note of why a match has no ratio.
func (m *match) fail(err error) {
	if err != nil {
		m.err, m.Error = err, err.Error()
	}
}

// turns is how many steps a turn has.
func (t task) turns(matches []*match) int {
	if t.steps > 0 {
		return t.steps
	}
	for _, m := range matches {
		if m.err == nil {
			return max(5, int(math.Ceil(t.span/median(m.warm))))
		}
	}
	return 5
}

// play plays all matches, a round of each in turn.
func play(matches []*match, rounds, n int) {
	for range rounds {
		for _, m := range matches {
			if m.err == nil {
				m.fail(m.round(n))
			}
		}
	}
}

func (m *match) round(n int) error {
	mine, err := m.ours(n)
	if err != nil {
		return err
	}
	time.Sleep(pause)
	other, err := m.theirs(n)
	if err != nil {
		return err
	}
	time.Sleep(pause)
	m.Rounds = append(m.Rounds, round{mine.Seconds, other.Seconds})
	m.Peak = max(m.Peak, other.Peak)
	return nil
}

// seconds are those of all rounds, ours and the peer's.
func (m *match) seconds() (ours, theirs []float64) {
	for _, r := range m.Rounds {
		ours, theirs = append(ours, r.Ours...), append(theirs, r.Theirs...)
	}
	return ours, theirs
}

// ratios are the peer's time by ours: of the best, of the medians, and of the
// medians of each round.
func (m *match) ratios() (best, middle float64, each []float64) {
	ours, theirs := m.seconds()
	for _, r := range m.Rounds {
		each = append(each, median(r.Theirs)/median(r.Ours))
	}
	return slices.Min(theirs) / slices.Min(ours), median(theirs) / median(ours), each
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
