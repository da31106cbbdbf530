package kernel

import (
	"fmt"
	"slices"
	"testing"
)

// TestEmpty: shapes in which a size is 0, which no network has, but a caller may:
// sums of nothing are 0, and nothing else is touched.
func TestEmpty(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, s := range [][3]int{{0, 4, 3}, {0, 8, 3}, {9, 0, 3}, {9, 0, 1024}, {3, 4, 0}, {0, 0, 0}, {1, 8, 0}, {100, 24, 0}} {
			for mode := range 4 {
				testGemm[float32](t, s[0], s[1], s[2], Transpose(mode&1 != 0), Transpose(mode&2 != 0))
			}
			testAffine[float32](t, s[0], s[1], s[2], true)
			testAffine[float64](t, s[0], s[1], s[2], false)
		}
		for _, a := range []Algorithm{Direct, Winograd} {
			testConvolve[float32](t, Conv{N: 0, H: 8, W: 9, C: 16, KH: 3, KW: 3, F: 16}, a, true)
		}
		BiasReLU(3, 0, []float32{}, []float32{}, true)
		Softmax(3, 0, []float32{}, []float32{})
		Mask([]float32{}, 1, 0.5, 2, 1, 2)
		sum := []float32{7, 7}
		if SumRows(0, 2, nil, sum); !slices.Equal(sum, []float32{0, 0}) {
			t.Errorf("the sum of no rows is %v", sum)
		}
	})
}

// TestNothingToLearnFrom: the loss of no images is 0.
func TestNothingToLearnFrom(t *testing.T) {
	if loss, hits := CrossEntropy(0, 3, []float32{}, nil, 0, []float32{}); loss != 0 || hits != 0 {
		t.Errorf("cross-entropy %v, %d hits", loss, hits)
	}
}

// TestBadConvolutionsPanic, with words, before they read anything.
func TestBadConvolutionsPanic(t *testing.T) {
	for _, s := range []Conv{
		{N: 1, H: 8, W: 8, C: 0, KH: 3, KW: 3, F: 4}, {N: 1, H: 8, W: 8, C: 4, KH: 3, KW: 3, F: 0},
		{N: 1, H: 2, W: 8, C: 4, KH: 3, KW: 3, F: 4}, {N: 1, H: 8, W: 2, C: 4, KH: 3, KW: 3, F: 4}, {N: 1, H: 8, W: 8, C: 4, KH: 0, KW: 3, F: 4},
	} {
		nx, nw, ny := s.sizes()
		const want = "kernel: a convolution needs channels, and filters that fit into the image"
		if why := panics(func() {
			Convolve(s, Direct, make([]float32, nx), make([]float32, nw), make([]float32, s.F), make([]float32, max(0, ny)), false)
		}); fmt.Sprint(why) != want {
			t.Errorf("%+v: %v", s, why)
		}
	}
	if why := panics(func() { MultiplyAdds(0) }); why == nil {
		t.Error("no rounds pass")
	}
}
