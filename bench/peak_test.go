package bench

import (
	"testing"
	"time"

	"stheno/graph/kernel"
)

// peak is how many floating-point operations a second this machine's threads do
// at most, as fused multiply-adds in registers: the best of some tries of about
// a millisecond.
func peak() float64 {
	best := 0.0
	for rounds, try := 1<<12, 0; try < 40; try++ {
		began := time.Now()
		operations := kernel.MultiplyAdds(rounds)
		seconds := time.Since(began).Seconds()
		if seconds < 5e-4 {
			rounds *= 2
			continue
		}
		best = max(best, float64(operations)/seconds)
	}
	return best
}

// roof measures the peak beside what is benchmarked, before and after it, as
// the speed of a shared machine changes.
type roof struct{ before float64 }

func newRoof() roof { return roof{peak()} }

// report says how much of the peak the best time is, for so many operations.
func (r roof) report(b *testing.B, name string, operations, bestSeconds float64) {
	b.ReportMetric(100*operations/bestSeconds/max(r.before, peak()), name)
}
