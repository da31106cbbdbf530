package kernel

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages behind memory that has not been used yet. Where
// the system has none to give, memory is as good as it was, and a little slower.
func adviseHuge(memory []byte) { _ = unix.Madvise(memory, unix.MADV_HUGEPAGE) }
