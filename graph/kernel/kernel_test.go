package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// eachImplementation runs a test on all implementations that the machine has.
func eachImplementation(t *testing.T, test func(t *testing.T)) {
	was := Implementation()
	defer Use(was)
	for _, name := range Implementations() {
		if err := Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, test)
	}
}

// guarded is a slice between canaries, at an offset that no vector is aligned
// to, filled with reproducible numbers.
type guarded[T Float] struct {
	whole, s []T
}

const (
	canary = 12345.5
	margin = 67
)

func newGuarded[T Float](n int, seed uint64) guarded[T] {
	g := guarded[T]{whole: make([]T, n+2*margin)}
	for i := range g.whole {
		g.whole[i] = canary
	}
	g.s = g.whole[margin : margin+n : margin+n]
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range g.s {
		g.s[i] = T(2*rng.Float64() - 1)
	}
	return g
}

func (g guarded[T]) check(t *testing.T, what string) {
	t.Helper()
	for i, v := range g.whole {
		if (i < margin || i >= margin+len(g.s)) && v != canary {
			t.Fatalf("%s: wrote outside, at %d of %d", what, i-margin, len(g.s))
		}
	}
}

// near compares with a bound for sums of k products of numbers in (-1,1).
func near[T Float](t *testing.T, what string, got, want []T, k int) {
	t.Helper()
	eps := 1e-6
	if _, ok := any(want).([]float64); ok {
		eps = 1e-15
	}
	bound := 4 * eps * math.Sqrt(float64(k)+1)
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= bound*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s: element %d is %v, generic says %v", what, i, got[i], want[i])
		}
	}
}

func testGemm[T Float](t *testing.T, m, n, k int, ta, tb Transpose) {
	t.Helper()
	what := fmt.Sprintf("m %d n %d k %d ta %v tb %v", m, n, k, ta, tb)
	a, b, c, want := newGuarded[T](m*k, 1), newGuarded[T](k*n, 2), newGuarded[T](m*n, 3), make([]T, m*n)
	Gemm(ta, tb, m, n, k, a.s, b.s, c.s)
	genericGemm(ta, tb, m, n, k, a.s, b.s, want)
	near(t, what, c.s, want, k)
	c.check(t, what)
}

func TestGemm(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		sizes := [][3]int{{128, 32, 16}, {1, 1, 1}, {24, 128, 4096}, {1024, 96, 40}, {900, 40, 130}, {16, 40, 9000}, {128, 10, 512}, {130, 70, 390}, {64, 33, 1024}, {200, 64, 9}, {3, 257, 2},
			{700, 1, 3}, {3, 1, 700}, {70, 2, 1100}, {2, 70, 1100}, {66, 3, 520}, {65, 67, 1}, {70, 66, 7}, {1, 512, 784}}
		for range 60 {
			rng := rand.New(rand.NewPCG(uint64(len(sizes)), 9))
			sizes = append(sizes, [3]int{1 + rng.IntN(40), 1 + rng.IntN(70), 1 + rng.IntN(40)})
		}
		for _, s := range sizes {
			for mode := range 4 {
				ta, tb := Transpose(mode&1 != 0), Transpose(mode&2 != 0)
				testGemm[float32](t, s[0], s[1], s[2], ta, tb)
				testGemm[float64](t, s[0], s[1], s[2], ta, tb)
			}
		}
	})
}

// TestARowDoesNotDependOnTheOthers: an image's result has the same bits alone and
// among others.
func TestARowDoesNotDependOnTheOthers(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range [][2]int{{200, 784}, {10, 512}, {40, 4100}, {3, 100}, {1, 700}, {40, 5}} {
			testRows[float32](t, s[0], s[1])
			testRows[float64](t, s[0], s[1])
		}
	})
}

func testRows[T Float](t *testing.T, n, k int) {
	t.Helper()
	const rows = 67
	a, b, bias, all := newGuarded[T](rows*k, 1), newGuarded[T](k*n, 2), newGuarded[T](n, 3), make([]T, rows*n)
	Affine(rows, n, k, a.s, b.s, bias.s, all, true)
	for _, m := range []int{1, 2, 3, 4, 9} {
		some := make([]T, m*n)
		Affine(m, n, k, a.s[5*k:(5+m)*k], b.s, bias.s, some, true)
		if !slices.Equal(some, all[5*n:(5+m)*n]) {
			t.Errorf("n %d k %d: %d rows alone are not what they are among %d", n, k, m, rows)
		}
	}
}

func testAffine[T Float](t *testing.T, m, n, k int, relu bool) {
	t.Helper()
	what := fmt.Sprintf("affine m %d n %d k %d relu %v", m, n, k, relu)
	a, b, bias, c, want := newGuarded[T](m*k, 1), newGuarded[T](k*n, 2), newGuarded[T](n, 4), newGuarded[T](m*n, 3), make([]T, m*n)
	Affine(m, n, k, a.s, b.s, bias.s, c.s, relu)
	genericAffine(m, n, k, a.s, b.s, bias.s, want, relu)
	near(t, what, c.s, want, k)
	c.check(t, what)
}

func TestAffine(t *testing.T) {
	defer SetThreads(0)
	eachImplementation(t, func(t *testing.T) {
		SetThreads(1)
		testAffine[float32](t, 200, 128, 9216, true) // two blocks of rows, the second one lower
		SetThreads(0)
		for _, s := range [][3]int{{1, 1, 1}, {128, 10, 512}, {40, 512, 784}, {16, 128, 4096}, {3, 40, 9000}, {200, 33, 65}} {
			for _, relu := range []bool{false, true} {
				testAffine[float32](t, s[0], s[1], s[2], relu)
				testAffine[float64](t, s[0], s[1], s[2], relu)
			}
		}
	})
}

var convs = []Conv{
	{N: 1, H: 3, W: 3, C: 1, KH: 3, KW: 3, F: 1},
	{N: 9, H: 7, W: 6, C: 3, KH: 3, KW: 3, F: 5},
	{N: 2, H: 5, W: 9, C: 1, KH: 3, KW: 3, F: 32},
	{N: 3, H: 8, W: 8, C: 32, KH: 3, KW: 3, F: 64},
	{N: 17, H: 4, W: 5, C: 2, KH: 2, KW: 4, F: 3},
	{N: 2, H: 6, W: 6, C: 4, KH: 1, KW: 1, F: 7},
	{N: 2, H: 9, W: 9, C: 3, KH: 5, KW: 5, F: 33},
	{N: 10, H: 12, W: 9, C: 6, KH: 5, KW: 3, F: 33},
	{N: 1, H: 27, W: 31, C: 16, KH: 2, KW: 1, F: 3},
	{N: 2, H: 26, W: 26, C: 32, KH: 3, KW: 3, F: 64},
	{N: 3, H: 13, W: 16, C: 16, KH: 3, KW: 3, F: 48},
	{N: 2, H: 9, W: 35, C: 19, KH: 3, KW: 3, F: 21},
	{N: 9, H: 5, W: 5, C: 16, KH: 5, KW: 5, F: 24},
	{N: 9, H: 6, W: 5, C: 32, KH: 5, KW: 5, F: 6},

	{N: 3, H: 7, W: 6, C: 3, KH: 3, KW: 3, F: 5, Top: 1, Left: 1, Bottom: 1, Right: 1},
	{N: 2, H: 14, W: 13, C: 16, KH: 3, KW: 3, F: 32, Top: 1, Left: 1, Bottom: 1, Right: 1},
	{N: 9, H: 7, W: 8, C: 2, KH: 2, KW: 4, F: 17, Top: 0, Left: 1, Bottom: 1, Right: 2},
	{N: 3, H: 9, W: 8, C: 5, KH: 3, KW: 3, F: 7, SH: 2, SW: 2},
	{N: 10, H: 9, W: 8, C: 16, KH: 3, KW: 3, F: 33, SH: 2, SW: 3, Top: 0, Left: 1, Bottom: 1, Right: 0},
	{N: 2, H: 11, W: 12, C: 3, KH: 5, KW: 5, F: 6, SH: 3, SW: 1, Top: 2, Left: 2, Bottom: 2, Right: 2},
	{N: 3, H: 9, W: 8, C: 16, KH: 1, KW: 1, F: 24, SH: 2, SW: 2},
	{N: 3, H: 9, W: 7, C: 5, KH: 1, KW: 1, F: 3, SH: 1, SW: 3},
	{N: 3, H: 5, W: 6, C: 4, KH: 1, KW: 1, F: 3, Top: 1, Right: 2},
	{N: 2, H: 11, W: 10, C: 3, KH: 3, KW: 2, F: 5, DH: 2, DW: 3},
	{N: 2, H: 9, W: 9, C: 17, KH: 3, KW: 3, F: 8, DH: 2, DW: 2, Top: 2, Left: 2, Bottom: 2, Right: 2},
	{N: 3, H: 8, W: 7, C: 6, KH: 3, KW: 3, F: 4, G: 2},
	{N: 3, H: 8, W: 7, C: 5, KH: 3, KW: 3, F: 10, G: 5, Top: 1, Left: 1, Bottom: 1, Right: 1},
	{N: 2, H: 9, W: 9, C: 32, KH: 3, KW: 3, F: 32, G: 2, SH: 2, SW: 2, Top: 1, Left: 1, Bottom: 1, Right: 1},

	{N: 21, H: 4, W: 4, C: 16, KH: 3, KW: 3, F: 16, Top: 1, Left: 1, Bottom: 1, Right: 1}, // several images a block
	{N: 5, H: 7, W: 7, C: 16, KH: 3, KW: 3, F: 16, Top: 1, Left: 1, Bottom: 1, Right: 1},
	{N: 1, H: 21, W: 28, C: 16, KH: 3, KW: 3, F: 16, Top: 1, Left: 1, Bottom: 1, Right: 1}, // several blocks an image
	{N: 2, H: 6, W: 5, C: 16, KH: 3, KW: 3, F: 16, Top: 2, Left: 3, Bottom: 1, Right: 0},
	{N: 9, H: 8, W: 9, C: 16, KH: 3, KW: 3, F: 24, SH: 2, SW: 2, Bottom: 1, Right: 1},
	{N: 3, H: 11, W: 9, C: 3, KH: 2, KW: 2, F: 5, SH: 3, SW: 3},                  // pixels that no filter sees
	{N: 3, H: 7, W: 6, C: 3, KH: 1, KW: 2, F: 5, SH: 2, SW: 3, Top: 1, Right: 4}, // rows of them
	{N: 2, H: 3, W: 3, C: 3, KH: 3, KW: 3, F: 4, SH: 2, SW: 2, Top: 3, Left: 4, Bottom: 3, Right: 3},
}

// convolved are the results of a convolution and its gradients.
type convolved[T Float] struct {
	y, dx, dw, db guarded[T]
}

func newConvolved[T Float](s Conv) convolved[T] {
	nx, nw, ny := s.sizes()
	return convolved[T]{newGuarded[T](ny, 4), newGuarded[T](nx, 5), newGuarded[T](nw, 6), newGuarded[T](s.F, 7)}
}

func (c convolved[T]) all() map[string]guarded[T] {
	return map[string]guarded[T]{"y": c.y, "dx": c.dx, "dw": c.dw, "db": c.db}
}

// convolveAll computes the convolution of reproducible numbers and its gradients.
func convolveAll[T Float](s Conv, convolve func(x, w, b, y []T), grad func(x, w, y, dy, dx, dw, db []T)) convolved[T] {
	nx, nw, ny := s.sizes()
	x, w, b, dy := newGuarded[T](nx, 1), newGuarded[T](nw, 2), newGuarded[T](s.F, 8), newGuarded[T](ny, 3)
	out := newConvolved[T](s)
	convolve(x.s, w.s, b.s, out.y.s)
	grad(x.s, w.s, out.y.s, dy.s, out.dx.s, out.dw.s, out.db.s)
	return out
}

func testConvolve[T Float](t *testing.T, s Conv, a Algorithm, relu bool) {
	t.Helper()
	what := fmt.Sprintf("%+v %v relu %v", s, a, relu)
	var mask []T // of the convolution under test: rounding may put an output on either side of 0
	got := convolveAll(s, func(x, w, b, y []T) {
		Convolve(s, a, x, w, b, y, relu)
		mask = append(mask, y...)
	}, func(x, w, y, dy, dx, dw, db []T) { ConvolveGrad(s, a, x, w, y, dy, dx, dw, db, relu) })
	want := convolveAll(s, func(x, w, b, y []T) { genericConvolve(s, x, w, b, y, relu) },
		func(x, w, _, dy, dx, dw, db []T) {
			genericConvolveGrad(&convGrad[T]{s, x, w, mask, dy, dx, dw, db, relu})
		})
	oh, ow := s.Out()
	deep := map[string]int{"y": s.patch(), "dx": s.KH * s.KW * s.F, "dw": s.N * oh * ow, "db": s.N * oh * ow}
	for name, g := range got.all() {
		k := deep[name]
		if a == Winograd {
			k *= 100 // rounds more: TestWinogradRounds has its bounds
		}
		near(t, what+" "+name, g.s, want.all()[name].s, k)
		g.check(t, what+" "+name)
	}
	for _, wanted := range [][]string{{"dw", "db"}, {"dx"}, {"dw"}} {
		want := func(name string, g []T) []T {
			if slices.Contains(wanted, name) {
				return g
			}
			return nil
		}
		some := convolveAll(s, func(_, _, _, y []T) { copy(y, mask) }, func(x, w, y, dy, dx, dw, db []T) {
			ConvolveGrad(s, a, x, w, y, dy, want("dx", dx), want("dw", dw), want("db", db), relu)
		}).all()
		for _, name := range wanted {
			if !slices.Equal(some[name].s, got.all()[name].s) {
				t.Errorf("%s: %s differs where %v are all that is wanted", what, name, wanted)
			}
			some[name].check(t, what+" "+name)
		}
	}
}

func TestConvolve(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range convs {
			for _, relu := range []bool{false, true} {
				testConvolve[float32](t, s, Direct, relu)
				testConvolve[float64](t, s, Direct, relu)
				if _, err := Resolve[float32](s, Winograd); err == nil {
					testConvolve[float32](t, s, Winograd, relu)
					testConvolve[float64](t, s, Winograd, relu)
				}
			}
		}
	})
}

// TestNaNAndInfGoThrough: a diverged run must be seen, not hidden.
func TestNaNAndInfGoThrough(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
			const m, n, k = 9, 35, 20
			a, b, c := newGuarded[float32](m*k, 1), newGuarded[float32](k*n, 2), make([]float32, m*n)
			a.s[3*k+5] = bad
			Gemm(NoTrans, NoTrans, m, n, k, a.s, b.s, c)
			for i := range m {
				for j := range n {
					finite := !math.IsNaN(float64(c[i*n+j])) && !math.IsInf(float64(c[i*n+j]), 0)
					if finite == (i == 3) {
						t.Fatalf("%v in row 3: c[%d,%d] is %v", bad, i, j, c[i*n+j])
					}
				}
			}
		}
	})
}

// TestReLUKeepsNaN at every place of a vector, and of what is left over.
func TestReLUKeepsNaN(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		const n = 37
		for i := range n {
			y, dz := make([]float32, n), make([]float32, n)
			for j := range y {
				y[j] = -1
			}
			y[i] = float32(math.NaN())
			BiasReLU(1, n, y, make([]float32, n), true)
			ReLUGrad(dz, []float32{n - 1: 0}, y)
			for j, v := range y {
				if math.IsNaN(float64(v)) != (j == i) || j != i && v != 0 || dz[j] != 0 {
					t.Fatalf("NaN at %d: y[%d] is %v, dz %v", i, j, v, dz[j])
				}
			}
		}
	})
}

// TestSameBitsForAnyNumberOfThreads: every kernel that cuts its work, in shapes
// of every kind of cut.
func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer SetThreads(0)
	eachImplementation(t, func(t *testing.T) {
		var want []float32
		for _, threads := range []int{1, 2, 3, 8} {
			SetThreads(threads)
			var got []float32
			for _, s := range []Conv{
				{N: 11, H: 9, W: 8, C: 5, KH: 3, KW: 3, F: 7},
				{N: 9, H: 14, W: 10, C: 16, KH: 3, KW: 3, F: 32},
				{N: 41, H: 4, W: 7, C: 16, KH: 3, KW: 3, F: 16, Top: 1, Left: 1, Bottom: 1, Right: 1},
				{N: 11, H: 21, W: 8, C: 5, KH: 3, KW: 3, F: 7, SH: 2, SW: 2, Bottom: 1, Right: 1},
				{N: 11, H: 9, W: 8, C: 6, KH: 3, KW: 2, F: 4, DH: 2, DW: 2, G: 2},
				{N: 9, H: 9, W: 9, C: 8, KH: 1, KW: 1, F: 40, SH: 2, SW: 2},
			} {
				for _, a := range []Algorithm{Direct, Winograd} {
					if _, err := Resolve[float32](s, a); err != nil {
						continue
					}
					out := convolveAll(s, func(x, w, b, y []float32) { Convolve(s, a, x, w, b, y, true) },
						func(x, w, y, dy, dx, dw, db []float32) { ConvolveGrad(s, a, x, w, y, dy, dx, dw, db, true) })
					got = append(append(append(append(got, out.y.s...), out.dx.s...), out.dw.s...), out.db.s...)
				}
			}
			for _, p := range [][3]int{{300, 70, 10}, {20, 30, 5000}, {1024, 40, 33}, {16, 2100, 24}} {
				for _, tb := range []Transpose{NoTrans, Trans} {
					c := make([]float32, p[0]*p[1])
					Gemm(Transpose(p[0] == 1024), tb, p[0], p[1], p[2], newGuarded[float32](p[0]*p[2], 4).s, newGuarded[float32](p[1]*p[2], 5).s, c)
					got = append(got, c...)
				}
			}
			sum := make([]float32, 70)
			SumRows(300, 70, newGuarded[float32](300*70, 6).s, sum)
			if got = append(got, sum...); want == nil {
				want = got
			}
			for i := range want {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Fatalf("%d threads: element %d is %v, with one thread %v", threads, i, got[i], want[i])
				}
			}
		}
	})
}

// TestElementwise at all lengths to 257, with special numbers at changing places.
func TestElementwise(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		special := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.SmallestNonzeroFloat32}
		for o := range 258 {
			testElementwiseOn(t, o%7, max(1, o), uint64(o), special[o%len(special)])
		}
	})
}

// testElementwiseOn compares kernels on n rows of o numbers, one of which is
// special in each operand, with their generic loops, bit for bit: they do the
// same operations.
func testElementwiseOn(t *testing.T, n, o int, seed uint64, special float32) {
	t.Helper()
	what := fmt.Sprintf("n %d o %d special %v", n, o, special)
	size := n * o
	next := func() guarded[float32] {
		seed++
		g := newGuarded[float32](size, seed)
		if size > 0 {
			g.s[seed%uint64(size)] = special
		}
		return g
	}
	y, b, dy := next(), newGuarded[float32](o, seed+9), next()
	z, dz, want := append([]float32(nil), y.s...), next(), make([]float32, size)
	BiasReLU(n, o, y.s, b.s, true)
	for i := range n {
		genericBiasReLU(z[i*o:(i+1)*o], b.s)
	}
	same(t, what+" BiasReLU", y.s, z)
	ReLUGrad(dz.s, dy.s, y.s)
	genericReLUGrad(want, dy.s, y.s)
	same(t, what+" ReLUGrad", dz.s, want)
	sum, plain := newGuarded[float32](o, 5), make([]float32, o)
	SumRows(n, o, dy.s, sum.s)
	genericSumRows(n, o, dy.s, plain)
	nearOrSpecial(t, what+" SumRows", sum.s, plain, n)
	scaled, factors := next(), next()
	Scale(scaled.s, dy.s, factors.s)
	for i := range want {
		want[i] = dy.s[i] * factors.s[i]
	}
	same(t, what+" Scale", scaled.s, want)
	added := next()
	AddReLU(added.s, dy.s, factors.s)
	for i := range want {
		if want[i] = dy.s[i] + factors.s[i]; want[i] <= 0 {
			want[i] = 0
		}
	}
	same(t, what+" AddReLU", added.s, want)
	for _, g := range []guarded[float32]{y, b, dy, dz, sum, scaled, added} {
		g.check(t, what)
	}
}

// same compares bits; any NaN equals any other.
func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if got[i] != v && !(got[i] != got[i] && v != v) {
			t.Fatalf("%s: element %d is %v, generic says %v", what, i, got[i], v)
		}
	}
}

// nearOrSpecial is near, but for sums that are not finite.
func nearOrSpecial(t *testing.T, what string, got, want []float32, k int) {
	t.Helper()
	for i, v := range want {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || math.Abs(float64(v)) > 1e30 {
			same(t, what, got[i:i+1], want[i:i+1])
			continue
		}
		near(t, what, got[i:i+1], want[i:i+1], k)
	}
}

// TestDecode: every byte, at all lengths, is x / 255 to the last bit.
func TestDecode(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for n := range 258 {
			x, y := make([]uint8, n), newGuarded[float32](n, 1)
			for i := range x {
				x[i] = uint8(255 - i)
			}
			Decode(x, y.s)
			for i, v := range x {
				if want := float32(v) / 255; y.s[i] != want {
					t.Fatalf("%d of %d: %d becomes %v, want %v", i, n, v, y.s[i], want)
				}
			}
			y.check(t, "Decode")
		}
	})
}

// TestTranspose at all sizes around a block of 8.
func TestTranspose(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for rows := range 27 {
			for columns := range 27 {
				x, y := newGuarded[float32]((rows+1)*(columns+3), 1), newGuarded[float32]((columns+1)*(rows+2), 2)
				want := append([]float32(nil), y.s...)
				of[float32]().transpose(x.s, columns+3, rows, columns, y.s, rows+2)
				genericTranspose(x.s, columns+3, rows, columns, want, rows+2)
				same(t, fmt.Sprintf("%d x %d", rows, columns), y.s, want)
				y.check(t, "transpose")
			}
		}
	})
}

func TestAdam(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for n := range 258 {
			state := func() (g [4]guarded[float32]) {
				for i := range g {
					g[i] = newGuarded[float32](n, uint64(i))
				}
				for i := range g[3].s {
					g[3].s[i] *= g[3].s[i] // a second moment
				}
				return g
			}
			got, want := state(), state()
			keep := float32(1 - 0.25*float32(n%2))
			Adam(got[0].s, got[1].s, got[2].s, got[3].s, 1e-3, 0.1, 0.001, 1e-7, keep)
			for i := range want[0].s {
				want[0].s[i] *= keep
			}
			genericAdam(want[0].s, want[1].s, want[2].s, want[3].s, 1e-3, 0.1, 0.001, 1e-7)
			for i := range got {
				near(t, "Adam", got[i].s, want[i].s, 1)
				got[i].check(t, "Adam")
			}
		}
	})
}

func TestTimesBlendAddAndSumSquares(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for n := range 258 {
			y, x := newGuarded[float32](n, 1), newGuarded[float32](n, 2)
			times, blended, added := make([]float32, n), make([]float32, n), make([]float32, n)
			var squares float64
			for i, v := range x.s {
				times[i], blended[i], added[i] = v*0.75, y.s[i]+(v-y.s[i])*0.3, y.s[i]+v
				squares += float64(v) * float64(v)
			}
			if sum := SumSquares(x.s); math.Abs(sum-squares) > 1e-12*squares {
				t.Errorf("SumSquares of %d: %v, want %v", n, sum, squares)
			}
			z := newGuarded[float32](n, 3)
			Times(z.s, x.s, 0.75)
			same(t, "Times", z.s, times)
			z.check(t, "Times")
			Add(z.s, y.s, x.s)
			same(t, "Add", z.s, added)
			z.check(t, "Add")
			Blend(y.s, x.s, 0.3)
			near(t, "Blend", y.s, blended, 1)
			y.check(t, "Blend")
		}
	})
}

func TestCrossEntropyDoesNotOverflow(t *testing.T) {
	x := []float32{1000, 0, -1000, 0, -1000, 0}
	p := make([]float32, 6)
	loss, hits := CrossEntropy(2, 3, x, []int{0, 1}, 0, p)
	if hits != 1 || !(loss >= 500-1 && loss < 501) {
		t.Errorf("loss %v, %d hits", loss, hits)
	}
	for _, v := range p {
		if math.IsNaN(float64(v)) {
			t.Fatalf("probabilities %v", p)
		}
	}
}

func TestKernelsAllocateNothingOfABatchsSize(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		s := Conv{N: 4, H: 8, W: 8, C: 3, KH: 3, KW: 3, F: 8}
		nx, nw, ny := s.sizes()
		x, w, y, b := make([]float32, nx), make([]float32, nw), make([]float32, ny), make([]float32, s.F)
		step := func() {
			Convolve(s, Auto, x, w, b, y, true)
			ConvolveGrad(s, Auto, x, w, y, y, x, w, b, true)
		}
		if n := testing.AllocsPerRun(5, step); n > 30 {
			t.Errorf("%v allocations", n)
		}
	})
}

func TestUse(t *testing.T) {
	if err := Use("quantum"); err == nil {
		t.Error("an implementation that does not exist is accepted")
	}
}

// TestEnvironment runs this test binary with STHENO_CPU.
func TestEnvironment(t *testing.T) {
	if os.Getenv("STHENO_TEST_ENVIRONMENT") != "" {
		fmt.Printf("uses %s, %v\n", Implementation(), EnvironmentError())
		return
	}
	best := Implementations()[len(implementations)-1]
	for value, want := range map[string]string{
		"generic": "uses generic, <nil>",
		"":        "uses " + best + ", <nil>",
		"quantum": "uses " + best + `, STHENO_CPU: kernel: no implementation "quantum"`,
	} {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestEnvironment$")
		cmd.Env = append(os.Environ(), "STHENO_TEST_ENVIRONMENT=1", Variable+"="+value)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s=%s: %v: %s, want %q", Variable, value, err, out, want)
		}
	}
}

func TestBugsPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("slices of the wrong length pass")
		}
	}()
	Gemm(NoTrans, NoTrans, 2, 2, 2, make([]float32, 3), make([]float32, 4), make([]float32, 4))
}

func TestMaskIsPartOfAWhole(t *testing.T) {
	whole := make([]float32, 40_001)
	Mask(whole, 0, 0.3, 2, 1, 2)
	for _, first := range []int{0, 1, 2, 16_383, 16_384, 16_385, 33_001, 40_000} {
		for _, n := range []int{1, 2, 17, len(whole)} {
			n = min(n, len(whole)-first)
			part := make([]float32, n)
			Mask(part, first, 0.3, 2, 1, 2)
			if !slices.Equal(part, whole[first:first+n]) {
				t.Errorf("%d elements from %d on differ from those of the whole", n, first)
			}
		}
	}
}

// TestPortableIsInOrder: where rows may be images, the portable path has the bits
// of the generic loop.
func TestPortableIsInOrder(t *testing.T) {
	for _, s := range [][3]int{{1, 512, 784}, {2, 10, 512}, {3, 40, 1100}, {70, 33, 600}, {66, 2, 900}, {65, 70, 3}, {5, 1, 700}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c, want := mostlyZeros(m*k), newGuarded[float32](k*n, 2).s, make([]float32, m*n), make([]float32, m*n)
		portableGemm(NoTrans, NoTrans, m, n, k, a, b, c)
		genericGemm(NoTrans, NoTrans, m, n, k, a, b, want)
		same(t, fmt.Sprint(s), c, want)
	}
}
