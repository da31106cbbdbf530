package kernel

import "unsafe"

const (
	cacheLine = 64      // and the widest SIMD register
	hugePage  = 2 << 20 // the size of a page that large memory is best backed with
)

// largeC is a number of results from which on whoever reads them will not find
// them in a cache.
const largeC = 1 << 20

// Memory is zeroed memory for numbers. It begins at a cache line, and from the
// size of a huge page on at one, which the system is asked to back it with: few
// and large pages are found faster. The garbage collector frees it.
func Memory(bytes int) []byte {
	if bytes < hugePage {
		return alignedMemory(bytes, cacheLine)
	}
	memory := alignedMemory(bytes, hugePage)
	adviseHuge(memory[:bytes&^(hugePage-1)])
	return memory
}

// alignedMemory begins at a multiple of a power of two.
func alignedMemory(bytes, power int) []byte {
	memory := make([]byte, bytes+power)
	skip := -int(uintptr(unsafe.Pointer(&memory[0]))) & (power - 1)
	return memory[skip : skip+bytes : skip+bytes]
}
