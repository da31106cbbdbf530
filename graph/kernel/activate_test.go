package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// eachActivation are all functions, with parameters where they have any.
func eachActivation() (list []Activation) {
	for f := range Function(functions) {
		list = append(list, Activation{Function: f, Slope: 0.7})
	}
	return append(list, Activation{}, Activation{Max: 6}, Activation{Threshold: 1}, Activation{Slope: 0.25, Threshold: 1.5, Max: 3})
}

// specialNumbers are ends of float32's and of functions.
var specialNumbers = []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32,
	math.MaxFloat32, -math.MaxFloat32, 1e-38, -1e-38, 1e-20, -1e-20, 1e20, -1e20, 1000, -1000, 3, -3, 6, 1, 1.5, 20, -20, 87.4, -87.4, 88.8, -88.8, 104, -104, 15, -15, 12, -12}

// dense are numbers of all sizes, and more of those where functions bend.
func dense() []float32 {
	x := slices.Clone(specialNumbers)
	for i := range 20_000 {
		x = append(x, float32(i-10_000)/800)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		x = append(x, math.Float32frombits(rng.Uint32()), float32(220*rng.Float64()-110))
	}
	return x
}

// TestActivationsAreExact: values in float32 are off by at most four units in the last
// place of what float64 says, GELU's below 0 by eight and GELUTanh's by twelve, and gradients by three of the
// larger of that and 1. Where a power of e has been denormal they are near 0 alone. What
// float64 says is NaN or infinite is so.
func TestActivationsAreExact(t *testing.T) {
	x := dense()
	n := len(x)
	dy := make([]float32, n)
	for i := range dy {
		dy[i] = 0.5 + float32(i%7)/6
	}
	y, dx, want, wantDX := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	eachImplementation(t, func(t *testing.T) {
		for _, a := range eachActivation() {
			p := limitsOf[float32](a)
			Activate(a, y, x)
			genericActivates[float32]()[a.Function](want, x, &p)
			off, offDX := 0.0, 0.0
			floor, most := 0x1p-118, 4.0
			switch a.Function {
			case GELU:
				most = 8
			case GELUTanh: // whose argument far below 0 is large
				floor, most = 0x1p-6, 12
			}
			for i := range x {
				off = max(off, units(y[i], want[i], floor))
			}
			ActivateGrad(a, dx, dy, x, want)
			genericActivateGrads[float32]()[a.Function](wantDX, dy, x, want, &p)
			for i := range x {
				offDX = max(offDX, units(dx[i], wantDX[i], 1))
			}
			if !(off <= most && offDX <= 3) {
				t.Errorf("%+v: off by %.1f, its gradient by %.1f", a, off, offDX)
			}
		}
	})
}

// units is by how much a number is off, in units of the last place of the larger of
// what it should be and of a floor.
func units(got, want float32, floor float64) float64 {
	g, w := float64(got), float64(want)
	switch {
	case g == w || g != g && w != w:
		return 0
	case g != g || w != w || math.IsInf(g, 0) || math.IsInf(w, 0):
		return math.Inf(1)
	}
	size := max(math.Abs(w), floor, 0x1p-126)
	return math.Abs(g-w) / (math.Exp2(math.Floor(math.Log2(size))) * 0x1p-23)
}

// TestAnActivationDependsOnNothingElse: an element has the same bits at any place of a
// slice of any length, on any number of threads, and nothing is written outside.
func TestAnActivationDependsOnNothingElse(t *testing.T) {
	defer SetThreads(0)
	const n = 1<<13 + 77
	all, dy := newGuarded[float32](n, 1), newGuarded[float32](n, 2)
	for i := range all.s {
		all.s[i] *= 9
	}
	copy(all.s[100:], specialNumbers)
	eachImplementation(t, func(t *testing.T) {
		for _, a := range eachActivation() {
			SetThreads(1)
			y, dx := newGuarded[float32](n, 3), newGuarded[float32](n, 4)
			Activate(a, y.s, all.s)
			ActivateGrad(a, dx.s, dy.s, all.s, y.s)
			SetThreads(3)
			hold := func(from, to int) {
				part, dpart := newGuarded[float32](to-from, 5), newGuarded[float32](to-from, 6)
				Activate(a, part.s, all.s[from:to])
				ActivateGrad(a, dpart.s, dy.s[from:to], all.s[from:to], y.s[from:to])
				what := fmt.Sprintf("%v from %d to %d", a, from, to)
				same(t, what, part.s, y.s[from:to])
				same(t, what+" gradient", dpart.s, dx.s[from:to])
				part.check(t, what)
				dpart.check(t, what)
			}
			hold(0, n)
			for length := range 20 {
				hold(97+length%9, 97+length%9+length)
				hold(130, 130+length)
			}
			y.check(t, "all")
			dx.check(t, "all gradients")
		}
	})
}

// TestPReLUInParts: on any number of threads, and for few images and many, its
// gradient has the same bits.
func TestPReLUInParts(t *testing.T) {
	defer SetThreads(0)
	s := SharedOf([]int{9, 8, 5}, []int{1, 1, 5})
	const n = 23
	x, dy, alpha := newGuarded[float32](n*360, 1), newGuarded[float32](n*360, 2), newGuarded[float32](5, 3)
	var want []float32
	for _, threads := range []int{1, 2, 8} {
		SetThreads(threads)
		y, dx, dalpha := newGuarded[float32](n*360, 4), newGuarded[float32](n*360, 5), newGuarded[float32](5, 6)
		PReLU(s, n, x.s, alpha.s, y.s)
		PReLUGrad(s, n, x.s, alpha.s, dy.s, dx.s)
		PReLUSlopes(s, n, x.s, dy.s, dalpha.s)
		got := slices.Concat(y.s, dx.s, dalpha.s)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d threads change it", threads)
		}
		for _, g := range []guarded[float32]{y, dx, dalpha} {
			g.check(t, "PReLU")
		}
	}
}

func TestActivationsRefuseLengths(t *testing.T) {
	s, l := make([]float32, 3), make([]float32, 4)
	for what, call := range map[string]func(){
		"Activate: slices differ in length":          func() { Activate(Activation{}, s, l) },
		"ActivateGrad: slices differ in length":      func() { ActivateGrad(Activation{}, s, s, s, l) },
		"PReLU: slices do not match the sizes":       func() { PReLU(SharedOf([]int{3}, []int{3}), 1, s, s, l) },
		"PReLUGrad: slices do not match the sizes":   func() { PReLUGrad(SharedOf([]int{3}, []int{3}), 1, s, s, l, s) },
		"PReLUSlopes: slices do not match the sizes": func() { PReLUSlopes(SharedOf([]int{3}, []int{3}), 1, s, s, l) },
	} {
		if why := panics(call); fmt.Sprint(why) != "kernel: "+what {
			t.Errorf("%s: %v", what, why)
		}
	}
}

func BenchmarkActivate(b *testing.B) {
	const n = 1 << 20
	x, y, dx := newGuarded[float32](n, 1).s, make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] *= 6
	}
	for f := range Function(functions) {
		a := Activation{Function: f, Slope: 0.2}
		b.Run(fmt.Sprintf("function=%v/impl=%s", f, Implementation()), func(b *testing.B) {
			for b.Loop() {
				Activate(a, y, x)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "G/s")
		})
		b.Run(fmt.Sprintf("function=%vGrad/impl=%s", f, Implementation()), func(b *testing.B) {
			for b.Loop() {
				ActivateGrad(a, dx, x, x, y)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "G/s")
		})
	}
}
