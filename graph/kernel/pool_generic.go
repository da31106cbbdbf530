package kernel

import "math"

// genericPools are the loops of package documentation, word for word.
func genericPools[T Float]() pools[T] {
	return pools[T]{genericMaxPool[T], genericMaxPoolGrad[T], genericMeanPool[T], genericMeanPoolGrad[T]}
}

// eachWindow calls window for each number of the places, with where those stand in
// the images that are in its window, and which of the window's pixels they are.
func (s Slides) eachWindow(window func(y int, xs, ks []int)) {
	var xs, ks []int
	for y := range s.N * s.Down.Out * s.Across.Out * s.C {
		c, j, i, n := y%s.C, y/s.C%s.Across.Out, y/s.C/s.Across.Out%s.Down.Out, y/s.C/s.Across.Out/s.Down.Out
		xs, ks = xs[:0], ks[:0]
		for u := range s.Down.Size {
			for v := range s.Across.Size {
				p, down := s.Down.pixel(i, u)
				q, across := s.Across.pixel(j, v)
				if down && across {
					xs, ks = append(xs, ((n*s.Down.In+p)*s.Across.In+q)*s.C+c), append(ks, u*s.Across.Size+v)
				}
			}
		}
		window(y, xs, ks)
	}
}

// genericMaxPool is MaxPool's loop.
func genericMaxPool[T Float](s Slides, x, y []T, marks []uint8) {
	s.eachWindow(func(at int, xs, ks []int) {
		y[at], marks[at] = T(math.Inf(-1)), uint8(ks[0])
		for i, from := range xs {
			if v := x[from]; v > y[at] || v != v && y[at] == y[at] {
				y[at], marks[at] = v, uint8(ks[i])
			}
		}
	})
}

// genericMaxPoolGrad is MaxPoolGrad's loop.
func genericMaxPoolGrad[T Float](s Slides, dy []T, marks []uint8, dx []T) {
	clear(dx)
	s.eachWindow(func(at int, xs, ks []int) {
		for i, to := range xs {
			if int(marks[at]) == ks[i] {
				dx[to] += dy[at]
			}
		}
	})
}

// genericMeanPool is MeanPool's loop.
func genericMeanPool[T Float](s Slides, x, y []T) {
	s.eachWindow(func(at int, xs, _ []int) {
		y[at] = 0
		for _, from := range xs {
			y[at] += T(x[from] * (1 / T(len(xs))))
		}
	})
}

// genericMeanPoolGrad is MeanPoolGrad's loop.
func genericMeanPoolGrad[T Float](s Slides, dy, dx []T) {
	clear(dx)
	s.eachWindow(func(at int, xs, _ []int) {
		for _, to := range xs {
			dx[to] += T(dy[at] * (1 / T(len(xs))))
		}
	})
}
