package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// slides are windows of every kind: those that touch, overlap and leave gaps, with
// margins and without, on channels that fill vectors and that do not.
var slides = []Slides{
	{N: 1, C: 32, Down: Slide{4, 2, 2, 1, 0, 2}, Across: Slide{12, 2, 2, 1, 0, 6}},
	{N: 2, C: 17, Down: Slide{7, 2, 2, 1, 0, 3}, Across: Slide{5, 2, 2, 1, 0, 2}},
	{N: 1, C: 16, Down: Slide{5, 2, 2, 1, 0, 3}, Across: Slide{7, 2, 2, 1, 0, 4}},
	{N: 1, C: 9, Down: Slide{9, 3, 1, 1, 1, 9}, Across: Slide{8, 3, 1, 1, 1, 8}},
	{N: 1, C: 24, Down: Slide{9, 3, 2, 1, 0, 4}, Across: Slide{10, 3, 2, 1, 0, 4}},
	{N: 2, C: 8, Down: Slide{10, 3, 2, 1, 0, 5}, Across: Slide{9, 2, 2, 1, 0, 5}},
	{N: 4, C: 3, Down: Slide{8, 1, 3, 1, 0, 3}, Across: Slide{8, 2, 3, 1, 0, 3}},
	{N: 1, C: 40, Down: Slide{9, 2, 1, 3, 1, 8}, Across: Slide{11, 3, 1, 2, 2, 11}},
	{N: 1, C: 33, Down: Slide{4, 4, 4, 1, 0, 1}, Across: Slide{4, 4, 4, 1, 0, 1}},
	{N: 1, C: 1, Down: Slide{1, 1, 1, 1, 0, 1}, Across: Slide{1, 1, 1, 1, 0, 1}},
}

// pooled are the results of pooling and its gradients.
type pooled[T Float] struct {
	most, mean, dmost, dmean guarded[T]
	marks                    []uint8
}

func (p pooled[T]) all() []guarded[T] { return []guarded[T]{p.most, p.dmost, p.mean, p.dmean} }

// poolAll pools x, and takes the gradients of reproducible numbers.
func poolAll[T Float](s Slides, x []T, by pools[T]) pooled[T] {
	nx, ny, _ := s.sizes()
	dy := newGuarded[T](ny, 3)
	p := pooled[T]{newGuarded[T](ny, 4), newGuarded[T](ny, 5), newGuarded[T](nx, 6), newGuarded[T](nx, 7), make([]uint8, ny)}
	by.maxPool(s, x, p.most.s, p.marks)
	by.maxPoolGrad(s, dy.s, p.marks, p.dmost.s)
	by.meanPool(s, x, p.mean.s)
	by.meanPoolGrad(s, dy.s, p.dmean.s)
	return p
}

// exported are the kernels of this package's users.
func exported[T Float]() pools[T] {
	return pools[T]{MaxPool[T], MaxPoolGrad[T], MeanPool[T], MeanPoolGrad[T]}
}

func testPools[T Float](t *testing.T, s Slides, bad T) {
	t.Helper()
	nx, _, area := s.sizes()
	x := newGuarded[T](nx, 1).s
	for i := range x {
		x[i] = T(int(8*x[i])) / 8 // so that there are ties
	}
	x[len(x)/2], x[len(x)/3] = bad, bad
	got, want := poolAll(s, x, exported[T]()), poolAll(s, x, genericPools[T]())
	if !slices.Equal(got.marks, want.marks) {
		t.Fatalf("%+v: the marks are %v, generic says %v", s, got.marks, want.marks)
	}
	for i, g := range got.all() {
		what, want := fmt.Sprintf("%+v: result %d", s, i), want.all()[i].s
		g.check(t, what)
		for j, v := range want {
			if v-v != 0 { // no finite number
				if g.s[j] != v && (g.s[j] == g.s[j] || v == v) {
					t.Fatalf("%s: element %d is %v, generic says %v", what, j, g.s[j], v)
				}
				continue
			}
			near(t, what, g.s[j:j+1], want[j:j+1], area)
		}
	}
}

func TestPools(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range slides {
			for _, bad := range []float64{0.5, math.NaN(), math.Inf(1), math.Inf(-1)} {
				testPools(t, s, float32(bad))
				testPools(t, s, bad)
			}
		}
	})
}

// TestPoolsAtEveryChannel: a NaN is seen, and is the one that is marked, whichever
// pixel of the window it is and wherever in a vector.
func TestPoolsAtEveryChannel(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		s := Slides{N: 1, C: 19, Down: Slide{2, 2, 2, 1, 0, 1}, Across: Slide{2, 2, 2, 1, 0, 1}}
		for at := range 4 * s.C {
			x, y, marks := make([]float32, 4*s.C), make([]float32, s.C), make([]uint8, s.C)
			x[at] = float32(math.NaN())
			MaxPool(s, x, y, marks)
			for c, v := range y {
				if isNaN := v != v; isNaN != (c == at%s.C) || isNaN && int(marks[c]) != at/s.C || !isNaN && (v != 0 || marks[c] != 0) {
					t.Fatalf("NaN at %d: channel %d is %v, marked %d", at, c, v, marks[c])
				}
			}
		}
	})
}

// TestPoolsSameBitsForAnyNumberOfThreads: rows are cut by shape alone.
func TestPoolsSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer SetThreads(0)
	eachImplementation(t, func(t *testing.T) {
		s := Slides{N: 5, C: 40, Down: Slide{15, 3, 2, 1, 1, 8}, Across: Slide{11, 3, 2, 1, 1, 6}}
		nx, _, _ := s.sizes()
		x := newGuarded[float32](nx, 1).s
		var want []guarded[float32]
		for _, threads := range []int{1, 2, 3, 8} {
			SetThreads(threads)
			got := poolAll(s, x, exported[float32]()).all()
			if want == nil {
				want = got
			}
			for i := range want {
				if !slices.Equal(got[i].s, want[i].s) {
					t.Errorf("%d threads: result %d is not what it is with one", threads, i)
				}
			}
		}
	})
}

// TestRows: the means and the largest of whole images, of channels and pixels of every
// kind, with ties and numbers that are none.
func TestRows(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range [][3]int{{3, 9, 32}, {2, 5, 19}, {5, 1, 8}, {2, 49, 3}, {9, 36, 16}} {
			for _, bad := range []float64{0.5, math.NaN(), math.Inf(1), math.Inf(-1)} {
				testRowsOf(t, s[0], s[1], s[2], float32(bad))
				testRowsOf(t, s[0], s[1], s[2], bad)
			}
		}
	})
}

func testRowsOf[T Float](t *testing.T, n, pixels, c int, bad T) {
	t.Helper()
	x, dy := newGuarded[T](n*pixels*c, 1), newGuarded[T](n*c, 2)
	for i := range x.s {
		x.s[i] = T(int(4*x.s[i])) / 4
	}
	x.s[len(x.s)/2] = bad
	mean, most, dmean, dmost := newGuarded[T](n*c, 3), newGuarded[T](n*c, 4), newGuarded[T](n*pixels*c, 5), newGuarded[T](n*pixels*c, 6)
	MeanRows(n, pixels, c, x.s, mean.s)
	MaxRows(n, pixels, c, x.s, most.s)
	MeanRowsGrad(n, pixels, c, dy.s, dmean.s)
	MaxRowsGrad(n, pixels, c, x.s, most.s, dy.s, dmost.s)
	for at := range n * c {
		pixel := func(p int) int { return (at/c*pixels+p)*c + at%c }
		sum, largest, ties := T(0), T(math.Inf(-1)), T(0)
		for p := range pixels {
			v := x.s[pixel(p)]
			if sum += v; v > largest || v != v {
				largest, ties = v, 0
			}
			if v == largest {
				ties++
			}
		}
		closeTo(t, "mean", mean.s[at], sum/T(pixels))
		closeTo(t, "largest", most.s[at], largest)
		for p := range pixels {
			want := largest
			if v := x.s[pixel(p)]; v == largest {
				want = dy.s[at] / ties
			} else if largest == largest {
				want = 0
			}
			closeTo(t, "largest's gradient", dmost.s[pixel(p)], want)
			closeTo(t, "mean's gradient", dmean.s[pixel(p)], dy.s[at]/T(pixels))
		}
	}
	for _, g := range []guarded[T]{mean, most, dmean, dmost} {
		g.check(t, "rows")
	}
}

// closeTo compares numbers, which may be none.
func closeTo[T Float](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want && (got == got || want == want) && !(math.Abs(float64(got-want)) <= 1e-6) {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}
