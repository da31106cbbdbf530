package kernel

import "math"

// SumAbs is the sum of the absolute values of x, in float64, in blocks of a fixed size
// whose sums are added in order:
//
//	for i := range x {
//		sum += abs(x[i])
//	}
func SumAbs[T Float](x []T) (sum float64) {
	const size = 1 << 14
	part := borrow[float64](ceil(len(x), size))
	defer giveBack(part)
	spans(len(x), size, func(from, to int) {
		var s [4]float64 // independent sums, or each addition waits for the one before
		x := x[from:to]
		for ; len(x) >= 4; x = x[4:] {
			for k := range s {
				s[k] += math.Abs(float64(x[k]))
			}
		}
		for _, v := range x {
			s[0] += math.Abs(float64(v))
		}
		part[from/size] = s[0] + s[1] + s[2] + s[3]
	})
	for _, s := range part {
		sum += s
	}
	return sum
}

// Signs is the slope of an absolute value, times a number:
//
//	for i := range y {
//		y[i] = by * sign(x[i]) // 0 at 0, a NaN stays
//	}
func Signs[T Float](y, x []T, by T) {
	check(len(y) == len(x), "kernel: Signs: slices differ in length")
	spans(len(y), 1<<14, func(from, to int) {
		y := y[from:to]
		for i, v := range x[from:to] {
			if y[i] = v; v != 0 && v == v { // no branch on the sign, which is chance
				y[i] = by * T(math.Copysign(1, float64(v)))
			}
		}
	})
}
