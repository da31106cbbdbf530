//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// simd lists the instruction sets that the CPU and the system offer. They
// serve float32; float64, which is there to check, stays portable.
func simd() (list []*implementation) {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, &implementation{"avx2", tilesTable(&avx2), portableTable[float64]()})
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ {
		list = append(list, &implementation{"avx512", tilesTable(&avx512), portableTable[float64]()})
	}
	return list
}

var avx2 = tiles{columns: 16, kernels: []microKernel{
	gemmAVX2x1, gemmAVX2x2, gemmAVX2x3, gemmAVX2x4, gemmAVX2x5, gemmAVX2x6,
}}

var avx512 = tiles{columns: 32, kernels: []microKernel{
	gemmAVX512x1, gemmAVX512x2, gemmAVX512x3, gemmAVX512x4, gemmAVX512x5, gemmAVX512x6, gemmAVX512x7, gemmAVX512x8,
}}

func tilesTable(t *tiles) table[float32] {
	return table[float32]{t.gemm, t.serial, convolvePatches[float32], convolvePatchesGradInput[float32], convolvePatchesGradKernel[float32]}
}
