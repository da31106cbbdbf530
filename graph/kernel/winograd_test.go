package kernel

import (
	"math"
	"testing"
)

// distance is the relative distance of x from the truth, in the Euclidean norm.
func distance(x []float32, truth []float64) float64 {
	var off, all float64
	for i, v := range truth {
		d := float64(x[i]) - v
		off, all = off+d*d, all+v*v
	}
	return math.Sqrt(off / all)
}

func widened(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// TestWinogradRounds holds each pass, in the second convolution's shape, to the
// plain loop in float64, in relative Euclidean distance. Of the bounds, the first
// is direct convolution's, the second Winograd's: measured are, for y, dx and dw,
// 2.1, 4.2 and 3.0e-7 of direct, 4.9, 8.1 and 4.5e-7 of Winograd in assembly.
func TestWinogradRounds(t *testing.T) {
	bounds := map[string][2]float64{"y": {3e-7, 8e-7}, "dx": {5e-7, 1.2e-6}, "dw": {8e-7, 9e-7}}
	s := Conv{N: 4, H: 26, W: 26, C: 32, KH: 3, KW: 3, F: 64}
	nx, nw, ny := s.sizes()
	x, w, dy := newGuarded[float32](nx, 1).s, newGuarded[float32](nw, 2).s, newGuarded[float32](ny, 3).s
	for i, v := range x {
		x[i] = max(0, v) // as a ReLU leaves it
	}
	truth := map[string][]float64{"y": make([]float64, ny), "dx": make([]float64, nx), "dw": make([]float64, nw)}
	genericConvolve(s, widened(x), widened(w), make([]float64, s.F), truth["y"], false)
	genericConvolveGrad(&convGrad[float64]{s, widened(x), widened(w), nil, widened(dy), truth["dx"], truth["dw"], make([]float64, s.F), false})
	eachImplementation(t, func(t *testing.T) {
		for i, a := range []Algorithm{Direct, Winograd} {
			got := map[string][]float32{"y": make([]float32, ny), "dx": make([]float32, nx), "dw": make([]float32, nw)}
			Convolve(s, a, x, w, make([]float32, s.F), got["y"], false)
			ConvolveGrad(s, a, x, w, got["y"], dy, got["dx"], got["dw"], make([]float32, s.F), false)
			for pass, bound := range bounds {
				d := distance(got[pass], truth[pass])
				t.Logf("%v %s: %.2g", a, pass, d)
				if !(d <= bound[i]) {
					t.Errorf("%v %s is off by %.2g, want at most %.2g", a, pass, d, bound[i])
				}
			}
		}
	})
}

// TestBlankWindowsGiveTheBias exactly, to the last bit, with and without ReLU.
func TestBlankWindowsGiveTheBias(t *testing.T) {
	s := Conv{N: 2, H: 13, W: 15, C: 16, KH: 3, KW: 3, F: 16}
	nx, nw, ny := s.sizes()
	x, w, b, y := newGuarded[float32](nx, 1).s, newGuarded[float32](nw, 2).s, newGuarded[float32](s.F, 3).s, make([]float32, ny)
	for i := range x {
		if p := i / s.C; p%s.W < 7 || p/s.W%s.H < 5 { // blank but for a corner
			x[i] = 0
		}
	}
	oh, ow := s.Out()
	eachImplementation(t, func(t *testing.T) {
		for _, relu := range []bool{false, true} {
			Convolve(s, Winograd, x, w, b, y, relu)
			blanks := 0
			for i, v := range y {
				row, column, f := i/s.F/ow%oh, i/s.F%ow, i%s.F
				if column > 4 && row > 2 {
					continue
				}
				blanks++
				want := b[f]
				if relu {
					want = max(0, want)
				}
				if v != want {
					t.Fatalf("relu %v: y[%d] is %v, want the bias %v", relu, i, v, want)
				}
			}
			if blanks < 1000 {
				t.Fatalf("%d blank windows", blanks)
			}
		}
	})
}

// TestAutoIsWinogradWhereItFits, and direct where it does not.
func TestAutoIsWinogradWhereItFits(t *testing.T) {
	second := Conv{N: 128, H: 26, W: 26, C: 32, KH: 3, KW: 3, F: 64}
	fast := Direct
	if of[float32]().winogradIsFast {
		fast = Winograd
	}
	for _, c := range []struct {
		s    Conv
		want Algorithm
	}{
		{second, fast},
		{Conv{N: 128, H: 28, W: 28, C: 1, KH: 3, KW: 3, F: 32}, Direct},
		{Conv{N: 128, H: 26, W: 26, C: 32, KH: 5, KW: 5, F: 64}, Direct},
		{Conv{N: 128, H: 5, W: 26, C: 32, KH: 3, KW: 3, F: 64}, Direct},
		{Conv{N: 128, H: 26, W: 26, C: 20, KH: 3, KW: 3, F: 64}, Direct},
	} {
		if got, err := Resolve[float32](c.s, Auto); err != nil || got != c.want {
			t.Errorf("%+v: %v, %v, want %v", c.s, got, err, c.want)
		}
	}
	if got, err := Resolve[float64](second, Auto); err != nil || got != Direct {
		t.Errorf("float64: %v, %v", got, err)
	}
	if _, err := Resolve[float32](Conv{N: 1, H: 9, W: 9, C: 16, KH: 5, KW: 5, F: 16}, Winograd); err == nil {
		t.Error("winograd is accepted for 5 x 5")
	}
	for _, a := range []Algorithm{Auto, Direct, Winograd} {
		if got, err := ParseAlgorithm(a.String()); err != nil || got != a {
			t.Errorf("%v: %v, %v", a, got, err)
		}
	}
}
