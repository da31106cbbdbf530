package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Rescale moves and scales numbers, by the same for all channels or by others for each:
//
//	x (N,...,C) -> y (N,...,C), y[...,c] = (x[...,c] - Shift[c])·Scale[c] + Offset[c]
//
// Its plain twin is stock's Rescale.
type Rescale[T Float] struct {
	Shift, Scale, Offset []float64 // of 1 or C numbers each
}

func (r Rescale[T]) String() string {
	return fmt.Sprintf("Rescale{Shift:%v Scale:%v Offset:%v}", r.Shift, r.Scale, r.Offset)
}

func (Rescale[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants a batch, and numbers that fit its last axis.
func (r Rescale[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	if len(x) < 2 {
		return nil, fmt.Errorf("wants a batch (N,...,C), got %v", x)
	}
	for _, numbers := range [][]float64{r.Shift, r.Scale, r.Offset} {
		if n := len(numbers); n != 1 && n != x[len(x)-1] {
			return nil, fmt.Errorf("%d numbers for the %d channels of %v: there must be one for all, or one for each", n, x[len(x)-1], x)
		}
	}
	return []tensor.Shape{x.Clone()}, nil
}

func (r Rescale[T]) Run(out, in []gorgonia.Value) error {
	n := max(len(r.Shift), len(r.Scale), len(r.Offset))
	kernel.Rescale(forEach[T](r.Shift, n), forEach[T](r.Scale, n), forEach[T](r.Offset, n), Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// forEach is one of the numbers for each of n channels.
func forEach[T Float](numbers []float64, n int) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = T(numbers[i%len(numbers)])
	}
	return all
}

// Grad is scaled alike.
func (r Rescale[T]) Grad(_ gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	dx, err := Apply(Rescale[T]{[]float64{0}, r.Scale, []float64{0}}, dy)
	return gorgonia.Nodes{dx}, err
}
