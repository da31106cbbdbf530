//go:build mpi

package mpi

// #cgo CFLAGS: -O3 -Wall
// #cgo pkg-config: ompi
// #include "exchange.h"
import "C"

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// Group is the processes that mpirun or srun has started together.
type Group struct {
	rank, size, local int
	names             []string
	timeout           time.Duration
	calls             chan call
}

// call is work for the thread that makes MPI's calls.
type call struct {
	do   func() C.int
	last bool // MPI knows no other call after it
	done chan error
}

// Start joins the group. A rank that is silent for longer than timeout, twice,
// is given up. name makes the name of a rank.
func Start(timeout time.Duration, name func(rank, process int, host string) string) (*Group, error) {
	g := &Group{timeout: timeout, calls: make(chan call)}
	ready := make(chan error)
	go g.serve(ready)
	if err := <-ready; err != nil {
		return nil, err
	}
	g.rank, g.size, g.local = int(C.exchange_rank()), int(C.exchange_size()), int(C.exchange_local())
	for r := range g.size {
		g.names = append(g.names, name(r, int(C.exchange_process(C.int(r))), C.GoString(C.exchange_host(C.int(r)))))
	}
	return g, nil
}

// serve is the thread of every call. Between calls it tells others that ask that
// this process is alive.
func (g *Group) serve(ready chan<- error) {
	runtime.LockOSThread()
	err := failure("start", C.exchange_init(C.double(g.timeout.Seconds()), C.int(os.Getpid())))
	if ready <- err; err != nil {
		return
	}
	often := time.NewTicker(100 * time.Millisecond)
	defer often.Stop()
	for {
		select {
		case c := <-g.calls:
			code := c.do()
			if c.last {
				c.done <- failure("end", code)
				return
			}
			if code == C.EXCHANGE_SILENT {
				c.done <- g.giveUp()
				continue
			}
			c.done <- failure("exchange", code)
		case <-often.C:
			C.exchange_answer()
		}
	}
}

// call has the thread make a call.
func (g *Group) call(do func() C.int) error { return g.send(call{do: do}) }

func (g *Group) send(c call) error {
	c.done = make(chan error, 1)
	g.calls <- c
	return <-c.done
}

func failure(what string, code C.int) error {
	switch code {
	case C.EXCHANGE_OK:
		return nil
	case C.EXCHANGE_SILENT: // before ranks have told their names
		return fmt.Errorf("mpi: %s: other ranks give no sign of life: see whether all of them run", what)
	case C.EXCHANGE_MEMORY:
		return fmt.Errorf("mpi: %s: not enough memory", what)
	}
	var text [512]C.char
	C.exchange_error(code, &text[0], C.size_t(len(text)))
	return fmt.Errorf("mpi: %s: %s", what, C.GoString(&text[0]))
}

// giveUp names the ranks that do not come and ends the job. The lowest of the
// others speaks; they give it the time to.
func (g *Group) giveUp() error {
	var silent, behind []string
	speaker := -1
	for r := range g.size {
		switch C.exchange_missing(C.int(r)) {
		case 1:
			silent = append(silent, g.names[r])
		case 2:
			behind = append(behind, g.names[r])
		default:
			if speaker < 0 {
				speaker = r
			}
		}
	}
	err := fmt.Errorf("mpi: no sign of life from %s for %v: the job is aborted; -resume goes on from its last checkpoint", strings.Join(silent, ", "), 2*g.timeout)
	if len(silent) == 0 {
		err = fmt.Errorf("mpi: %s answers but has not come to a meeting of all ranks for %v: the job is aborted; -resume goes on from its last checkpoint", strings.Join(behind, ", "), 10*g.timeout)
	}
	if speaker != g.rank {
		time.Sleep(3 * time.Second) // and this process is no more, unless the speaker computes and knows nothing
	}
	fmt.Fprintf(os.Stderr, "\n%v\n", err)
	C.exchange_abort(1)
	os.Exit(1)
	return err
}

// Rank is MPI_Comm_rank.
func (g *Group) Rank() int { return g.rank }

// Size is MPI_Comm_size.
func (g *Group) Size() int { return g.size }

// Name is the name of rank r.
func (g *Group) Name(r int) string { return g.names[r] }

// Local is how many ranks run on this host.
func (g *Group) Local() int { return g.local }

// SumFloat32 sums x over the ranks; see the interface in nets/group.
func (g *Group) SumFloat32(x, weights []float32) error {
	if err := g.check(len(x), len(weights)); err != nil {
		return err
	}
	return g.call(func() C.int {
		return C.exchange_sum_float((*C.float)(unsafe.SliceData(x)), C.size_t(len(x)), (*C.float)(unsafe.SliceData(weights)))
	})
}

// SumFloat64 sums x over the ranks; see the interface in nets/group.
func (g *Group) SumFloat64(x, weights []float64) error {
	if err := g.check(len(x), len(weights)); err != nil {
		return err
	}
	return g.call(func() C.int {
		return C.exchange_sum_double((*C.double)(unsafe.SliceData(x)), C.size_t(len(x)), (*C.double)(unsafe.SliceData(weights)))
	})
}

// check refuses what MPI cannot count, and weights of another group.
func (g *Group) check(n, weights int) error {
	if n > math.MaxInt32 {
		return fmt.Errorf("mpi: an array of %d elements; MPI counts up to %d", n, math.MaxInt32)
	}
	if weights != 0 && weights != g.size {
		return fmt.Errorf("mpi: %d weights for %d ranks", weights, g.size)
	}
	return nil
}

// Broadcast replaces p by rank 0's.
func (g *Group) Broadcast(p []byte) error {
	if err := g.check(len(p), 0); err != nil {
		return err
	}
	return g.call(func() C.int {
		return C.exchange_broadcast((*C.char)(unsafe.Pointer(unsafe.SliceData(p))), C.size_t(len(p)))
	})
}

// Barrier returns when every rank has called it.
func (g *Group) Barrier() error { return g.call(func() C.int { return C.exchange_barrier() }) }

// Abort ends the processes of all ranks.
func (g *Group) Abort(code int) {
	g.call(func() C.int {
		C.exchange_abort(C.int(code))
		return 0
	})
	os.Exit(code)
}

// Close waits for all ranks, for as long as they live, and leaves MPI.
func (g *Group) Close() error {
	if err := g.call(func() C.int { return C.exchange_part() }); err != nil {
		return err
	}
	return g.send(call{do: func() C.int { return C.exchange_finalize() }, last: true})
}
