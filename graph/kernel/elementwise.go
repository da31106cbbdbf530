package kernel

import "math/rand/v2"

// rowsPerBlock is how many rows of a batch an elementwise kernel takes at a
// time; a constant, so that blocks do not depend on the number of threads.
const rowsPerBlock = 16

// BiasReLU adds a bias to each row of y (n,o), in place, and rectifies:
//
//	for i := range n {
//		for j := range o {
//			y[i*o+j] += b[j]
//			if relu && y[i*o+j] <= 0 { // a NaN stays, so that a diverged run is seen
//				y[i*o+j] = 0
//			}
//		}
//	}
func BiasReLU[T Float](n, o int, y, b []T, relu bool) {
	check(len(y) == n*o && len(b) == o, "kernel: BiasReLU: slices do not match n, o")
	spans(n, max(rowsPerBlock, 1<<14/max(1, o)), func(from, to int) {
		biasReLURows(to-from, o, y[from*o:to*o], b, relu)
	})
}

// biasReLURows is BiasReLU on one thread.
func biasReLURows[T Float](n, o int, y, b []T, relu bool) {
	loop := of[T]().add
	if relu {
		loop = of[T]().biasReLU
	}
	for i := range n {
		loop(y[i*o:i*o+o], b)
	}
}

// ReLUGrad is the gradient of y = max(0, z), by the y that came of it:
//
//	for i := range dz {
//		dz[i] = 0
//		if y[i] > 0 {
//			dz[i] = dy[i]
//		}
//	}
func ReLUGrad[T Float](dz, dy, y []T) {
	check(len(dz) == len(dy) && len(dz) == len(y), "kernel: ReLUGrad: slices differ in length")
	loop := of[T]().reluGrad
	spans(len(dz), 1<<14, func(from, to int) {
		loop(dz[from:to], dy[from:to], y[from:to])
	})
}

// SumRows sums the rows of x (n,o), the gradient of a bias, in at most eight
// ranges of rows whose sums are added in order:
//
//	for i := range n {
//		for j := range o {
//			sum[j] += x[i*o+j] // sum starts at 0
//		}
//	}
func SumRows[T Float](n, o int, x, sum []T) {
	check(len(x) == n*o && len(sum) == o, "kernel: SumRows: slices do not match n, o")
	shards := min(shardCount, n)
	part := borrow[T](shards * o)
	defer giveBack(part)
	parallel(shards, func(s int) {
		from, to := s*n/shards, (s+1)*n/shards
		of[T]().sumRows(to-from, o, x[from*o:to*o], part[s*o:s*o+o])
	})
	addShards(shards, part, sum)
}

// shardCount is in how many partial sums a sum over a batch is computed. The
// partial sums belong to ranges of rows, whoever computes them, and are added
// in order: the sum does not depend on the number of threads.
const shardCount = 8

// addShards adds up partial sums, each as long as sum, in order.
func addShards[T Float](shards int, part, sum []T) {
	if shards == 0 {
		clear(sum)
		return
	}
	n, add := len(sum), of[T]().add
	spans(n, 1<<13, func(from, to int) {
		copy(sum[from:to], part[from:to])
		for s := 1; s < shards; s++ {
			add(sum[from:to], part[s*n+from:s*n+to])
		}
	})
}

// Scale multiplies elementwise, as Dropout does with its mask:
//
//	for i := range y {
//		y[i] = x[i] * by[i]
//	}
func Scale[T Float](y, x, by []T) {
	check(len(y) == len(x) && len(y) == len(by), "kernel: Scale: slices differ in length")
	loop := of[T]().scale
	spans(len(y), 1<<14, func(from, to int) { loop(y[from:to], x[from:to], by[from:to]) })
}

// Mask draws the elements from first on of a mask that is drawn in blocks, each
// from a PCG of its own, seeded by the two seeds and its number. A draw of 64 bits
// serves two elements, so that what an element is depends on its place alone:
//
//	for i := range mask {
//		mask[i] = keep
//		if draw(first+i) < rate { // uniform in [0,1), 32 bits
//			mask[i] = 0
//		}
//	}
func Mask[T Float](mask []T, first int, rate float64, keep T, seed1, seed2 uint64) {
	if len(mask) == 0 {
		return
	}
	const size = 1 << 14
	drop := uint64(rate * (1 << 32))
	values := [2]T{keep, 0} // by a table: a branch on chance is a miss every third time
	high := func(u uint64) T { return values[(u>>32-drop)>>63] }
	low := func(u uint64) T { return values[(u&(1<<32-1)-drop)>>63] }
	block, skipped := first/size, first%size
	spans(skipped+len(mask), size, func(from, to int) {
		source := rand.NewPCG(seed1, seed2+uint64(block+from/size))
		before := max(skipped-from, 0)
		mask := mask[from+before-skipped : to-skipped]
		for range before / 2 {
			source.Uint64()
		}
		if before%2 == 1 {
			mask[0] = low(source.Uint64())
			mask = mask[1:]
		}
		for ; len(mask) >= 2; mask = mask[2:] {
			u := source.Uint64()
			mask[0], mask[1] = high(u), low(u)
		}
		if len(mask) > 0 {
			mask[0] = high(source.Uint64())
		}
	})
}

// Times multiplies by a number; y may be x:
//
//	for i := range y {
//		y[i] = x[i] * by
//	}
func Times[T Float](y, x []T, by T) {
	check(len(y) == len(x), "kernel: Times: slices differ in length")
	loop := of[T]().times
	spans(len(y), 1<<14, func(from, to int) { loop(y[from:to], x[from:to], by) })
}

// Add adds elementwise:
//
//	for i := range y {
//		y[i] = a[i] + b[i]
//	}
func Add[T Float](y, a, b []T) {
	check(len(y) == len(a) && len(y) == len(b), "kernel: Add: slices differ in length")
	loop := of[T]().add
	spans(len(y), 1<<12, func(from, to int) {
		copy(y[from:to], a[from:to])
		loop(y[from:to], b[from:to])
	})
}

// Blend moves y towards x by a part of the way, as a moving average does:
//
//	for i := range y {
//		y[i] += (x[i] - y[i]) * part
//	}
func Blend[T Float](y, x []T, part T) {
	check(len(y) == len(x), "kernel: Blend: slices differ in length")
	loop := of[T]().blend
	spans(len(y), 1<<14, func(from, to int) { loop(y[from:to], x[from:to], part) })
}

// SumSquares is the sum of the squares of x, in float64, in blocks of a fixed
// size whose sums are added in order:
//
//	for i := range x {
//		sum += x[i] * x[i]
//	}
func SumSquares[T Float](x []T) (sum float64) {
	const size = 1 << 14
	part := borrow[float64](ceil(len(x), size))
	defer giveBack(part)
	spans(len(x), size, func(from, to int) {
		var s [4]float64 // independent sums, or each addition waits for the one before
		x := x[from:to]
		for ; len(x) >= 4; x = x[4:] {
			for k := range s {
				s[k] += float64(float64(x[k]) * float64(x[k]))
			}
		}
		for _, v := range x {
			s[0] += float64(float64(v) * float64(v))
		}
		part[from/size] = s[0] + s[1] + s[2] + s[3]
	})
	for _, s := range part {
		sum += s
	}
	return sum
}

// Decode turns bytes into numbers between 0 and 1:
//
//	for i := range x {
//		y[i] = x[i] / 255
//	}
//
// It runs on the caller's thread; Rows spreads a batch.
func Decode[T Float](x []uint8, y []T) {
	check(len(x) == len(y), "kernel: Decode: slices differ in length")
	of[T]().decode(x, y)
}

// Rows calls row for each of n rows of a batch, on all threads.
func Rows(n int, row func(i int)) {
	spans(n, rowsPerBlock, func(from, to int) {
		for i := from; i < to; i++ {
			row(i)
		}
	})
}
