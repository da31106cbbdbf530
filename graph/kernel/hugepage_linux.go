package kernel

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages behind zeroed memory that nobody has written to.
// The heap may have had it before, on small pages; these are given back, and zeros
// come from the system again. Where it has no huge ones, memory is as good as it
// was, and a little slower.
func adviseHuge(memory []byte) {
	if unix.Madvise(memory, unix.MADV_HUGEPAGE) == nil {
		_ = unix.Madvise(memory, unix.MADV_DONTNEED)
	}
}
