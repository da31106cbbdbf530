package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// descent is an optimizer's update in all of its forms: of the kernel, and by
// the generic loop. State are w, dw and what the update keeps, v, m and a.
type descent struct {
	name          string
	kernel, plain func(s [5][]float32, keep float32)
}

func descents32() (list []descent) {
	list = append(list, descent{"SGD",
		func(s [5][]float32, keep float32) { SGD(s[0], s[1], 0.01, keep) },
		func(s [5][]float32, _ float32) { genericSGD(s[0], s[1], 0.01) },
	}, descent{"Momentum",
		func(s [5][]float32, keep float32) { Momentum(s[0], s[1], s[2], 0.01, 0.9, keep, false) },
		func(s [5][]float32, _ float32) { genericMomentum(s[0], s[1], s[2], 0.01, 0.9) },
	}, descent{"Nesterov",
		func(s [5][]float32, keep float32) { Momentum(s[0], s[1], s[2], 0.01, 0.9, keep, true) },
		func(s [5][]float32, _ float32) { genericNesterov(s[0], s[1], s[2], 0.01, 0.9) },
	})
	for mode := range 4 {
		with := func(s [5][]float32) (m, a []float32) {
			if mode&1 != 0 {
				m = s[3]
			}
			if mode&2 != 0 {
				a = s[4]
			}
			return m, a
		}
		by := RMS[float32]{Rate: 1e-3, Rho: 0.9, Decay: 0.1, Momentum: 0.8, Eps: 1e-7}
		list = append(list, descent{fmt.Sprint("RMSprop ", mode),
			func(s [5][]float32, keep float32) {
				m, a := with(s)
				by := by
				by.Keep = keep
				RMSprop(s[0], s[1], s[2], m, a, by)
			},
			func(s [5][]float32, _ float32) {
				m, a := with(s)
				genericRMSprop(s[0], s[1], s[2], m, a, by)
			},
		})
	}
	return list
}

// TestDescents: at all lengths to 257, with special numbers at changing places,
// to the generic loops' bits, and nothing is written that an update does not
// keep.
func TestDescents(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.SmallestNonzeroFloat32, math.MaxFloat32, 1e-30}
	eachImplementation(t, func(t *testing.T) {
		for _, d := range descents32() {
			for n := range 258 {
				state := func() (g [5]guarded[float32], s [5][]float32) {
					for i := range g {
						g[i] = newGuarded[float32](n, uint64(10*n+i))
						if n > 0 {
							g[i].s[(7*n+i)%n] = special[(n+i)%len(special)]
						}
						s[i] = g[i].s
					}
					for i, v := range s[2] { // a mean square, above the mean's square
						s[2][i] = v*v + s[4][i]*s[4][i]
					}
					return g, s
				}
				got, s := state()
				_, want := state()
				keep := float32(1 - 0.25*float32(n%2))
				d.kernel(s, keep)
				genericTimes(want[0], want[0], keep)
				d.plain(want, keep)
				for i := range got {
					same(t, fmt.Sprintf("%s, n %d, slice %d", d.name, n, i), s[i], want[i])
					got[i].check(t, d.name)
				}
			}
		}
	})
}

// TestDescentsInParts: on any number of threads an update has the bits of one
// loop.
func TestDescentsInParts(t *testing.T) {
	defer SetThreads(0)
	eachImplementation(t, func(t *testing.T) {
		const n = 3<<14 + 21
		numbers := newGuarded[float32](5*n, 1).s
		state := func() (s [5][]float32) {
			all := slices.Clone(numbers)
			for i := range s {
				s[i] = all[i*n : (i+1)*n]
			}
			return s
		}
		for _, d := range descents32() {
			want := state()
			d.plain(want, 1)
			for _, threads := range []int{1, 3} {
				SetThreads(threads)
				got := state()
				d.kernel(got, 1)
				for i := range got {
					same(t, fmt.Sprintf("%s, %d threads, slice %d", d.name, threads, i), got[i], want[i])
				}
			}
		}
	})
}

// TestRMSpropVariance: a gradient that never changes has no variance, whatever
// rounding makes of it, and its weight stays a number.
func TestRMSpropVariance(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		w, dw, v, a := make([]float32, 40), make([]float32, 40), make([]float32, 40), make([]float32, 40)
		for i := range dw {
			dw[i] = 100 + float32(i)/3
		}
		for range 300 {
			RMSprop(w, dw, v, nil, a, RMS[float32]{Rate: 1e-3, Rho: 0.9, Decay: 0.1, Eps: 1e-7, Keep: 1})
		}
		for i, x := range w {
			if !(x < 0 && x > -1e9) {
				t.Fatalf("weight %d is %v", i, x)
			}
		}
	})
}

func TestDescentsRefuseLengths(t *testing.T) {
	s, l := make([]float32, 3), make([]float32, 4)
	for what, call := range map[string]func(){
		"SGD":      func() { SGD(s, l, 1, 1) },
		"Momentum": func() { Momentum(s, s, l, 1, 1, 1, false) },
		"RMSprop":  func() { RMSprop(s, s, s, nil, l, RMS[float32]{Keep: 1}) },
	} {
		if why := panics(call); fmt.Sprint(why) != "kernel: "+what+": slices differ in length" {
			t.Errorf("%s: %v", what, why)
		}
	}
}
