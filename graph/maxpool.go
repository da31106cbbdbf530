package graph

import (
	"fmt"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// MaxPool is the largest number of each window of images:
//
//	x (N,H,W,C) -> y (N,OH,OW,C)
//
// A NaN counts as the largest, so that a diverged run is seen; TensorFlow passes over
// it. Its plain twin is stock's MaxPool.
type MaxPool[T Float] struct {
	Size [2]int // height and width of the window; its area at most kernel.MostPoolArea
	Over Window
}

func (m MaxPool[T]) String() string { return fmt.Sprintf("MaxPool{Size:%v %v}", m.Size, m.Over) }

func (MaxPool[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images (N,H,W,C) that the window fits into, and keeps for Grad a byte for
// each number of y, which says where in the window it stood.
func (m MaxPool[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	s, err := m.Over.pools(in[0], m.Size)
	if err != nil {
		return nil, err
	}
	if area := m.Size[0] * m.Size[1]; area > kernel.MostPoolArea {
		return nil, fmt.Errorf("a window of %d x %d pixels: its area can be %d at most", m.Size[0], m.Size[1], kernel.MostPoolArea)
	}
	y := pooledShape(s)
	var zero T
	return []tensor.Shape{y, {(y.TotalSize() + int(unsafe.Sizeof(zero)) - 1) / int(unsafe.Sizeof(zero))}}, nil
}

func (m MaxPool[T]) Run(out, in []gorgonia.Value) error {
	y := Slice[T](out[0])
	kernel.MaxPool(m.Over.mustSlide(in[0].Shape(), m.Size), Slice[T](in[0]), y, bytesOf(Slice[T](out[1]), len(y)))
	return nil
}

// bytesOf are the first n bytes of a slice's memory.
func bytesOf[T Float](s []T, n int) []uint8 {
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(s))), n)
}

// Grad needs where the largest numbers stood.
func (m MaxPool[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	marks, err := Output(y, 1)
	if err != nil {
		return nil, err
	}
	return applyGradient(maxPoolGrad[T]{pooledFrom{X: in[0].Shape().Clone()}, m}, 1, marks, dy)
}

// pooledFrom is what the gradient of a pool has in common, which does not read the
// images themselves: their shape.
type pooledFrom struct {
	X tensor.Shape
	last
}

// Shape is the images'.
func (p pooledFrom) Shape(...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{p.X.Clone()}, nil
}

// maxPoolGrad is MaxPool's gradient:
//
//	marks, dy (N,OH,OW,C) -> dx (N,H,W,C), the sum of dy from where it was the largest
type maxPoolGrad[T Float] struct {
	pooledFrom
	of MaxPool[T]
}

func (g maxPoolGrad[T]) String() string { return fmt.Sprintf("MaxPoolGrad{X:%v %v}", g.X, g.of) }

func (maxPoolGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (g maxPoolGrad[T]) Run(out, in []gorgonia.Value) error {
	dy := Slice[T](in[1])
	kernel.MaxPoolGrad(g.of.Over.mustSlide(g.X, g.of.Size), dy, bytesOf(Slice[T](in[0]), len(dy)), Slice[T](out[0]))
	return nil
}
