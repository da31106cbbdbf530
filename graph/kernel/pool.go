package kernel

import "math"

// MostPoolArea is how many pixels the window of MaxPool can have: a byte says which of
// them was the largest.
const MostPoolArea = 256

// MaxPool is the largest number of each window of images, and which of the window's
// pixels it is, the first of several:
//
//	x (N,H,W,C) -> y, marks (N,OH,OW,C)
//	y[n,i,j,c] = -Inf
//	for u := range KH {
//		for v := range KW { // that stand on the image
//			if x[n,p,q,c] > y[n,i,j,c] || isNaN(x[n,p,q,c]) && !isNaN(y[n,i,j,c]) { // a NaN stays, so that a diverged run is seen
//				y[n,i,j,c], marks[n,i,j,c] = x[n,p,q,c], u*KW+v
//			}
//		}
//	}
//
// with p = i·Stride + u·Dilation - Before of s.Down, and q of s.Across. Each window
// must stand on a pixel of the image. Where all are -Inf the first one is marked.
func MaxPool[T Float](s Slides, x, y []T, marks []uint8) {
	nx, ny, area := s.sizes()
	check(len(x) == nx && len(y) == ny && len(marks) == ny && area <= MostPoolArea, "kernel: MaxPool: slices do not match the shape, or the window is too large for a byte")
	of[T]().maxPool(s, x, y, marks)
}

// MaxPoolGrad is the gradient of MaxPool by x, by the marks that it has set:
//
//	dx[n,p,q,c] = the sum of all dy[n,i,j,c] whose mark is that of (p,q)
func MaxPoolGrad[T Float](s Slides, dy []T, marks []uint8, dx []T) {
	nx, ny, area := s.sizes()
	check(len(dx) == nx && len(dy) == ny && len(marks) == ny && area <= MostPoolArea, "kernel: MaxPoolGrad: slices do not match the shape, or the window is too large for a byte")
	of[T]().maxPoolGrad(s, dy, marks, dx)
}

// MeanPool is the mean of each window of images, of those of its pixels that stand on
// the image:
//
//	x (N,H,W,C) -> y (N,OH,OW,C)
//	y[n,i,j,c] = the sum of all x[n,p,q,c] · 1/(how many they are)
func MeanPool[T Float](s Slides, x, y []T) {
	nx, ny, _ := s.sizes()
	check(len(x) == nx && len(y) == ny, "kernel: MeanPool: slices do not match the shape")
	of[T]().meanPool(s, x, y)
}

// MeanPoolGrad is the gradient of MeanPool by x:
//
//	dx[n,p,q,c] = the sum of all dy[n,i,j,c] · 1/(how many pixels have their mean there)
func MeanPoolGrad[T Float](s Slides, dy, dx []T) {
	nx, ny, _ := s.sizes()
	check(len(dx) == nx && len(dy) == ny, "kernel: MeanPoolGrad: slices do not match the shape")
	of[T]().meanPoolGrad(s, dy, dx)
}

// pools are an implementation's kernels of pooling.
type pools[T Float] struct {
	maxPool      func(s Slides, x, y []T, marks []uint8)
	maxPoolGrad  func(s Slides, dy []T, marks []uint8, dx []T)
	meanPool     func(s Slides, x, y []T)
	meanPoolGrad func(s Slides, dy, dx []T)
}

// gatherLoops are loops over a gathering, from one of its channels on.
type gatherLoops[T Float] struct {
	greatest, chosen, spread, weighted, shared func(g *gathering[T], first int)
}

// pools are the kernels that pass over rows by these loops.
func (l gatherLoops[T]) pools() pools[T] {
	return pools[T]{
		maxPool: func(s Slides, x, y []T, marks []uint8) {
			p := forwards(s, x, y, gathering[T]{})
			p.y.marks = marks
			p.run(l.greatest)
		},
		maxPoolGrad: func(s Slides, dy []T, marks []uint8, dx []T) {
			if !s.overlap() {
				p := apart(s, dx, dy)
				p.y.marks = marks
				p.run(l.spread)
				return
			}
			p := backwards(s, dy, dx, gathering[T]{})
			p.x.marks = marks
			p.run(l.chosen)
		},
		meanPool: func(s Slides, x, y []T) {
			p := forwards(s, x, y, gathering[T]{})
			p.run(l.weighted)
		},
		meanPoolGrad: func(s Slides, dy, dx []T) {
			if !s.overlap() {
				p := apart(s, dx, dy)
				p.run(l.shared)
				return
			}
			p := backwards(s, dy, dx, gathering[T]{})
			p.run(l.weighted)
		},
	}
}

// apart is the way back through windows that do not overlap: it goes over places, each
// of which writes its own pixels, and leaves zeros where no window stands.
func apart[T Float](s Slides, dx, dy []T) pass[T] {
	if s.leaves() {
		spans(len(dx), 1<<14, func(from, to int) { clear(dx[from:to]) })
	}
	return forwards(s, dx, dy, gathering[T]{})
}

func portableLoops[T Float]() gatherLoops[T] {
	return gatherLoops[T]{portableGreatest[T], portableChosen[T], portableSpread[T], portableWeighted[T], portableShared[T]}
}

// portableGreatest makes each pixel the largest of its reaches, and marks which.
func portableGreatest[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		marks := g.marks[p*g.marksStep+first:][:len(y)]
		for c := range y {
			y[c], marks[c] = T(math.Inf(-1)), uint8(g.taps[0].k)
		}
		for _, r := range g.taps {
			for c, v := range g.source(p, r, first) {
				if v > y[c] || v != v && y[c] == y[c] {
					y[c], marks[c] = v, uint8(r.k)
				}
			}
		}
	}
}

// portableChosen makes each pixel the sum of those reaches at which it is marked.
func portableChosen[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		clear(y)
		for _, r := range g.taps {
			marks := g.marks[r.at+p*g.marksStep+first:][:len(y)]
			for c, v := range g.source(p, r, first) {
				if int(marks[c]) == r.k {
					y[c] += v
				}
			}
		}
	}
}

// portableWeighted makes each pixel the weighted sum of its reaches.
func portableWeighted[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		clear(y)
		for _, r := range g.taps {
			genericAxpy(y, r.by, g.source(p, r, first))
		}
	}
}

// portableSpread writes each pixel of y to the reach that is marked, and 0 to the others.
func portableSpread[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		marks := g.marks[p*g.marksStep+first:][:len(y)]
		for _, r := range g.taps {
			x := g.source(p, r, first)
			for c, v := range y {
				if int(marks[c]) != r.k {
					v = 0
				}
				x[c] = v
			}
		}
	}
}

// portableShared writes each pixel of y, by its weight, to all its reaches.
func portableShared[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		for _, r := range g.taps {
			genericTimes(g.source(p, r, first), y, r.by)
		}
	}
}
