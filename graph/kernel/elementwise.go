package kernel

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
	spans(n, max(rowsPerBlock, 1<<14/o), func(from, to int) {
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
	if shards == 0 {
		clear(sum)
		return
	}
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
	spans(len(y), 1<<14, func(from, to int) {
		y, x, by := y[from:to], x[from:to], by[from:to]
		for i, v := range x {
			y[i] = v * by[i]
		}
	})
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
