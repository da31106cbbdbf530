package graph

import (
	"fmt"
	"slices"
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

func isFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

// floats accepts n inputs of element type T.
func floats[T Float](in []tensor.Dtype, n int) error {
	return accept(in, slices.Repeat([]tensor.Dtype{DtypeOf[T]()}, n))
}

// labelled accepts n inputs of which the second are labels, of type int, and the
// others are of element type T.
func labelled[T Float](in []tensor.Dtype, n int) error {
	wants := slices.Repeat([]tensor.Dtype{DtypeOf[T]()}, n)
	wants[1] = tensor.Int
	return accept(in, wants)
}

// labels accepts labels alone.
func labels(in []tensor.Dtype) error { return accept(in, []tensor.Dtype{tensor.Int}) }

func accept(in, wants []tensor.Dtype) error {
	if len(in) != len(wants) {
		return fmt.Errorf("takes %d inputs, got %d", len(wants), len(in))
	}
	for i, dt := range in {
		if dt != wants[i] {
			return fmt.Errorf("input %d has the element type %v, wants %v", i, dt, wants[i])
		}
	}
	return nil
}

// Slice is the memory of a value of element type T, a scalar's as one element.
// It costs no allocation. It panics if v is of another type, or does not lie in
// memory row by row, as a transposed tensor or a slice of columns: a bug of the
// caller, as Apply has settled the types, and Run looks at what is bound.
func Slice[T Float](v gorgonia.Value) []T {
	switch v := v.(type) {
	case *tensor.Dense:
		if v.Dtype() != DtypeOf[T]() {
			break
		}
		if !rowMajor(v) {
			panic("graph: Slice: a tensor does not lie in memory row by row (transposed, column-major or a slice of columns): take it of a copy in order")
		}
		if v.Dtype() == tensor.Float32 {
			s := v.Float32s()
			return *(*[]T)(unsafe.Pointer(&s)) // T is float32
		}
		s := v.Float64s()
		return *(*[]T)(unsafe.Pointer(&s)) // T is float64
	case *gorgonia.F32:
		if DtypeOf[T]() == tensor.Float32 {
			return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
		}
	case *gorgonia.F64:
		if DtypeOf[T]() == tensor.Float64 {
			return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
		}
	case nil:
		panic("graph: Slice: there is no value yet: run the machine first")
	}
	panic(fmt.Sprintf("graph: Slice: a %T of element type %v is not one of %v", v, v.Dtype(), DtypeOf[T]()))
}

// ints is the memory of a tensor of labels, which Run has looked at.
func ints(v gorgonia.Value) []int {
	if v.Dtype() != tensor.Int {
		panic(fmt.Sprintf("graph: labels of element type %v, must be int", v.Dtype()))
	}
	return v.(*tensor.Dense).Ints()
}

// inOrder is a copy of a tensor, row by row.
func inOrder(t *tensor.Dense) *tensor.Dense {
	shape, strides := t.Shape(), t.Strides()
	ordered := tensor.New(tensor.Of(t.Dtype()), tensor.WithShape(shape.Clone()...))
	for i := range shape.TotalSize() {
		from, rest := 0, i
		for axis := len(shape) - 1; axis >= 0; axis-- {
			from += rest % shape[axis] * strides[axis]
			rest /= shape[axis]
		}
		ordered.Set(i, t.Get(from))
	}
	return ordered
}
