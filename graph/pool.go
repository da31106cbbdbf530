package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// PoolOps are the part of Ops for pooling.
type PoolOps interface {
	// MaxPool is the largest number of each window of size (height, width): x
	// (N,H,W,C) -> (N,OH,OW,C). What stands around the image does not count. Of
	// several that are the largest, the first one has the gradient.
	MaxPool(x *gorgonia.Node, size [2]int, over Window) (*gorgonia.Node, error)

	// AveragePool is the mean of those numbers of each window that stand on the image:
	// x (N,H,W,C) -> (N,OH,OW,C).
	AveragePool(x *gorgonia.Node, size [2]int, over Window) (*gorgonia.Node, error)

	// GlobalMax is the largest number of each of an image's channels: x (N,H,W,C) ->
	// (N,C), or (N,1,1,C). All that are the largest share the gradient.
	GlobalMax(x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error)

	// GlobalAverage is the mean of each of an image's channels: x (N,H,W,C) -> (N,C),
	// or (N,1,1,C).
	GlobalAverage(x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error)
}

// MaxPool goes down and across one after the other where a window is too large for one
// byte to say which of its pixels is the largest.
func (fused) MaxPool(x *gorgonia.Node, size [2]int, over Window) (*gorgonia.Node, error) {
	if size[0]*size[1] <= kernel.MostPoolArea || min(size[0], size[1]) < 2 {
		return either(MaxPool[float32]{size, over}, MaxPool[float64]{size, over}, x)
	}
	down, across := over, over
	down.Strides[1], across.Strides[0] = 1, 1
	x, err := either(MaxPool[float32]{[2]int{1, size[1]}, across}, MaxPool[float64]{[2]int{1, size[1]}, across}, x)
	if err != nil {
		return nil, err
	}
	return either(MaxPool[float32]{[2]int{size[0], 1}, down}, MaxPool[float64]{[2]int{size[0], 1}, down}, x)
}

func (fused) AveragePool(x *gorgonia.Node, size [2]int, over Window) (*gorgonia.Node, error) {
	return either(AveragePool[float32]{size, over}, AveragePool[float64]{size, over}, x)
}

func (fused) GlobalMax(x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error) {
	return either(GlobalMax[float32]{keepDims}, GlobalMax[float64]{keepDims}, x)
}

func (fused) GlobalAverage(x *gorgonia.Node, keepDims bool) (*gorgonia.Node, error) {
	return either(GlobalAverage[float32]{keepDims}, GlobalAverage[float64]{keepDims}, x)
}

// slides are the window for images x (N,H,W,C), or say why there are none.
func (w Window) slides(x tensor.Shape, size [2]int) (s kernel.Slides, err error) {
	if len(x) != 4 {
		return s, fmt.Errorf("wants images (N,H,W,C), got %v", x)
	}
	if err := w.check(); err != nil {
		return s, err
	}
	if min(size[0], size[1]) < 1 {
		return s, fmt.Errorf("a window of %d x %d pixels: both must be at least 1", size[0], size[1])
	}
	s = kernel.Slides{N: x[0], C: x[3], Down: w.Along(0, x[1], size[0]).slide(), Across: w.Along(1, x[2], size[1]).slide()}
	if s.Down.Out < 1 || s.Across.Out < 1 {
		return s, fmt.Errorf("a window of %d x %d pixels with dilation %d x %d does not fit into an image of %d x %d", size[0], size[1], s.Down.Dilation, s.Across.Dilation, x[1], x[2])
	}
	return s, nil
}

// pools are slides for pooling, which knows no dilation: with one, a window could stand
// on no pixel of the image.
func (w Window) pools(x tensor.Shape, size [2]int) (s kernel.Slides, err error) {
	if s, err = w.slides(x, size); err == nil && max(w.Dilation[0], w.Dilation[1]) > 1 {
		return s, fmt.Errorf("a dilation of %v: pooling has none", w.Dilation)
	}
	return s, err
}

// slide is the span as kernels have it.
func (s Span) slide() kernel.Slide {
	return kernel.Slide{In: s.In, Size: s.Size, Stride: s.Stride, Dilation: s.Dilation, Before: s.Before, Out: s.Out}
}

// mustSlide is slides of what Shape has not refused.
func (w Window) mustSlide(x tensor.Shape, size [2]int) kernel.Slides {
	s, err := w.slides(x, size)
	if err != nil {
		panic(err)
	}
	return s
}

// pooledShape is the shape of the places of a window that slides over images x.
func pooledShape(s kernel.Slides) tensor.Shape {
	return tensor.Shape{s.N, s.Down.Out, s.Across.Out, s.C}
}
