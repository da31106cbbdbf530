package kernel

import (
	"sync"
	"unsafe"
)

// scratch lends short-lived memory to kernels and keeps it, so that a step
// that has been run once allocates nothing the second time.
type scratch[T Float] struct {
	mu   sync.Mutex
	free map[int][][]T // by length
	slab []byte        // of which nothing has been lent yet
}

var (
	scratch32 = scratch[float32]{free: map[int][][]float32{}}
	scratch64 = scratch[float64]{free: map[int][][]float64{}}
)

func scratchOf[T Float]() *scratch[T] {
	if s, ok := any(&scratch32).(*scratch[T]); ok {
		return s
	}
	return any(&scratch64).(*scratch[T])
}

// borrow returns n elements of any content, from a cache line on.
func borrow[T Float](n int) []T {
	s := scratchOf[T]()
	s.mu.Lock()
	defer s.mu.Unlock()
	if free := s.free[n]; len(free) > 0 {
		s.free[n] = free[:len(free)-1]
		return free[len(free)-1]
	}
	return s.cut(n)
}

// cut takes n elements of a slab, all of which stand on huge pages together:
// Winograd's matrices alone would take more small pages than a core can find at
// once.
func (s *scratch[T]) cut(n int) []T {
	var zero T
	size := max(cacheLine, ceil(n*int(unsafe.Sizeof(zero)), cacheLine)*cacheLine)
	if size > len(s.slab) {
		s.slab = Memory(max(hugePage, size))
	}
	piece := s.slab[:size]
	s.slab = s.slab[size:]
	return unsafe.Slice((*T)(unsafe.Pointer(&piece[0])), n)
}

// giveBack ends a loan; nil is none.
func giveBack[T Float](b []T) {
	if b == nil {
		return
	}
	s := scratchOf[T]()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free[len(b)] = append(s.free[len(b)], b)
}
