package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"stheno/graph/kernel"
)

// work is a kernel on a shape of the two networks.
type work struct {
	name       string
	operations float64 // of the plain algorithm; 0 where bytes count
	bytes      float64 // that are read or written
	run        func()
	left       []float32 // the operand whose zeros may be skipped, if it has any
}

// floats are n numbers that no kernel finds special.
func floats(n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.Float64()) - 0.5
	}
	return x
}

func affine(m, n, k int) work { return affineOf("affine", m, n, k, floats(m*k)) }

func affineOf(name string, m, n, k int, a []float32) work {
	b, bias, c := floats(k*n), floats(n), make([]float32, m*n)
	return work{name: fmt.Sprintf("kernel=%s/m=%d/n=%d/k=%d", name, m, n, k), operations: 2 * float64(m*n*k),
		run: func() { kernel.Affine(m, n, k, a, b, bias, c, true) }, left: a}
}

func gemm(name string, ta, tb kernel.Transpose, m, n, k int) work {
	return gemmOf(name, ta, tb, m, n, k, floats(m*k))
}

func gemmOf(name string, ta, tb kernel.Transpose, m, n, k int, a []float32) work {
	b, c := floats(k*n), make([]float32, m*n)
	return work{name: fmt.Sprintf("kernel=%s/m=%d/n=%d/k=%d", name, m, n, k), operations: 2 * float64(m*n*k),
		run: func() { kernel.Gemm(ta, tb, m, n, k, a, b, c) }, left: a}
}

// pixels are the first n images of MNIST, four fifths of which are zeros.
func pixels(b *testing.B, n int) []float32 {
	set := dataset(b).Train
	x := make([]float32, n*set.Height*set.Width*set.Channels)
	kernel.Decode(set.Pixels[:len(x)], x)
	return x
}

func convolutions(s kernel.Conv, a kernel.Algorithm) []work {
	oh, ow := s.Out()
	outputs := s.N * oh * ow * s.F
	x, w, b := floats(s.N*s.H*s.W*s.C), floats(s.KH*s.KW*s.C*s.F), floats(s.F)
	y, dy := make([]float32, outputs), floats(outputs)
	var dx []float32
	products := 1.0 // of the gradient
	if s.C > 1 {
		dx, products = make([]float32, len(x)), 2
	}
	dw, db := make([]float32, len(w)), make([]float32, s.F)
	kernel.Convolve(s, a, x, w, b, y, true)
	operations := 2 * float64(outputs*s.KH*s.KW*s.C)
	shape := fmt.Sprintf("algorithm=%v/channels=%d/filters=%d", a, s.C, s.F)
	return []work{
		{name: "kernel=convolve/" + shape, operations: operations, run: func() { kernel.Convolve(s, a, x, w, b, y, true) }},
		{name: "kernel=convolvegrad/" + shape, operations: products * operations, run: func() { kernel.ConvolveGrad(s, a, x, w, y, dy, dx, dw, db, true) }},
	}
}

func adam(n int, keep float32) work {
	w, dw, m, v := floats(n), floats(n), make([]float32, n), make([]float32, n)
	return work{name: fmt.Sprintf("kernel=adam/n=%d/keep=%g", n, keep), bytes: 28 * float64(n), run: func() { kernel.Adam(w, dw, m, v, 1e-3, 0.1, 0.001, 1e-7, keep) }}
}

// descents are the updates of the optimizers beside Adam, with all that they keep.
func descents(n int) []work {
	w, dw, v, m, a := floats(n), floats(n), make([]float32, n), make([]float32, n), make([]float32, n)
	by := kernel.RMS[float32]{Rate: 1e-3, Rho: 0.9, Decay: 0.1, Momentum: 0.9, Eps: 1e-7, Keep: 1}
	return []work{
		{name: fmt.Sprintf("kernel=sgd/n=%d", n), bytes: 12 * float64(n), run: func() { kernel.SGD(w, dw, 1e-3, 1) }},
		{name: fmt.Sprintf("kernel=momentum/n=%d", n), bytes: 20 * float64(n), run: func() { kernel.Momentum(w, dw, v, 1e-3, 0.9, 1, false) }},
		{name: fmt.Sprintf("kernel=rmsprop/n=%d", n), bytes: 20 * float64(n), run: func() { kernel.RMSprop(w, dw, v, nil, nil, by) }},
		{name: fmt.Sprintf("kernel=rmsprop/n=%d/with=centered,momentum", n), bytes: 36 * float64(n), run: func() { kernel.RMSprop(w, dw, v, m, a, by) }},
	}
}

func blend(n int) work {
	y, x := floats(n), floats(n)
	return work{name: fmt.Sprintf("kernel=blend/n=%d", n), bytes: 12 * float64(n), run: func() { kernel.Blend(y, x, 0.001) }}
}

func mask(n int) work {
	x := make([]float32, n)
	return work{name: fmt.Sprintf("kernel=mask/n=%d", n), bytes: 4 * float64(n), run: func() { kernel.Mask(x, 0, 0.3, 1/0.7, 1, 2) }}
}

func decode(n int) work {
	const row = 784
	x, y := make([]uint8, n*row), make([]float32, n*row)
	return work{name: fmt.Sprintf("kernel=decode/n=%d", n*row), bytes: 5 * float64(n*row), run: func() {
		kernel.Rows(n, func(i int) { kernel.Decode(x[i*row:(i+1)*row], y[i*row:(i+1)*row]) })
	}}
}

func crossEntropy(n, c int) work {
	x, p, labels := floats(n*c), make([]float32, n*c), make([]int, n)
	return work{name: fmt.Sprintf("kernel=crossentropy/n=%d/c=%d", n, c), bytes: 8 * float64(n*c), run: func() { kernel.CrossEntropy(n, c, x, labels, 0, p) }}
}

// works are the kernels of a step at batch 128, in the shapes that it has, and the
// other optimizers' updates; those named blank have MNIST's pixels, and one of them a single image's.
func works(b *testing.B) []work {
	first, second := kernel.Conv{N: batch, H: 28, W: 28, C: 1, KH: 3, KW: 3, F: 32}, kernel.Conv{N: batch, H: 26, W: 26, C: 32, KH: 3, KW: 3, F: 64}
	all := []work{
		decode(batch),
		affine(batch, 512, 784), gemm("gradkernel", kernel.Trans, kernel.NoTrans, 784, 512, batch),
		affineOf("affineblank", batch, 512, 784, pixels(b, batch)), affineOf("affineblank", 1, 512, 784, pixels(b, 1)),
		gemmOf("gradkernelblank", kernel.Trans, kernel.NoTrans, 784, 512, batch, pixels(b, batch)),
		affine(batch, 10, 512), gemm("gradkernel", kernel.Trans, kernel.NoTrans, 512, 10, batch), gemm("gradinput", kernel.NoTrans, kernel.Trans, batch, 512, 10),
		crossEntropy(batch, 10), adam(407_050, 1), adam(407_050, 0.9999), blend(407_050),
	}
	all = append(all, convolutions(first, kernel.Direct)...)
	all = append(all, convolutions(second, kernel.Winograd)...)
	all = append(all, convolutions(second, kernel.Direct)...)
	all = append(all, descents(4_738_826)...)
	return append(all,
		affine(batch, 128, 36864), gemm("gradkernel", kernel.Trans, kernel.NoTrans, 36864, 128, batch), gemm("gradinput", kernel.NoTrans, kernel.Trans, batch, 36864, 128),
		adam(4_738_826, 1), adam(4_738_826, 0.9999), blend(4_738_826), mask(batch*36864),
	)
}

func BenchmarkKernel(b *testing.B) {
	for _, w := range works(b) {
		for _, impl := range implementations() {
			if impl.kernels == "" {
				continue
			}
			b.Run(w.name+"/impl="+impl.name, func(b *testing.B) {
				if impl.kernels == "generic" && testing.Short() {
					b.Skip("-short leaves out the plain loops")
				}
				impl.use(b)
				timeKernel(b, w)
			})
		}
	}
}

func timeKernel(b *testing.B, w work) {
	w.run()
	roof, best := newRoof(), math.Inf(1)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		w.run()
		best = min(best, time.Since(began).Seconds())
	}
	b.ReportMetric(1e3*best, "best-ms")
	if zeros := countZeros(w.left); zeros > 0 {
		b.ReportMetric(100*float64(zeros)/float64(len(w.left)), "%zeros")
	}
	if w.operations > 0 {
		b.ReportMetric(w.operations/best/1e9, "GFLOP/s")
		roof.report(b, "%peak", w.operations, best)
		return
	}
	b.ReportMetric(w.bytes/best/1e9, "GB/s")
}

func countZeros(x []float32) (n int) {
	for _, v := range x {
		if v == 0 {
			n++
		}
	}
	return n
}
