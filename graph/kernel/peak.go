package kernel

import (
	"math"
	"sync/atomic"
)

// MultiplyAdds does rounds of fused multiply-adds on vectors that stay in
// registers, on every thread, and returns how many floating-point operations
// these were. What a machine can do of them in a second is the roof that every
// kernel stands under; benchmarks measure it beside what they measure.
func MultiplyAdds(rounds int) (operations int) {
	check(rounds > 0, "kernel: MultiplyAdds: needs a round")
	threads, lanes := Threads(), of[float32]().lanes
	parallel(threads, func(int) { of[float32]().multiplyAdds(rounds) })
	return threads * rounds * independent * lanes * 2
}

// independent is how many multiply-adds of a round do not wait for each other.
const independent = 12

// genericMultiplyAdds is MultiplyAdds's loop for vectors of one float.
func genericMultiplyAdds[T Float](rounds int) {
	var sum [independent]T
	x, y := T(1), T(0.5)
	for range rounds {
		for i := range sum {
			sum[i] += x * y
		}
	}
	kept.Store(math.Float64bits(float64(sum[0])))
}

// kept is a result that the compiler must not leave out.
var kept atomic.Uint64
