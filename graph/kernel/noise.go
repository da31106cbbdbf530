package kernel

import (
	"math"
	"math/rand/v2"
)

// Normal draws the elements from first on of normally distributed noise that is drawn
// in blocks, each from a PCG of its own, seeded by the two seeds and its number. A draw
// of 64 bits serves two elements (Box and Muller, 1958), so that what an element is
// depends on its place alone:
//
//	for i := range y {
//		y[i] = normal(first+i) * deviation
//	}
func Normal[T Float](y []T, first int, deviation float64, seed1, seed2 uint64) {
	if len(y) == 0 {
		return
	}
	const size = 1 << 12
	block, skipped := first/size, first%size
	spans(skipped+len(y), size, func(from, to int) {
		source := rand.NewPCG(seed1, seed2+uint64(block+from/size))
		before := max(skipped-from, 0)
		y := y[from+before-skipped : to-skipped]
		for range before / 2 {
			source.Uint64()
		}
		if before%2 == 1 {
			_, z := normals(source.Uint64())
			y[0] = T(z * deviation)
			y = y[1:]
		}
		for ; len(y) >= 2; y = y[2:] {
			a, b := normals(source.Uint64())
			y[0], y[1] = T(a*deviation), T(b*deviation)
		}
		if len(y) > 0 {
			z, _ := normals(source.Uint64())
			y[0] = T(z * deviation)
		}
	})
}

// normals makes two independent normal numbers of a draw: its high bits are the
// radius, its low ones the angle.
func normals(u uint64) (float64, float64) {
	const unit = 1.0 / (1 << 32)
	radius := math.Sqrt(-2 * math.Log((float64(u>>32)+1)*unit))
	sin, cos := math.Sincos(2 * math.Pi * float64(u&(1<<32-1)) * unit)
	return radius * cos, radius * sin
}
