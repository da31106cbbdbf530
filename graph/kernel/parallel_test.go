package kernel

import (
	"math"
	"slices"
	"strings"
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

// TestSetThreadsBeyondAnyMachine: rows are counted by threads, beyond any sum.
func TestSetThreadsBeyondAnyMachine(t *testing.T) {
	defer SetThreads(0)
	const m, n, k = 128, 512, 64
	a, b, bias, want, got := make([]float32, m*k), make([]float32, k*n), make([]float32, n), make([]float32, m*n), make([]float32, m*n)
	for i := range a {
		a[i] = float32(i%7) - 3
	}
	for i := range b {
		b[i] = float32(i%5) - 2
	}
	Affine(m, n, k, a, b, bias, want, true)
	SetThreads(math.MaxInt)
	Affine(m, n, k, a, b, bias, got, true)
	if !slices.Equal(got, want) {
		t.Error("other numbers")
	}
}

// TestAPanicInABlockIsItsCallers, whichever thread it happens on, after all other
// blocks of the region and before any of the next one.
func TestAPanicInABlockIsItsCallers(t *testing.T) {
	defer SetThreads(0)
	SetThreads(3)
	for round := range 200 {
		var ran atomic.Int32
		why := panics(func() {
			parallel(12, func(i int) {
				if i%4 == round%4 {
					panic("broken")
				}
				time.Sleep(time.Duration(i*10) * time.Microsecond)
				ran.Add(1)
			})
		})
		if text, _ := why.(string); !strings.HasPrefix(text, "broken") || !strings.Contains(text, "parallel_test.go") || ran.Load() != 9 {
			t.Fatalf("round %d: %d blocks and %v, want 9 and a panic with its trace", round, ran.Load(), why)
		}
		ran.Store(0)
		parallel(5, func(int) { time.Sleep(10 * time.Microsecond); ran.Add(1) })
		if n := ran.Load(); n != 5 {
			t.Fatalf("round %d: the next region is over after %d blocks of 5", round, n)
		}
	}
}

// panics is what f panics with.
func panics(f func()) (why any) {
	defer func() { why = recover() }()
	f()
	return nil
}

func BenchmarkParallel(b *testing.B) {
	for b.Loop() {
		parallel(2, func(int) {})
	}
}
