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
