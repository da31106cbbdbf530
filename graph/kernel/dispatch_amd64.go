//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// simd lists the instruction sets that the CPU and the system offer. They
// serve float32; float64, which is there to check, stays portable.
func simd() (list []*implementation) {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return nil
	}
	list = append(list, &implementation{"avx2", avx2.table(), portableTable[float64]()})
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ { // some of whose kernels are AVX2's
		list = append(list, &implementation{"avx512", avx512.table(), portableTable[float64]()})
	}
	return list
}

var avx2 = instructions{
	tiles{8, 6, packRowsAVX2, [2][]microKernel{
		{productAVX2x1x1, productAVX2x2x1, productAVX2x3x1, productAVX2x4x1, productAVX2x5x1, productAVX2x6x1, productAVX2x7x1, productAVX2x8x1, productAVX2x9x1, productAVX2x10x1, productAVX2x11x1, productAVX2x12x1},
		{productAVX2x1x2, productAVX2x2x2, productAVX2x3x2, productAVX2x4x2, productAVX2x5x2, productAVX2x6x2},
	}},
	vectors{8, addAVX2, scaleAVX2, biasReLUAVX2, reluGradAVX2, adamAVX2, descentsAVX2, decodeAVX2, timesAVX2, blendAVX2},
	assembled{winogradFilterAVX2, winogradFilterGradAVX2, winogradInputAVX2, winogradInputGradAVX2, winogradOutputAVX2, winogradOutputGradAVX2, winogradOutputStreamAVX2},
	channelLoops{
		momentsAVX2,
		[2]normLoop{normAVX2, normReLUAVX2},
		[2]normSumsLoop{normSumsAVX2, normSumsReLUAVX2},
		[2]normGradLoop{normGradAVX2, normGradReLUAVX2},
	},
	reductions{mostAVX2, countEqualAVX2, whereEqualAVX2},
	gathers{greatestAVX2, selectedAVX2, spreadAVX2, weightedAVX2, sharedAVX2, filteredAVX2, productsAVX2},
	peakAVX2,
}

var avx512 = instructions{
	tiles{16, 8, packRowsAVX512, [2][]microKernel{
		{productAVX512x1x1, productAVX512x2x1, productAVX512x3x1, productAVX512x4x1, productAVX512x5x1, productAVX512x6x1, productAVX512x7x1, productAVX512x8x1, productAVX512x9x1, productAVX512x10x1, productAVX512x11x1, productAVX512x12x1},
		{productAVX512x1x2, productAVX512x2x2, productAVX512x3x2, productAVX512x4x2, productAVX512x5x2, productAVX512x6x2, productAVX512x7x2, productAVX512x8x2, productAVX512x9x2},
	}},
	vectors{16, addAVX512, scaleAVX512, biasReLUAVX512, reluGradAVX512, adamAVX512, descentsAVX512, decodeAVX512, timesAVX2, blendAVX2},
	assembled{winogradFilterAVX512, winogradFilterGradAVX512, winogradInputAVX512, winogradInputGradAVX512, winogradOutputAVX512, winogradOutputGradAVX512, winogradOutputStreamAVX512},
	channelLoops{
		momentsAVX512,
		[2]normLoop{normAVX512, normReLUAVX512},
		[2]normSumsLoop{normSumsAVX512, normSumsReLUAVX512},
		[2]normGradLoop{normGradAVX512, normGradReLUAVX512},
	},
	reductions{mostAVX512, countEqualAVX512, whereEqualAVX512},
	gathers{greatestAVX512, selectedAVX512, spreadAVX512, weightedAVX512, sharedAVX512, filteredAVX512, productsAVX512},
	peakAVX512,
}

// instructions are what an instruction set brings along.
type instructions struct {
	tiles
	vectors
	assembled
	channelLoops
	reductions
	gathers
	peak func(rounds int)
}

func (i *instructions) table() table[float32] {
	return table[float32]{
		gemm: i.gemm, affine: i.affine, convolve: i.convolve, convolveGrad: i.convolveGrad,
		slides: true, slide: slide[float32], slideGrad: slideGrad[float32],
		winograd: i.transforms(&i.tiles), winogradIsFast: true,
		add: i.add, scale: i.scale, biasReLU: i.biasReLU, reluGrad: i.reluGrad, adam: i.adam,
		sgd: i.sgd, momentum: i.momentum, nesterov: i.nesterov, rmsprop: i.rmsprop,
		decode: i.decode,
		times:  i.times, blend: i.blend,
		activate: activationsAVX2.activate(), activateGrad: activationsAVX2.activateGrad(),
		lanes: i.width, multiplyAdds: i.peak,
		sumRows: i.sumRows, transpose: packTransposed,
		moments: i.moments, norm: i.norm, normSums: i.normSums, normGrad: i.normGrad,
		most: i.most, countEqual: i.countEqual, whereEqual: i.whereEqual,
		pools: i.gatherLoops(i.gathers).pools(), depthwises: i.depthwiseLoops(i.gathers).kernels(),
	}
}
