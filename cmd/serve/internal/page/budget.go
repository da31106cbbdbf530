package page

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// budget bounds what the page computes at a time, so that other work of the
// process, as answers to programs, has processors left: half of them at most are
// the page's, and of these a quarter of the time while a crowd waits for it.
type budget struct {
	places  chan struct{}
	long    chan struct{} // who takes many turns, one after the other: together none would come to an end
	asked   atomic.Int64
	waiting atomic.Int64 // for a place
}

// maxAsked is how many requests may wait for a place or have one; more are told to
// come again. Hands that draw are bounded by their connections, each of which asks
// for one drawing at a time.
const maxAsked = 64

func newBudget() budget {
	return budget{places: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), long: make(chan struct{}, 1)}
}

// enter lets a request wait, until it leaves; or it is ErrBusy.
func (b *budget) enter() (leave func(), err error) {
	if b.asked.Add(1) > maxAsked {
		b.asked.Add(-1)
		return nil, ErrBusy
	}
	return func() { b.asked.Add(-1) }, nil
}

// crowd is so many who wait for a place that it rests between two of them, three
// times as long as the one before has had it.
const crowd = 8

// take waits for a place of either kind.
func (b *budget) take(ctx context.Context, places chan struct{}) (leave func(), err error) {
	b.waiting.Add(1)
	defer b.waiting.Add(-1)
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, errGone
	}
}

// turn waits for a place, which whoever computes has until he leaves it.
func (b *budget) turn(ctx context.Context) (leave func(), err error) {
	free, err := b.take(ctx, b.places)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	return func() {
		if b.waiting.Load() < crowd {
			free()
			return
		}
		time.AfterFunc(3*time.Since(began), free)
	}, nil
}

var errGone = refuse(499, "the client has gone") // as nginx has it; nobody reads this

// affordable answers within the budget: the body is read before, so that nobody who
// sends slowly has a place. An answer that takes its turns itself gets none for all.
func (p *Page) affordable(found route, w http.ResponseWriter, r *http.Request) (any, error) {
	if p.budget.asked.Load() >= maxAsked { // before anything is spent on it
		return nil, ErrBusy
	}
	body, err := readBody(w, r, max(maxPNG, p.maxJSON()))
	if err != nil {
		return nil, err
	}
	r.Body = body
	leave, err := p.budget.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if found.costs == turns {
		end, err := p.budget.take(r.Context(), p.budget.long)
		if err != nil {
			return nil, err
		}
		defer end()
		return found.answer(w, r)
	}
	end, err := p.budget.turn(r.Context())
	if err != nil {
		return nil, err
	}
	defer end()
	return found.answer(w, r)
}

// readBody reads a body of bounded size into memory.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (io.ReadCloser, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var buffer bytes.Buffer
	buffer.Grow(int(max(0, r.ContentLength)) + bytes.MinRead)
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, tooLarge(limit)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body breaks off after %d bytes", buffer.Len())
	}
	return io.NopCloser(&buffer), nil
}

func tooLarge(limit int64) error {
	return refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", limit)
}
