package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// convolvedByChannel are a depthwise convolution and its gradients.
func convolvedByChannel[T Float](s Slides, m int, relu bool, by func(x, w, b, y, dy, dx, dw, db []T)) map[string]guarded[T] {
	nx, ny, area := s.sizes()
	x, w, b, dy := newGuarded[T](nx, 1), newGuarded[T](area*s.C*m, 2), newGuarded[T](s.C*m, 8), newGuarded[T](ny*m, 3)
	y, dx, dw, db := newGuarded[T](ny*m, 4), newGuarded[T](nx, 5), newGuarded[T](area*s.C*m, 6), newGuarded[T](s.C*m, 7)
	by(x.s, w.s, b.s, y.s, dy.s, dx.s, dw.s, db.s)
	return map[string]guarded[T]{"y": y, "dx": dx, "dw": dw, "db": db}
}

func testDepthwise[T Float](t *testing.T, s Slides, m int, relu bool) {
	t.Helper()
	what := fmt.Sprintf("%+v %d relu %v", s, m, relu)
	got := convolvedByChannel(s, m, relu, func(x, w, b, y, dy, dx, dw, db []T) {
		Depthwise(s, x, w, b, y, relu)
		DepthwiseGrad(s, x, w, y, dy, dx, dw, db, relu)
	})
	want := convolvedByChannel(s, m, relu, func(x, w, b, y, dy, dx, dw, db []T) {
		plainDepthwise(s, m, x, w, b, y, dy, dx, dw, db, relu, got["y"].s)
	})
	_, ny, area := s.sizes()
	deep := map[string]int{"y": area, "dx": area * m, "dw": ny / s.C, "db": ny / s.C}
	for name, g := range got {
		near(t, what+" "+name, g.s, want[name].s, deep[name])
		g.check(t, what+" "+name)
	}
}

// plainDepthwise is all of it in the loops of documentation; mask is the y by which
// the gradient is rectified.
func plainDepthwise[T Float](s Slides, m int, x, w, b, y, dy, dx, dw, db []T, relu bool, mask []T) {
	clear(dx)
	clear(dw)
	clear(db)
	wide := s.widened(m)
	wide.eachWindow(func(at int, xs, ks []int) {
		c := at % wide.C
		y[at] = b[c]
		dz := dy[at]
		if relu && mask[at] <= 0 {
			dz = 0
		}
		db[c] += dz
		for i, from := range xs {
			k := ks[i]*wide.C + c
			y[at] += T(x[from/m] * w[k])
			dx[from/m] += T(dz * w[k])
			dw[k] += T(dz * x[from/m])
		}
		if relu && y[at] <= 0 {
			y[at] = 0
		}
	})
}

// nowhere is a window whose places at the rim stand on no pixel.
var nowhere = Slides{N: 1, C: 9, Down: Slide{2, 2, 1, 5, 2, 2}, Across: Slide{3, 1, 1, 1, 0, 3}}

func TestDepthwise(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range append([]Slides{nowhere, {N: 9, C: 16, Down: Slide{6, 3, 1, 1, 1, 6}, Across: Slide{7, 3, 1, 1, 1, 7}}}, slides...) {
			for _, m := range []int{1, 3} {
				testDepthwise[float32](t, s, m, m == 1)
				testDepthwise[float64](t, s, m, m == 3)
			}
		}
	})
}

// TestDepthwiseComputesWhatIsWanted: a gradient does not depend on which others are
// wanted, nor any of them on the number of threads; and without a bias there is none.
func TestDepthwiseComputesWhatIsWanted(t *testing.T) {
	defer SetThreads(0)
	s := Slides{N: 11, C: 24, Down: Slide{9, 3, 1, 1, 1, 9}, Across: Slide{8, 3, 1, 1, 1, 8}}
	eachImplementation(t, func(t *testing.T) {
		run := func(threads, wanted int) map[string]guarded[float32] {
			SetThreads(threads)
			return convolvedByChannel(s, 1, true, func(x, w, _, y, dy, dx, dw, db []float32) {
				grads := [3][]float32{dx, dw, db}
				for i := range grads {
					if wanted>>i&1 == 0 {
						grads[i] = nil
					}
				}
				Depthwise(s, x, w, nil, y, true)
				DepthwiseGrad(s, x, w, y, dy, grads[0], grads[1], grads[2], true)
			})
		}
		all := run(1, 7)
		for i, name := range []string{"dx", "dw", "db"} {
			for _, threads := range []int{1, 2, 3, 8} {
				if got := run(threads, 1<<i); !slices.Equal(got[name].s, all[name].s) || !slices.Equal(got["y"].s, all["y"].s) {
					t.Errorf("%d threads, %s alone: not what it is on one thread with the others", threads, name)
				}
			}
		}
	})
}

// TestDepthwiseReLUKeepsNaN at every place of a vector, and of what is left over.
func TestDepthwiseReLUKeepsNaN(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		const c = 19
		s := Slides{N: 1, C: c, Down: Slide{1, 1, 1, 1, 0, 1}, Across: Slide{5, 1, 1, 1, 0, 5}}
		for at := range 5 * c {
			x, y, w := slices.Repeat([]float32{-1}, 5*c), make([]float32, 5*c), slices.Repeat([]float32{1}, c)
			x[at] = float32(math.NaN())
			Depthwise(s, x, w, nil, y, true)
			for i, v := range y {
				if isNaN := v != v; isNaN != (i == at) || !isNaN && v != 0 {
					t.Fatalf("NaN at %d: number %d is %v", at, i, v)
				}
			}
		}
	})
}
