package kernel

import (
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// TestMemoryIsZero, also where the heap has had it before, and begins where it is
// to begin.
func TestMemoryIsZero(t *testing.T) {
	for _, size := range []int{1, 1000, hugePage - 1, hugePage, 2*hugePage + 100} {
		alignment := uintptr(cacheLine)
		if size >= hugePage {
			alignment = hugePage
		}
		zeros := make([]byte, size)
		for round := range 4 {
			memory := Memory(size)
			if at := uintptr(unsafe.Pointer(&memory[0])); len(memory) != size || at%alignment != 0 {
				t.Fatalf("%d bytes: %d at %#x", size, len(memory), at)
			}
			if !slices.Equal(memory, zeros) {
				t.Fatalf("%d bytes, round %d: not all are zero", size, round)
			}
			for i := range memory {
				memory[i] = 0xFF
			}
			runtime.GC()
		}
	}
}
