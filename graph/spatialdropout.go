package graph

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// SpatialDropout is Dropout of whole channels (Tompson et al., 2015): where pixels of an
// image are alike, dropping some of them would not matter.
//
//	x (N,H,W,C) -> y[n,h,w,c] = x[n,h,w,c]·mask[n,c], mask = 0 or 1/(1-Rate)
type SpatialDropout[T Float] struct {
	Rate   float64
	Source rand.Source // as Dropout's
}

func (d SpatialDropout[T]) String() string { return fmt.Sprintf("SpatialDropout{Rate:%v}", d.Rate) }

func (SpatialDropout[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants images and a rate in [0,1); the second output is the mask (N,C).
func (d SpatialDropout[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !(d.Rate >= 0 && d.Rate < 1) {
		return nil, fmt.Errorf("the rate is not in [0,1)")
	}
	if len(in[0]) != 4 {
		return nil, fmt.Errorf("wants images (N,H,W,C), got %v", in[0])
	}
	return []tensor.Shape{in[0].Clone(), {in[0][0], in[0][3]}}, nil
}

func (d SpatialDropout[T]) Run(out, in []gorgonia.Value) error {
	mask := Slice[T](out[1])
	kernel.Mask(mask, before(d.Source, out[1].Shape()), d.Rate, T(1/(1-d.Rate)), d.Source.Uint64(), d.Source.Uint64())
	scaleChannels[T](out[0], in[0], mask)
	return nil
}

func scaleChannels[T Float](y, x gorgonia.Value, by []T) {
	s := x.Shape()
	kernel.ScaleChannels(s[0], s[1]*s[2], s[3], Slice[T](x), by, Slice[T](y))
}

// Grad scales by the mask of the same run.
func (d SpatialDropout[T]) Grad(_ gorgonia.Nodes, y, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	mask, err := Output(y, 1)
	if err != nil {
		return nil, err
	}
	return applyGradient(spatialDropoutGrad[T]{}, 1, dy, mask)
}

// spatialDropoutGrad is SpatialDropout's gradient: dy, mask -> dx = dy·mask.
type spatialDropoutGrad[T Float] struct{ likeFirst }

func (spatialDropoutGrad[T]) String() string { return "SpatialDropoutGrad" }

func (spatialDropoutGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (spatialDropoutGrad[T]) Run(out, in []gorgonia.Value) error {
	scaleChannels[T](out[0], in[0], Slice[T](in[1]))
	return nil
}
