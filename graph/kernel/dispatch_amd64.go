//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// simd lists the instruction sets that the CPU and the system offer. They
// serve float32; float64, which is there to check, stays portable.
func simd() (list []*implementation) {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, &implementation{"avx2", avx2.table(), portableTable[float64]()})
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ {
		list = append(list, &implementation{"avx512", avx512.table(), portableTable[float64]()})
	}
	return list
}

var avx2 = instructions{
	tiles{16, packRowsAVX2, []microKernel{gemmAVX2x1, gemmAVX2x2, gemmAVX2x3, gemmAVX2x4, gemmAVX2x5, gemmAVX2x6}},
	vectors{8, addAVX2, biasReLUAVX2, reluGradAVX2, adamAVX2},
}

var avx512 = instructions{
	tiles{32, packRowsAVX512, []microKernel{gemmAVX512x1, gemmAVX512x2, gemmAVX512x3, gemmAVX512x4, gemmAVX512x5, gemmAVX512x6, gemmAVX512x7, gemmAVX512x8}},
	vectors{16, addAVX512, biasReLUAVX512, reluGradAVX512, adamAVX512},
}

// instructions are what an instruction set brings along.
type instructions struct {
	tiles
	vectors
}

func (i *instructions) table() table[float32] {
	return table[float32]{
		gemm: i.gemm, serial: i.serial,
		convolve: i.convolve, convolveGradInput: i.convolveGradInput, convolveGradKernel: i.convolveGradKernel,
		add: i.add, biasReLU: i.biasReLU, reluGrad: i.reluGrad, adam: i.adam,
	}
}
