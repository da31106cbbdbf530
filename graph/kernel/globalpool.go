package kernel

import "math"

// MeanRows is the mean of an image's pixels, of each of a batch of n images:
//
//	x (n,pixels,c) -> y (n,c)
//	y[i,k] = (the sum of all x[i,p,k]) · 1/pixels
func MeanRows[T Float](n, pixels, c int, x, y []T) {
	check(len(x) == n*pixels*c && len(y) == n*c, "kernel: MeanRows: slices do not match n, pixels, c")
	t := of[T]()
	spans(n, imagesPerBlock(pixels*c), func(from, to int) {
		for i := from; i < to; i++ {
			y := y[i*c : (i+1)*c]
			t.sumRows(pixels, c, x[i*pixels*c:(i+1)*pixels*c], y)
			t.times(y, y, 1/T(pixels))
		}
	})
}

// imagesPerBlock is how many images a block has, of so many numbers each.
func imagesPerBlock(numbers int) int { return max(1, numbersPerBlock/max(1, numbers)) }

// MeanRowsGrad is the gradient of MeanRows by x:
//
//	dx[i,p,k] = dy[i,k] · 1/pixels
func MeanRowsGrad[T Float](n, pixels, c int, dy, dx []T) {
	check(len(dx) == n*pixels*c && len(dy) == n*c, "kernel: MeanRowsGrad: slices do not match n, pixels, c")
	t := of[T]()
	spans(n, imagesPerBlock(pixels*c), func(from, to int) {
		for i := from; i < to; i++ {
			image := dx[i*pixels*c : (i+1)*pixels*c]
			t.times(image[:c], dy[i*c:(i+1)*c], 1/T(pixels))
			for done := c; done < len(image); done *= 2 {
				copy(image[done:], image[:done])
			}
		}
	})
}

// MaxRows is the largest of an image's pixels, of each of a batch of n images:
//
//	x (n,pixels,c) -> y (n,c)
//	y[i,k] = -Inf
//	for p := range pixels {
//		if x[i,p,k] > y[i,k] || isNaN(x[i,p,k]) && !isNaN(y[i,k]) { // a NaN stays
//			y[i,k] = x[i,p,k]
//		}
//	}
func MaxRows[T Float](n, pixels, c int, x, y []T) {
	check(len(x) == n*pixels*c && len(y) == n*c, "kernel: MaxRows: slices do not match n, pixels, c")
	most := of[T]().most
	spans(n, imagesPerBlock(pixels*c), func(from, to int) {
		for i := from; i < to; i++ {
			y := y[i*c : (i+1)*c]
			for k := range y {
				y[k] = T(math.Inf(-1))
			}
			for p := range pixels {
				most(y, x[(i*pixels+p)*c:][:c])
			}
		}
	})
}

// MaxRowsGrad is the gradient of MaxRows by x, which those pixels share that are the
// largest:
//
//	dx[i,p,k] = 0
//	if x[i,p,k] == y[i,k] {
//		dx[i,p,k] = dy[i,k] / (how many pixels are)
//	}
//
// Where y is NaN, so is dx.
func MaxRowsGrad[T Float](n, pixels, c int, x, y, dy, dx []T) {
	check(len(x) == n*pixels*c && len(dx) == len(x) && len(y) == n*c && len(dy) == n*c, "kernel: MaxRowsGrad: slices do not match n, pixels, c")
	t := of[T]()
	spans(n, imagesPerBlock(pixels*c), func(from, to int) {
		share := borrow[T](c)
		defer giveBack(share)
		for i := from; i < to; i++ {
			x, dx, y := x[i*pixels*c:(i+1)*pixels*c], dx[i*pixels*c:(i+1)*pixels*c], y[i*c:(i+1)*c]
			clear(share)
			for p := range pixels {
				t.countEqual(share, x[p*c:][:c], y)
			}
			for k, d := range dy[i*c : (i+1)*c] {
				if share[k] = d / share[k]; y[k] != y[k] {
					share[k] = y[k]
				}
			}
			for p := range pixels {
				t.whereEqual(dx[p*c:][:c], x[p*c:][:c], y, share)
			}
		}
	})
}

// genericMost is y[i] = x[i] where that is larger, or NaN where one of them is.
func genericMost[T Float](y, x []T) {
	for i, v := range x {
		if v > y[i] || v != v && y[i] == y[i] {
			y[i] = v
		}
	}
}

// genericCountEqual is n[i]++ where x[i] == y[i].
func genericCountEqual[T Float](n, x, y []T) {
	for i, v := range x {
		if v == y[i] {
			n[i]++
		}
	}
}

// genericWhereEqual is z[i] = v[i] where x[i] == y[i], NaN where y[i] is, else 0.
func genericWhereEqual[T Float](z, x, y, v []T) {
	for i, w := range x {
		switch {
		case w == y[i]:
			z[i] = v[i]
		case y[i] != y[i]:
			z[i] = y[i]
		default:
			z[i] = 0
		}
	}
}
