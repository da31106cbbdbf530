//go:build !purego

package kernel

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkMicroKernel is the tallest tile of each instruction set, on operands in
// the first-level cache, against multiply-adds in registers.
func BenchmarkMicroKernel(b *testing.B) {
	defer Use(Implementation())
	defer SetThreads(0)
	SetThreads(1)
	for name, set := range tilesHere() {
		const k = 128
		rows, columns := 4*set.tallest(), set.columns()
		s := strip{
			repeat: 1, outer: 1, inner: k, tiles: 4,
			a: &filled(rows * (k + panelPad))[0], ai: bytes(k + panelPad), al: bytes(1),
			b: &filled(k * columns)[0], bl: bytes(columns), c: &filled(rows * columns)[0], ci: bytes(columns),
		}
		s.ahead, s.also = s.b, s.b
		b.Run(fmt.Sprintf("impl=%s/tile=%dx%d", name, set.tallest(), columns), func(b *testing.B) {
			if err := Use(name); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				set.kernels[1][set.tallest()-1].run(s)
			}
			flops := float64(2*rows*columns*k) * float64(b.N) / b.Elapsed().Seconds()
			start := time.Now()
			peak := float64(MultiplyAdds(1<<20)) / time.Since(start).Seconds()
			b.ReportMetric(100*flops/peak, "%peak")
			b.ReportMetric(flops/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkListRow lists a row of 128 numbers of which a quarter is not zero.
func BenchmarkListRow(b *testing.B) {
	if Use("avx2") != nil {
		b.Skip("the CPU lacks AVX2")
	}
	defer Use(Implementation())
	x, places, values := sprinkled(128, 0.25, 1).s, make([]int32, 128), make([]float32, 128)
	for b.Loop() {
		listRow(x, 4, places, values)
	}
}

func filled(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}
