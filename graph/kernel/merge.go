package kernel

// AddReLU adds elementwise and rectifies; y may be a:
//
//	for i := range y {
//		y[i] = a[i] + b[i]
//		if y[i] <= 0 { // a NaN stays, so that a diverged run is seen
//			y[i] = 0
//		}
//	}
func AddReLU[T Float](y, a, b []T) {
	check(len(y) == len(a) && len(y) == len(b), "kernel: AddReLU: slices differ in length")
	loop := of[T]().biasReLU
	spans(len(y), 1<<12, func(from, to int) {
		copy(y[from:to], a[from:to])
		loop(y[from:to], b[from:to])
	})
}

// Extreme is the largest of the numbers at each place of xs, or the smallest if least.
// A NaN is both:
//
//	for i := range y {
//		y[i] = xs[0][i]
//		for _, x := range xs[1:] {
//			y[i] = max(y[i], x[i])
//		}
//	}
func Extreme[T Float](y []T, least bool, xs ...[]T) {
	spans(len(y), 1<<12, func(from, to int) {
		copy(y[from:to], xs[0][from:to])
		for _, x := range xs[1:] {
			extreme(y[from:to], x[from:to], least)
		}
	})
}

func extreme[T Float](y, x []T, least bool) {
	if least {
		for i, v := range x {
			y[i] = min(y[i], v)
		}
		return
	}
	for i, v := range x {
		y[i] = max(y[i], v)
	}
}

// ExtremeGrad is Extreme's gradient: dy belongs to the first of the largest, as in
// TensorFlow, or of the smallest if least, and zero to the others. Of dxs that are nil
// nothing is written:
//
//	for i := range dy {
//		y, first := xs[0][i], 0
//		for k, x := range xs[1:] {
//			if !(y >= x[i]) { // a NaN gives way to what stands behind it
//				first = k + 1
//			}
//			y = max(y, x[i])
//		}
//		for k := range dxs {
//			dxs[k][i] = 0
//		}
//		dxs[first][i] = dy[i]
//	}
func ExtremeGrad[T Float](dxs [][]T, dy []T, least bool, xs ...[]T) {
	sign := T(1)
	if least {
		sign = -1
	}
	spans(len(dy), 1<<12, func(from, to int) {
		for _, dx := range dxs {
			if dx != nil {
				clear(dx[from:to])
			}
		}
		for i := from; i < to; i++ {
			y, first := sign*xs[0][i], 0
			for k, x := range xs[1:] {
				v := sign * x[i]
				if !(y >= v) {
					first = k + 1
				}
				y = max(y, v)
			}
			if dxs[first] != nil {
				dxs[first][i] = dy[i]
			}
		}
	})
}

// Concatenate puts rows side by side: y's are made of a row of each of xs, of so many
// numbers each.
//
//	for r := range rows {
//		for k, x := range xs {
//			y = append(y, x[r*widths[k]:(r+1)*widths[k]]...) // which is empty at first
//		}
//	}
func Concatenate[T Float](rows int, widths []int, y []T, xs ...[]T) {
	width := widthOf(widths)
	spans(rows, max(1, 1<<13/width), func(from, to int) {
		at := from * width
		for r := from; r < to; r++ {
			for k, n := range widths {
				at += copy(y[at:at+n], xs[k][r*n:])
			}
		}
	})
}

// Split takes rows that Concatenate has put side by side apart again. Nothing is
// written of xs that are nil.
func Split[T Float](rows int, widths []int, y []T, xs ...[]T) {
	width := widthOf(widths)
	spans(rows, max(1, 1<<13/width), func(from, to int) {
		at := from * width
		for r := from; r < to; r++ {
			for k, n := range widths {
				if xs[k] != nil {
					copy(xs[k][r*n:(r+1)*n], y[at:])
				}
				at += n
			}
		}
	})
}

func widthOf(sizes []int) (sum int) {
	for _, n := range sizes {
		sum += n
	}
	return sum
}
