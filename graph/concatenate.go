package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Concatenate puts inputs side by side along an axis, and these are equal along all
// others:
//
//	x1 (N,H,W,C1), x2 (N,H,W,C2) ... -> y (N,H,W,C1+C2+...)
//
// Its plain twin is stock's Concatenate.
type Concatenate[T Float] struct {
	Axis int // 1 or more; -1 is the last one
}

func (c Concatenate[T]) String() string { return fmt.Sprintf("Concatenate{Axis:%d}", c.Axis) }

func (Concatenate[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, max(2, len(in))) }

func (c Concatenate[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	axis := axisOf(c.Axis, in[0])
	if axis < 1 || axis >= len(in[0]) {
		return nil, fmt.Errorf("there is no such axis beside that of the batch in %v", in[0])
	}
	y := in[0].Clone()
	for _, s := range in[1:] {
		if len(s) != len(y) || !slices.Equal(s[:axis], y[:axis]) || !slices.Equal(s[axis+1:], y[axis+1:]) {
			return nil, fmt.Errorf("wants inputs that are equal along all other axes, got %v", in)
		}
		y[axis] += s[axis]
	}
	return []tensor.Shape{y}, nil
}

func axisOf(axis int, s tensor.Shape) int {
	if axis < 0 {
		axis += len(s)
	}
	return axis
}

func (c Concatenate[T]) Run(out, in []gorgonia.Value) error {
	axis := axisOf(c.Axis, in[0].Shape())
	widths := make([]int, len(in))
	for i, x := range in {
		widths[i] = x.Shape()[axis:].TotalSize()
	}
	rows := in[0].Shape()[:axis].TotalSize()
	kernel.Concatenate(rows, widths, Slice[T](out[0]), slicesOf[T](in)...)
	return nil
}

// Grad takes dy apart again.
func (c Concatenate[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	g := split[T]{Axis: axisOf(c.Axis, y.Shape()), Sizes: make([]int, len(in)), Wants: wants}
	for i, x := range in {
		g.Sizes[i] = x.Shape()[g.Axis]
	}
	return applyGradient(g, len(in), dy)
}

// split is Concatenate's gradient: dy -> dx1, dx2 ..., of so many Sizes along the axis.
type split[T Float] struct {
	Axis  int
	Sizes []int
	Wants []bool
	last
}

func (s split[T]) String() string {
	return fmt.Sprintf("Split{Axis:%d Sizes:%v Wants:%v}", s.Axis, s.Sizes, s.Wants)
}

func (split[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

func (s split[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	shapes := make([]tensor.Shape, len(s.Sizes))
	for i, size := range s.Sizes {
		if s.Wants[i] {
			shapes[i] = in[0].Clone()
			shapes[i][s.Axis] = size
		}
	}
	return shapes, nil
}

func (s split[T]) Run(out, in []gorgonia.Value) error {
	dy := in[0].Shape()
	widths, inner := make([]int, len(out)), dy[s.Axis+1:].TotalSize()
	for i, size := range s.Sizes {
		widths[i] = size * inner
	}
	kernel.Split(dy[:s.Axis].TotalSize(), widths, Slice[T](in[0]), slicesOf[T](out)...)
	return nil
}
