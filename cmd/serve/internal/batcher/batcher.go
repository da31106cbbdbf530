// Package batcher lets many small predictions share executions of a network.
//
// A caller takes a place ([Batcher.Enter]), decodes what it has been sent, and
// asks ([Place.Predict]). One goroutine takes what waits, oldest first, up to
// Options.Batch images, and predicts it at once. It waits for more, Options.Wait
// at most, only while somebody with a place has not asked yet: a lone caller
// never waits.
//
// Places are bounded: Options.Queue images are decoded, wait or are computed at
// a time; who comes then is refused at once with [ErrFull]. What the batcher
// predicts with has to say the same of an image whatever stands beside it, as
// nets.Predictor does; then nobody can tell whether he was alone.
package batcher

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"stheno/nets"
)

// The reasons for which a caller is refused.
var (
	ErrFull   = errors.New("batcher: the queue is full")
	ErrClosed = errors.New("batcher: is closed")
)

// Options are a batcher's settings; all are needed.
type Options struct {
	Size    int                                                          // values of an image
	Predict func([]float32) (nets.Scores, error)                         // is called by one goroutine
	Batch   int                                                          // images of an execution; a request of more is executed alone
	Wait    time.Duration                                                // how long a request may wait for others
	Queue   int                                                          // images that may be on their way at a time
	Observe func(images int, queued []time.Duration, took time.Duration) // after each execution, before its answers: how long each of its requests had waited
}

// Batcher is a bounded queue in front of a network.
type Batcher struct {
	options Options
	wake    chan struct{} // capacity 1: something below has changed
	ended   chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	taken    int        // images that are on their way; a place is one until it asks
	arriving int        // places that have not asked yet
	waiting  []*request // oldest first
	images   int        // of those that wait
	closed   bool
}

// request is a caller that waits.
type request struct {
	images []float32
	rows   int
	since  time.Time
	done   chan struct{} // closed when scores and err are there
	scores nets.Scores
	err    error
}

// New starts a batcher, which lives until Close.
func New(o Options) *Batcher {
	b := &Batcher{options: o, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go b.work()
	return b
}

// Place is the right to one prediction. Its goroutine must Leave it.
type Place struct {
	b     *Batcher
	rows  int // images that are counted for it
	asked bool
}

// Enter takes a place, or is refused with ErrFull or ErrClosed.
func (b *Batcher) Enter() (*Place, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, ErrClosed
	case b.taken >= b.options.Queue:
		return nil, ErrFull
	}
	b.taken++
	b.arriving++
	return &Place{b: b, rows: 1}, nil
}

// Leave gives the place back.
func (p *Place) Leave() {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.b.taken -= p.rows
	p.rows = 0
	p.b.ask(p)
	p.b.signal()
}

// ask is the end of a place's arriving.
func (b *Batcher) ask(p *Place) {
	if !p.asked {
		p.asked = true
		b.arriving--
	}
}

// Predict predicts images, once for a place. It returns ErrFull if there is no
// room for more images than one, and ctx's error when that ends first; then
// what still waits frees its place at once.
func (p *Place) Predict(ctx context.Context, images []float32) (nets.Scores, error) {
	b := p.b
	r := &request{images: images, rows: len(images) / b.options.Size, since: time.Now(), done: make(chan struct{})}
	if r.rows*b.options.Size != len(images) || r.rows < 1 {
		return nets.Scores{}, fmt.Errorf("batcher: %d values are no images of %d", len(images), b.options.Size)
	}
	if err := b.enqueue(p, r); err != nil {
		return nets.Scores{}, err
	}
	select {
	case <-r.done:
		return r.scores, r.err
	case <-ctx.Done():
		b.withdraw(r)
		return nets.Scores{}, context.Cause(ctx)
	}
}

func (b *Batcher) enqueue(p *Place, r *request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken-p.rows+r.rows > b.options.Queue {
		return ErrFull
	}
	b.taken += r.rows - p.rows
	p.rows = r.rows
	b.ask(p)
	b.waiting = append(b.waiting, r)
	b.images += r.rows
	b.signal()
	return nil
}

// withdraw takes a request out of the queue, if it is still there.
func (b *Batcher) withdraw(r *request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.waiting {
		if other == r {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			b.images -= r.rows
			return
		}
	}
}

// Taken is how many images are on their way.
func (b *Batcher) Taken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

// Full says whether Enter would refuse, without taking a place.
func (b *Batcher) Full() bool { return b.Taken() >= b.options.Queue }

// Close lets nobody in any more, and returns when all who have a place have
// left it.
func (b *Batcher) Close() {
	b.mu.Lock()
	b.closed = true
	b.signal()
	b.mu.Unlock()
	<-b.ended
}

// signal wakes the worker. The caller holds mu.
func (b *Batcher) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *Batcher) work() {
	defer close(b.ended)
	var joined []float32 // the images of several requests; reused
	for {
		batch := b.next()
		if batch == nil {
			return
		}
		joined = b.execute(batch, joined[:0])
	}
}

// next waits for work; nil is the end.
func (b *Batcher) next() []*request {
	for {
		batch, wait, end := b.take()
		if batch != nil || end {
			return batch
		}
		if wait == 0 {
			<-b.wake
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-b.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take takes a batch out of the queue, or says how long to wait for more; 0 is
// until something happens. end is that nobody will ask any more.
func (b *Batcher) take() (batch []*request, wait time.Duration, end bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return nil, 0, b.closed && b.taken == 0
	}
	if b.arriving > 0 && b.images < b.options.Batch {
		if left := b.options.Wait - time.Since(b.waiting[0].since); left > 0 {
			return nil, left, false
		}
	}
	n, images := 0, 0
	for n < len(b.waiting) && (n == 0 || images+b.waiting[n].rows <= b.options.Batch) {
		images += b.waiting[n].rows
		n++
	}
	batch = b.waiting[:n:n]
	b.waiting = append([]*request(nil), b.waiting[n:]...)
	b.images -= images
	return batch, 0, false
}

// execute predicts a batch and tells each of its requests. It returns the memory
// that it has joined images in.
func (b *Batcher) execute(batch []*request, joined []float32) []float32 {
	images := batch[0].images
	if len(batch) > 1 {
		for _, r := range batch {
			joined = append(joined, r.images...)
		}
		images = joined
	}
	began := time.Now()
	scores, err := b.predict(images)
	took := time.Since(began)
	queued, rows := make([]time.Duration, len(batch)), 0
	for i, r := range batch {
		queued[i] = began.Sub(r.since)
		rows += r.rows
	}
	b.options.Observe(rows, queued, took)
	at := 0
	for _, r := range batch {
		if r.err = err; err == nil {
			from, to := at*scores.Classes, (at+r.rows)*scores.Classes
			r.scores = nets.Scores{Classes: scores.Classes, Logits: scores.Logits[from:to:to], Probabilities: scores.Probabilities[from:to:to]}
		}
		at += r.rows
		close(r.done)
	}
	return joined
}

// predict makes a panic an error: it ends a batch, not the program.
func (b *Batcher) predict(images []float32) (scores nets.Scores, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("batcher: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return b.options.Predict(images)
}
