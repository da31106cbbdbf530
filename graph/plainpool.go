package graph

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// MaxPool and its like are loops of our own: Gorgonia's AveragePool2D, GlobalAveragePool2D,
// and Max and Mean along inner axes are wrong, and it knows no padding that keeps sizes.
func (stock) MaxPool(x *gorgonia.Node, size [2]int, over Window) (*gorgonia.Node, error) {
	return either(plainPool[float32]{firstMost, size, over, nil}, plainPool[float64]{firstMost, size, over, nil}, x)
}

func (stock) AveragePool(x *gorgonia.Node, size [2]int, over Window) (*gorgonia.Node, error) {
	return either(plainPool[float32]{mean, size, over, nil}, plainPool[float64]{mean, size, over, nil}, x)
}

func (stock) GlobalMax(x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error) {
	return plainGlobal(allMost, x, keepDims)
}

func (stock) GlobalAverage(x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error) {
	return plainGlobal(mean, x, keepDims)
}

// plainGlobal is one window as large as the image.
func plainGlobal(of plainKind, x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error) {
	if x == nil || x.Dims() != 4 {
		return either(GlobalMax[float32]{keepDims}, GlobalMax[float64]{keepDims}, x) // which says why not
	}
	s := x.Shape()
	y, err := either(plainPool[float32]{of, [2]int{s[1], s[2]}, Window{}, nil}, plainPool[float64]{of, [2]int{s[1], s[2]}, Window{}, nil}, x)
	if err != nil || keepDims {
		return y, err
	}
	return Stock.Flatten(y)
}

// plainKind is what a plain pool makes of a window.
type plainKind int

const (
	mean      plainKind = iota
	firstMost           // the largest; the first one has the gradient
	allMost             // the largest; all of them share the gradient
)

// plainPool is a pool in the plainest loops: each number of y is made of a list of
// numbers of x, by weights that are also the gradient. With a Grad of shape (N,H,W,C) it
// is that gradient:
//
//	x (N,H,W,C) -> y (N,OH,OW,C)
//	x, dy (N,OH,OW,C) -> dx (N,H,W,C)
type plainPool[T Float] struct {
	Kind plainKind
	Size [2]int
	Over Window
	X    tensor.Shape // of the gradient; nil in the pool
}

func (p plainPool[T]) String() string {
	return fmt.Sprintf("PlainPool{Kind:%d Size:%v %v X:%v}", p.Kind, p.Size, p.Over, p.X)
}

func (p plainPool[T]) Accepts(in []tensor.Dtype) error {
	if p.X != nil {
		return floats[T](in, 2)
	}
	return floats[T](in, 1)
}

// Shape wants images (N,H,W,C) that the window fits into.
func (p plainPool[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if p.X != nil {
		return []tensor.Shape{p.X.Clone()}, nil
	}
	return AveragePool[T]{p.Size, p.Over}.Shape(in...)
}

func (p plainPool[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	p.X = in[0].Shape().Clone()
	return applyGradient(p, 1, in[0], dy)
}

func (p plainPool[T]) Run(out, in []gorgonia.Value) error {
	x, to := Slice[T](in[0]), Slice[T](out[0])
	if p.X != nil {
		clear(to)
	}
	at := 0 // in y
	p.windows(in[0].Shape(), func(from []int) {
		weights := p.weights(x, from)
		for i, j := range from {
			if p.X != nil {
				to[j] += Slice[T](in[1])[at] * weights[i]
			} else if i == 0 {
				to[at] = 0
			}
			if p.X == nil && weights[i] != 0 {
				to[at] += x[j] * weights[i]
			}
		}
		at++
	})
	return nil
}

// windows are the places in x that each number of y is made of, in order.
func (p plainPool[T]) windows(x tensor.Shape, each func(from []int)) {
	down, across := p.Over.Along(0, x[1], p.Size[0]), p.Over.Along(1, x[2], p.Size[1])
	for n := range x[0] {
		for i := range down.Out {
			for j := range across.Out {
				for c := range x[3] {
					var from []int
					for u := range p.Size[0] {
						for v := range p.Size[1] {
							row, column := i*down.Stride+u*down.Dilation-down.Before, j*across.Stride+v*across.Dilation-across.Before
							if row >= 0 && row < x[1] && column >= 0 && column < x[2] {
								from = append(from, ((n*x[1]+row)*x[2]+column)*x[3]+c)
							}
						}
					}
					each(from)
				}
			}
		}
	}
}

// weights are those of a window's numbers.
func (p plainPool[T]) weights(x []T, from []int) []T {
	weights := make([]T, len(from))
	most, count := math.Inf(-1), 0
	for _, j := range from {
		most = max(most, float64(x[j])) // a NaN, if there is one
	}
	for i, j := range from {
		v := float64(x[j])
		switch {
		case p.Kind == mean:
			weights[i] = 1 / T(len(from))
		case (v == most || v != v) && (p.Kind == allMost || count == 0):
			weights[i] = 1
			count++
		}
	}
	if p.Kind == allMost {
		for i := range weights {
			weights[i] /= T(count)
		}
	}
	return weights
}
