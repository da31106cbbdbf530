package kernel

import (
	"slices"
	"testing"
	"unsafe"
)

// alignedFloats are n floats from a cache line on, and the same number one float
// further.
func alignedFloats(n int) (aligned, odd []float32) {
	memory := Memory(bytesOf(n + 1))
	return unsafe.Slice((*float32)(unsafe.Pointer(&memory[0])), n), make([]float32, n+1)[1:]
}

func bytesOf(floats int) int { return 4 * floats }

// TestStreamedResultsAreTheSame: results so large that they go past the caches,
// which only aligned ones do, have the bits of those that do not.
func TestStreamedResultsAreTheSame(t *testing.T) {
	for _, f := range []int{64, 48} { // 48: the last strip of AVX-512 is one vector wide
		testStreamed(t, Conv{N: 45, H: 27, W: 25, C: 16, KH: 3, KW: 3, F: f}) // its last tiles overhang
	}
}

func testStreamed(t *testing.T, s Conv) {
	t.Helper()
	nx, nw, ny := s.sizes()
	if ny < largeC {
		t.Fatalf("%d outputs are not large", ny)
	}
	x, w, b := newGuarded[float32](nx, 1).s, newGuarded[float32](nw, 2).s, newGuarded[float32](s.F, 3).s
	m, n, k := 16, largeC/16, 24
	left, right := newGuarded[float32](m*k, 4).s, newGuarded[float32](n*k, 5).s
	eachImplementation(t, func(t *testing.T) {
		if Implementation() == "generic" {
			return // streams nothing, and takes long
		}
		y, odd := alignedFloats(ny)
		for _, a := range []Algorithm{Winograd, Direct} {
			Convolve(s, a, x, w, b, y, true)
			Convolve(s, a, x, w, b, odd, true)
			if !slices.Equal(y, odd) {
				t.Errorf("a convolution's results differ, %v", a)
			}
		}
		c, odd := alignedFloats(m * n)
		for _, tb := range []Transpose{NoTrans, Trans} {
			Gemm(NoTrans, tb, m, n, k, left, right, c)
			Gemm(NoTrans, tb, m, n, k, left, right, odd)
			if !slices.Equal(c, odd) {
				t.Errorf("a product's results differ, tb %v", tb)
			}
		}
	})
}
