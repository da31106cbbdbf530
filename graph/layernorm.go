package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// LayerNorm brings each row to mean 0 and variance 1, and scales and shifts each of its
// columns (Ba, Kiros and Hinton, 2016):
//
//	x (N,...,C), gamma (C), beta (C) -> y (N,...,C)
//	y = (x - mean(row)) / sqrt(variance(row) + Epsilon) · gamma + beta
//
// Its plain twin is stock's LayerNorm.
type LayerNorm[T Float] struct {
	Epsilon       float64
	Scale, Center bool // whether there are gamma and beta
}

func (l LayerNorm[T]) String() string {
	return fmt.Sprintf("LayerNorm{Epsilon:%v Scale:%v Center:%v}", l.Epsilon, l.Scale, l.Center)
}

func (l LayerNorm[T]) affine() normAffine { return normAffine{l.Scale, l.Center} }

func (l LayerNorm[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1+l.affine().count()) }

// Shape wants x (N,...,C), and gamma and beta (C). Each row's mean and the inverse of
// its deviation are kept for Grad.
func (l LayerNorm[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if err := checkNorm(l.Epsilon, in); err != nil {
		return nil, err
	}
	rows := tensor.Shape{channelsOf(in[0]).N}
	return []tensor.Shape{in[0].Clone(), rows, rows.Clone()}, nil
}

func (l LayerNorm[T]) Run(out, in []gorgonia.Value) error {
	gamma, beta := gammaBeta[T](l.affine(), in[1:])
	kernel.RowNorm(channelsOf(in[0].Shape()), Slice[T](in[0]), gamma, beta, l.Epsilon, Slice[T](out[0]), Slice[T](out[1]), Slice[T](out[2]))
	return nil
}

// gammaBeta are the parameters, nil where there is none.
func gammaBeta[T Float](a normAffine, params []gorgonia.Value) (gamma, beta []T) {
	if a.Scale {
		gamma = Slice[T](params[0])
	}
	if a.Center {
		beta = Slice[T](params[len(params)-1])
	}
	return gamma, beta
}

// Grad computes what is wanted of dx, dgamma and dbeta.
func (l LayerNorm[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	mean, err := Output(y, 1)
	if err != nil {
		return nil, err
	}
	inverse, err := Output(y, 2)
	if err != nil {
		return nil, err
	}
	g := layerNormGrad[T]{normAffine: normAffine{Scale: l.Scale}, wanted: l.affine().wanted(wants, 1)}
	from := gorgonia.Nodes{in[0], dy, mean, inverse}
	if l.Scale {
		from = append(from, in[1])
	}
	nodes, err := applyGradient(g, 3, from...)
	return l.affine().gradients(nodes), err
}

// layerNormGrad is LayerNorm's gradient, with means over a row:
//
//	x, dy, mean, r, gamma -> dx     = r·(dy·gamma - mean(dy·gamma) - z·mean(dy·gamma·z))
//	                         dgamma = sum over rows of dy·z
//	                         dbeta  = sum over rows of dy
//	z = (x - mean)·r
type layerNormGrad[T Float] struct {
	normAffine
	wanted
	last
}

func (g layerNormGrad[T]) String() string {
	return fmt.Sprintf("LayerNormGrad{%v %v}", g.normAffine, g.wanted)
}

func (g layerNormGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 4+g.count()) }

// Shape returns the shapes of dx, dgamma and dbeta.
func (g layerNormGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	return g.shapes([]tensor.Shape{x, {x[len(x)-1]}}), nil
}

func (g layerNormGrad[T]) Run(out, in []gorgonia.Value) error {
	var grads [3][]T // nil for what is not wanted
	for i, v := range out {
		if v != nil {
			grads[i] = Slice[T](v)
		}
	}
	gamma, _ := gammaBeta[T](g.normAffine, in[4:])
	kernel.RowNormGrad(channelsOf(in[0].Shape()), Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](in[3]), gamma, grads[0], grads[1], grads[2])
	return nil
}
