package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

var threads atomic.Int64

// SetThreads limits how many threads a kernel may use; 0 is GOMAXPROCS. The
// limit changes no bit of any result.
func SetThreads(n int) { threads.Store(int64(n)) }

// Threads says how many threads a kernel may use.
func Threads() int {
	if n := int(threads.Load()); n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// parallel calls block for 0 ... blocks-1, on several threads where there are
// any. Which thread takes which block is left to chance: a block must write
// only what is its own.
func parallel(blocks int, block func(int)) {
	workers := min(Threads(), blocks)
	if workers <= 1 {
		for i := range blocks {
			block(i)
		}
		return
	}
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < blocks; i = int(next.Add(1)) - 1 {
			block(i)
		}
	}
	var group sync.WaitGroup
	for range workers - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
}

// spans cuts 0 ... n-1 into blocks of size and runs them in parallel.
func spans(n, size int, span func(from, to int)) {
	parallel((n+size-1)/size, func(i int) { span(i*size, min(n, (i+1)*size)) })
}
