package kernel

import "testing"

// TestMetricKernelsHaveTheSameBitsForAnyNumberOfThreads, in a batch that is cut.
func TestMetricKernelsHaveTheSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer SetThreads(0)
	const n, e, c = 131, 33, 10
	x, labels := newGuarded[float32](n*e, 1).s, make([]int, n)
	for i := range labels {
		labels[i] = i * i % c
	}
	eachImplementation(t, func(t *testing.T) {
		var want []float32
		for _, threads := range []int{1, 2, 8} {
			SetThreads(threads)
			y, norm, s, h := make([]float32, n*e), make([]float32, n), make([]float32, n*n), make([]float32, n*n)
			Normalize(n, e, x, y, norm)
			got := append([]float32(nil), y...)
			for _, loss := range []func() (float32, int){
				func() (float32, int) { return SupCon(n, labels, 0.1, s) },
				func() (float32, int) { return Triplet(n, labels, 0.5, s) },
			} {
				Gemm(NoTrans, Trans, n, n, e, y, y, s)
				value, hits := loss()
				dy, dx := make([]float32, n*e), make([]float32, n*e)
				PairsGrad(n, e, s, y, 0.7, h, dy)
				NormalizeGrad(n, e, y, norm, dy, dx)
				got = append(append(got, value, float32(hits)), dx...)
			}
			p := make([]float32, n*c)
			value, hits := CosFace(n, c, x[:n*c], labels, 16, 0.35, p)
			if got = append(append(got, value, float32(hits)), p...); want == nil {
				want = got
			}
			same(t, "metric kernels", got, want)
		}
	})
}

// BenchmarkSupCon is a batch of 128 images in two views.
func BenchmarkSupCon(b *testing.B) {
	const n = 256
	x, labels := newGuarded[float32](n*n, 1).s, make([]int, n)
	for i := range labels {
		labels[i] = i % 10
	}
	s := make([]float32, n*n)
	for b.Loop() {
		copy(s, x)
		SupCon(n, labels, 0.1, s)
	}
}
