package kernel

import (
	"math"
	"math/rand/v2"
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

// TestBlankWindowsGiveTheBias exactly, to the last bit, with and without ReLU, with and
// without zeros around the images: of which
// pixels in a corner are blank, or all but such, or many.
func TestBlankWindowsGiveTheBias(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range []Conv{
		{N: 2, H: 13, W: 15, C: 16, KH: 3, KW: 3, F: 16},
		{N: 2, H: 12, W: 9, C: 16, KH: 3, KW: 3, F: 16, Top: 1, Left: 1, Bottom: 1, Right: 1},
		{N: 9, H: 4, W: 6, C: 16, KH: 3, KW: 3, F: 16, Top: 2, Left: 0, Bottom: 1, Right: 3},
	} {
		for name, blank := range map[string]func(row, column int) bool{
			"all but a corner": func(row, column int) bool { return column < 7 || row < 5 },
			"many":             func(_, _ int) bool { return rng.IntN(10) > 0 },
			"first corner":     func(row, column int) bool { return row < 2 && column < 2 },
			"last corner":      func(row, column int) bool { return row > s.H-3 && column > s.W-3 },
		} {
			t.Run(name, func(t *testing.T) { testBlank(t, s, blank) })
		}
	}
}

func testBlank(t *testing.T, s Conv, blank func(row, column int) bool) {
	nx, nw, ny := s.sizes()
	x, w, b, y := newGuarded[float32](nx, 1).s, newGuarded[float32](nw, 2).s, newGuarded[float32](s.F, 3).s, make([]float32, ny)
	blanks := make([]bool, s.N*s.H*s.W)
	for i := range blanks {
		if blanks[i] = blank(i/s.W%s.H, i%s.W); blanks[i] {
			clear(x[i*s.C : (i+1)*s.C])
		}
	}
	still := func(n, i, j int) bool { // the window at this place is blank
		for uv := range s.KH * s.KW {
			if at, ok := s.whole().pixel(n, i, j, uv/s.KW, uv%s.KW); ok && !blanks[at/s.C] {
				return false
			}
		}
		return true
	}
	oh, ow := s.Out()
	eachImplementation(t, func(t *testing.T) {
		for _, relu := range []bool{false, true} {
			Convolve(s, Winograd, x, w, b, y, relu)
			for i, v := range y {
				want := b[i%s.F]
				if relu {
					want = max(0, want)
				}
				if still(i/s.F/ow/oh, i/s.F/ow%oh, i/s.F%ow) != (v == want) && (v != 0 || !relu) {
					t.Fatalf("relu %v: y[%d] is %v, the bias %v", relu, i, v, want)
				}
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
