package graph

import (
	"fmt"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Float is an element type of a graph.
type Float = kernel.Float

// Algorithm is how a convolution is computed.
type Algorithm = kernel.Algorithm

// DtypeOf is T's name in the tensor package.
func DtypeOf[T Float]() tensor.Dtype {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

// Slice is the memory of a value of element type T, a scalar's as one element.
// It costs no allocation. It panics if v is of another type: a bug of the
// caller, as Apply has settled the types.
func Slice[T Float](v gorgonia.Value) []T {
	switch v := v.(type) {
	case *tensor.Dense:
		if v.Dtype() == tensor.Float32 && DtypeOf[T]() == tensor.Float32 {
			s := v.Float32s()
			return *(*[]T)(unsafe.Pointer(&s)) // T is float32
		}
		if v.Dtype() == tensor.Float64 && DtypeOf[T]() == tensor.Float64 {
			s := v.Float64s()
			return *(*[]T)(unsafe.Pointer(&s)) // T is float64
		}
	case *gorgonia.F32:
		if DtypeOf[T]() == tensor.Float32 {
			return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
		}
	case *gorgonia.F64:
		if DtypeOf[T]() == tensor.Float64 {
			return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
		}
	}
	panic(fmt.Sprintf("graph: Slice: a %T is not of the element type asked for", v))
}

// ints is the memory of a tensor of labels.
func ints(v gorgonia.Value) []int { return v.(*tensor.Dense).Ints() }
