package graph

import (
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

const (
	alignment = 64      // a cache line
	large     = 2 << 20 // bytes, from which on tensors are set apart in their pages
)

// Arena is one aligned piece of memory that tensors are cut from, in order.
type Arena struct {
	free []byte
}

// NewArena takes memory for tensors of the given byte sizes.
func NewArena(sizes ...int) *Arena {
	total := 0
	for _, size := range sizes {
		total += aligned(size)
	}
	return newArena(total)
}

func newArena(bytes int) *Arena { return &Arena{kernel.Memory(bytes)} }

// Tensor cuts a tensor of zeros from the arena; it panics if nothing is left,
// as NewArena was told what to expect.
func (a *Arena) Tensor(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
	n := shape.TotalSize()
	memory := a.cut(n * int(dt.Size()))
	var backing any
	switch p := unsafe.Pointer(&memory[0]); dt {
	case tensor.Float32:
		backing = unsafe.Slice((*float32)(p), n)
	case tensor.Float64:
		backing = unsafe.Slice((*float64)(p), n)
	case tensor.Int:
		backing = unsafe.Slice((*int)(p), n)
	default:
		panic("graph: Arena: element type is not float32, float64 or int")
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
}

func (a *Arena) cut(size int) []byte {
	piece := a.free[:size:size]
	a.free = a.free[aligned(size):]
	return piece
}

// aligned is how much of an arena a tensor takes. Large ones take a few cache
// lines more, so that those of one size do not all begin at the same offset in
// a page: an optimizer walks four of them side by side.
func aligned(size int) int {
	if size >= large {
		size += 5 * alignment
	}
	return (size + alignment - 1) &^ (alignment - 1)
}

// bytes is how much memory a call's outputs take; a view's take none.
func (c *call) bytes() int {
	if _, ok := c.op.(view); ok {
		return 0
	}
	total := 0
	for _, shape := range c.shapes {
		if len(shape) > 0 {
			total += aligned(shape.TotalSize() * int(c.dtype.Size()))
		}
	}
	return total
}

// allocate gives a call's outputs their memory; a scalar has its own.
func (c *call) allocate(a *Arena) {
	c.out = make([]gorgonia.Value, len(c.shapes))
	if _, ok := c.op.(view); ok {
		return
	}
	for i, shape := range c.shapes {
		switch {
		case shape == nil:
		case len(shape) > 0:
			c.out[i] = a.Tensor(c.dtype, shape)
		default:
			c.out[i] = scalar(c.dtype)
		}
	}
}
