package bench

import (
	"fmt"
	"testing"

	"stheno/graph/kernel"
)

// shapes are those in which the plain loops might beat the portable path: few
// rows, few columns, short sums, images of few patches; and some in which they
// might not.
func shapes() (all []work) {
	for _, s := range [][3]int{{1, 512, 784}, {1, 10, 512}, {1, 128, 36864}, {2, 512, 784}, {4, 512, 784}, {32, 512, 784},
		{128, 10, 512}, {128, 512, 10}, {64, 64, 3}, {64, 64, 1}, {64, 2, 64}, {700, 1, 3}, {3, 1, 700}, {5, 300, 9}, {2, 3, 4}} {
		all = append(all, affine(s[0], s[1], s[2]))
		for mode := range 4 {
			ta, tb := kernel.Transpose(mode&1 != 0), kernel.Transpose(mode&2 != 0)
			all = append(all, gemm(fmt.Sprintf("gemm/ta=%v/tb=%v", ta, tb), ta, tb, s[0], s[1], s[2]))
		}
	}
	for _, s := range []kernel.Conv{
		{N: 1, H: 28, W: 28, C: 1, KH: 3, KW: 3, F: 32}, {N: 1, H: 26, W: 26, C: 32, KH: 3, KW: 3, F: 64}, {N: 16, H: 28, W: 28, C: 1, KH: 3, KW: 3, F: 32},
		{N: 1, H: 12, W: 12, C: 3, KH: 1, KW: 1, F: 8}, {N: 1, H: 12, W: 12, C: 3, KH: 5, KW: 5, F: 8}, {N: 2, H: 8, W: 8, C: 16, KH: 3, KW: 3, F: 1},
		{N: 1, H: 5, W: 5, C: 64, KH: 5, KW: 5, F: 64}, {N: 1, H: 6, W: 6, C: 3, KH: 2, KW: 2, F: 5}, {N: 1, H: 3, W: 3, C: 1, KH: 3, KW: 3, F: 1},
	} {
		for _, w := range convolutions(s, kernel.Direct) {
			w.name += fmt.Sprintf("/images=%d/height=%d/side=%d", s.N, s.H, s.KH)
			all = append(all, w)
		}
	}
	return all
}

// BenchmarkPortable: in no shape is impl=portable slower than impl=generic.
func BenchmarkPortable(b *testing.B) {
	for _, w := range shapes() {
		for _, impl := range []string{"portable", "generic"} {
			b.Run(w.name+"/impl="+impl, func(b *testing.B) {
				implementation{name: impl, ops: auto.ops, kernels: impl}.use(b)
				timeKernel(b, w)
			})
		}
	}
}
