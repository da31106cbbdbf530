package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestParallelRunsEachBlockOnce from several goroutines, with several limits,
// with pauses in which the helpers park, and from within a block.
func TestParallelRunsEachBlockOnce(t *testing.T) {
	defer SetThreads(0)
	var group sync.WaitGroup
	for g := range 3 {
		group.Go(func() {
			for round := range 300 {
				if g == 0 {
					SetThreads(1 + round%5)
				}
				if round%100 == 50 {
					time.Sleep(2 * spin)
				}
				blocks := round % 40
				ran := make([]atomic.Int32, blocks)
				parallel(blocks, func(i int) {
					parallel(2, func(int) { ran[i].Add(1) })
				})
				for i := range ran {
					if n := ran[i].Load(); n != 2 {
						t.Errorf("round %d: block %d of %d ran %d times, want 2", round, i, blocks, n)
					}
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkParallel(b *testing.B) {
	for b.Loop() {
		parallel(2, func(int) {})
	}
}
