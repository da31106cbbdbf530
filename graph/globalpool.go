package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// GlobalAverage is the mean of each of an image's channels:
//
//	x (N,H,W,C) -> y (N,C), or (N,1,1,C)
//
// Its plain twin is stock's GlobalAverage.
type GlobalAverage[T Float] struct {
	KeepDims bool // H and W become 1
}

func (g GlobalAverage[T]) String() string {
	return fmt.Sprintf("GlobalAverage{KeepDims:%v}", g.KeepDims)
}

func (GlobalAverage[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images (N,H,W,C).
func (g GlobalAverage[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return globalShape(in[0], g.KeepDims)
}

func globalShape(x tensor.Shape, keepDims bool) ([]tensor.Shape, error) {
	if len(x) != 4 {
		return nil, fmt.Errorf("wants images (N,H,W,C), got %v", x)
	}
	if keepDims {
		return []tensor.Shape{{x[0], 1, 1, x[3]}}, nil
	}
	return []tensor.Shape{{x[0], x[3]}}, nil
}

func (GlobalAverage[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.MeanRows(s[0], s[1]*s[2], s[3], Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad needs nothing but dy.
func (GlobalAverage[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(globalAverageGrad[T]{pooledFrom{X: in[0].Shape().Clone()}}, 1, dy)
}

// globalAverageGrad is GlobalAverage's gradient:
//
//	dy (N,C) -> dx[n,i,j,c] = dy[n,c] · 1/(H·W)
type globalAverageGrad[T Float] struct{ pooledFrom }

func (g globalAverageGrad[T]) String() string { return fmt.Sprintf("GlobalAverageGrad{X:%v}", g.X) }

func (globalAverageGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

func (g globalAverageGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.MeanRowsGrad(g.X[0], g.X[1]*g.X[2], g.X[3], Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// GlobalMax is the largest number of each of an image's channels:
//
//	x (N,H,W,C) -> y (N,C), or (N,1,1,C)
//
// All that are the largest share its gradient. Its plain twin is stock's GlobalMax.
type GlobalMax[T Float] struct {
	KeepDims bool // H and W become 1
}

func (g GlobalMax[T]) String() string { return fmt.Sprintf("GlobalMax{KeepDims:%v}", g.KeepDims) }

func (GlobalMax[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images (N,H,W,C).
func (g GlobalMax[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return globalShape(in[0], g.KeepDims)
}

func (GlobalMax[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.MaxRows(s[0], s[1]*s[2], s[3], Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad needs what was the largest of what.
func (GlobalMax[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(globalMaxGrad[T]{}, 1, in[0], y, dy)
}

// globalMaxGrad is GlobalMax's gradient:
//
//	x (N,H,W,C), y (N,C), dy (N,C) -> dx[n,i,j,c] = dy[n,c] / (how many are y[n,c]) where x[n,i,j,c] is, else 0
type globalMaxGrad[T Float] struct{ likeFirst }

func (globalMaxGrad[T]) String() string { return "GlobalMaxGrad" }

func (globalMaxGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

func (globalMaxGrad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.MaxRowsGrad(s[0], s[1]*s[2], s[3], Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](out[0]))
	return nil
}
