package kernel

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

var threads atomic.Int64

// maxThreads is more than any machine has, and small enough to count rows by.
const maxThreads = 1 << 14

// SetThreads limits how many threads a kernel may use; 0 is GOMAXPROCS. The
// limit changes no bit of any result.
func SetThreads(n int) { threads.Store(int64(min(n, maxThreads))) }

// Threads says how many threads a kernel may use.
func Threads() int {
	if n := int(threads.Load()); n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// parallel calls block for 0 ... blocks-1, on several threads where there are
// any. Which thread takes which block is left to chance: a block must write
// only what is its own. It may be called from several goroutines and from
// within a block; then there are no threads left to help, and it goes alone. A
// block's panic is its caller's, whichever thread it happens on.
func parallel(blocks int, block func(int)) { region{blocks: blocks, block: block}.run() }

// spans cuts 0 ... n-1 into blocks of size and runs them in parallel.
func spans(n, size int, span func(from, to int)) {
	region{blocks: ceil(n, size), span: span, n: n, size: size}.run()
}

// region is work in blocks, which are numbers or spans of numbers.
type region struct {
	blocks  int
	block   func(int)
	span    func(from, to int)
	n, size int
}

func (r *region) do(i int) {
	if r.span != nil {
		r.span(i*r.size, min(r.n, (i+1)*r.size))
		return
	}
	r.block(i)
}

func (r region) run() {
	helpers := min(Threads(), r.blocks) - 1
	if helpers < 1 || r.blocks > maxBlocks || !crew.busy.CompareAndSwap(false, true) {
		for i := range r.blocks {
			r.do(i)
		}
		return
	}
	defer crew.busy.Store(false)
	crew.run(helpers, r)
}

// A region of parallel work lasts a few microseconds, and waking an idle
// thread takes longer. So helpers spin for a while after each region, and park
// only then: long enough to bridge the gaps within a training step, short
// enough not to take the core from another process.
const spin = 60 * time.Microsecond

// team is a crew of helpers, goroutines that live as long as the process.
type team struct {
	busy    atomic.Bool // a region is running
	tickets atomic.Uint64
	region  region // that is running; read only with a ticket in hand
	done    atomic.Int64
	failed  atomic.Pointer[string] // why the first block that panicked did
	parked  atomic.Int64
	wake    chan struct{}
	helpers int // started so far; guarded by busy

	waits    atomic.Bool // whoever began the region is parked until it is done
	finished chan struct{}
}

var crew = team{wake: make(chan struct{}, 1<<10), finished: make(chan struct{}, 1<<10)}

// tickets holds a region's number of blocks above the next block to take. A
// helper that comes late draws a number beyond the last block, whichever
// region it is of, and touches nothing.
const (
	ticketBits = 32
	maxBlocks  = 1 << 30
)

// draw takes the next block of the running region, if there is one left.
func (t *team) draw() (block int, ok bool) {
	s := t.tickets.Add(1) - 1
	blocks, next := s>>ticketBits, s&(1<<ticketBits-1)
	return int(next), next < blocks
}

// idle says that there is no block to take.
func (t *team) idle() bool {
	s := t.tickets.Load()
	return s&(1<<ticketBits-1) >= s>>ticketBits
}

// run runs a region, with this goroutine as one of the crew.
func (t *team) run(helpers int, r region) {
	for ; t.helpers < helpers; t.helpers++ {
		go t.help(t.helpers)
	}
	t.region = r
	t.done.Store(0)
	t.tickets.Store(uint64(r.blocks) << ticketBits)
	for n := min(int(t.parked.Load()), r.blocks-1); n > 0; n-- {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
	t.work()
	t.join()
	if why := t.failed.Swap(nil); why != nil {
		panic(*why)
	}
}

// work takes blocks as long as there are any. Who finishes a region's last one
// wakes who waits for it.
func (t *team) work() {
	for i, ok := t.draw(); ok; i, ok = t.draw() {
		blocks := int64(t.region.blocks)
		t.try(i)
		if t.done.Add(1) == blocks && t.waits.CompareAndSwap(true, false) {
			t.finished <- struct{}{}
		}
	}
}

// try runs a block. A panic must neither end the process, as a helper's would,
// nor the caller's part before the others', which still write to its slices.
func (t *team) try(block int) {
	defer func() {
		if r := recover(); r != nil {
			why := fmt.Sprintf("%v, in a block:\n%s", r, debug.Stack())
			t.failed.CompareAndSwap(nil, &why)
		}
	}()
	t.region.do(block)
}

// join waits until every block is done. It spins as long as a block may take
// that is on its way, and then gives up its processor: a helper whose own has
// been taken by another process can go on there.
func (t *team) join() {
	blocks := int64(t.region.blocks)
	for until := time.Now().Add(spin); t.done.Load() < blocks; {
		if time.Now().Before(until) {
			continue
		}
		t.waits.Store(true)
		if t.done.Load() == blocks && t.waits.CompareAndSwap(true, false) {
			return
		}
		<-t.finished // or an earlier region's word, that came late
	}
}

// help takes blocks for ever; helper n only where n+1 threads may help.
func (t *team) help(n int) {
	for {
		t.await(n)
		t.work()
	}
}

// await returns when there may be something to do: it spins, then parks.
func (t *team) await(n int) {
	for until := time.Now().Add(spin); time.Now().Before(until); {
		for range 100 {
			if !t.idle() && n < Threads()-1 {
				return
			}
		}
	}
	t.parked.Add(1)
	if t.idle() || n >= Threads()-1 {
		<-t.wake
	}
	t.parked.Add(-1)
}
