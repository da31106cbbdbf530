package kernel

import (
	"os"
	"slices"
	"testing"
)

// TestSmallPagesAreGivenBack: of memory that has been written to before, what is to
// stand on huge pages comes from the system again, and nothing beside it.
func TestSmallPagesAreGivenBack(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no transparent huge pages: build it with CONFIG_TRANSPARENT_HUGEPAGE")
	}
	memory := alignedMemory(3*hugePage, hugePage)
	for i := range memory {
		memory[i] = 0xFF
	}
	adviseHuge(memory[hugePage : 2*hugePage])
	for i, want := range []byte{0xFF, 0, 0xFF} {
		page := memory[i*hugePage:][:hugePage]
		if slices.Min(page) != want || slices.Max(page) != want {
			t.Errorf("huge page %d is not all %#x", i, want)
		}
	}
}
