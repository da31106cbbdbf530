package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// AveragePool is the mean of each window of images, of those of its numbers that stand
// on the image:
//
//	x (N,H,W,C) -> y (N,OH,OW,C)
//
// Its plain twin is stock's AveragePool.
type AveragePool[T Float] struct {
	Size [2]int // height and width of the window
	Over Window
}

func (a AveragePool[T]) String() string {
	return fmt.Sprintf("AveragePool{Size:%v %v}", a.Size, a.Over)
}

func (AveragePool[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images (N,H,W,C) that the window fits into.
func (a AveragePool[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	s, err := a.Over.pools(in[0], a.Size)
	if err != nil {
		return nil, err
	}
	return []tensor.Shape{pooledShape(s)}, nil
}

func (a AveragePool[T]) Run(out, in []gorgonia.Value) error {
	kernel.MeanPool(a.Over.mustSlide(in[0].Shape(), a.Size), Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad needs nothing but dy.
func (a AveragePool[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(averagePoolGrad[T]{pooledFrom{X: in[0].Shape().Clone()}, a}, 1, dy)
}

// averagePoolGrad is AveragePool's gradient:
//
//	dy (N,OH,OW,C) -> dx (N,H,W,C), the sum of each window's dy · 1/(its numbers)
type averagePoolGrad[T Float] struct {
	pooledFrom
	of AveragePool[T]
}

func (g averagePoolGrad[T]) String() string {
	return fmt.Sprintf("AveragePoolGrad{X:%v %v}", g.X, g.of)
}

func (averagePoolGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

func (g averagePoolGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.MeanPoolGrad(g.of.Over.mustSlide(g.X, g.of.Size), Slice[T](in[0]), Slice[T](out[0]))
	return nil
}
