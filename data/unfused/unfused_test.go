package unfused

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// equal wants the same bits where package math is built without fused
// multiply-adds, and one unit in the last place elsewhere.
func equal(got, want float64) bool {
	if runtime.GOARCH == "amd64" && !fuses() {
		return math.Float64bits(got) == math.Float64bits(want)
	}
	return math.Abs(got-want) <= 1e-14*math.Abs(want)
}

// fuses says whether the compiler fuses here: then what a product loses by rounding
// is not lost.
func fuses() bool {
	x := 1 + rand.Float64()/3
	return x*x+(-float64(x*x)) != 0
}

func TestSincosIsMaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		x := (rng.Float64() - 0.5) * math.Pow(10, float64(rng.IntN(8)))
		sin, cos := Sincos(x)
		wantSin, wantCos := math.Sincos(x)
		if !equal(sin, wantSin) || !equal(cos, wantCos) || Cos(x) != cos {
			t.Fatalf("of %v: %v %v, want %v %v", x, sin, cos, wantSin, wantCos)
		}
		if c := math.Cos(x); !equal(cos, c) {
			t.Fatalf("the cosine of %v is %v, want %v", x, cos, c)
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), math.Pi, -math.Pi / 2} {
		sin, cos := Sincos(x)
		wantSin, wantCos := math.Sincos(x)
		if math.Float64bits(sin) != math.Float64bits(wantSin) || cos != wantCos {
			t.Errorf("of %v: %v %v, want %v %v", x, sin, cos, wantSin, wantCos)
		}
	}
}

func TestPowIsMaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, x := range []float64{0.9, 0.999, 0.5, 1, 0, 2, 1e-300, 1e300, math.Inf(1), rng.Float64(), rng.Float64()} {
		for _, n := range []int{0, 1, 2, 3, 7, 10, 469, 4690, 65535, 1 << 40, rng.IntN(1 << 20)} {
			if got, want := Pow(x, n), math.Pow(x, float64(n)); !equal(got, want) && got != want {
				t.Errorf("%v to the power of %d is %v, want %v", x, n, got, want)
			}
		}
	}
}
