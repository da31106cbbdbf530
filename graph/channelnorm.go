package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// ChannelNorm is BatchNorm by moments that are given, such as those that training has
// found:
//
//	x (N,...,C), mean (C), variance (C), gamma (C), beta (C) -> y (N,...,C)
//	y = max(0, (x - mean) / sqrt(variance + Epsilon) · gamma + beta)
//
// Its plain twin is stock's ChannelNorm.
type ChannelNorm[T Float] struct {
	Epsilon       float64
	Scale, Center bool // whether there are gamma and beta
	ReLU          bool
}

func (n ChannelNorm[T]) String() string {
	return fmt.Sprintf("ChannelNorm{Epsilon:%v Scale:%v Center:%v ReLU:%v}", n.Epsilon, n.Scale, n.Center, n.ReLU)
}

func (n ChannelNorm[T]) affine() normAffine { return normAffine{n.Scale, n.Center} }

func (n ChannelNorm[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3+n.affine().count()) }

// Shape wants x (N,...,C) and all else (C).
func (n ChannelNorm[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if err := checkNorm(n.Epsilon, in); err != nil {
		return nil, err
	}
	return []tensor.Shape{in[0].Clone()}, nil
}

func (n ChannelNorm[T]) Run(out, in []gorgonia.Value) error {
	scale, shift := scaleShift(n.affine(), Slice[T](in[2]), in[3:], n.Epsilon)
	kernel.ChannelNorm(channelsOf(in[0].Shape()), Slice[T](in[0]), Slice[T](in[1]), scale, shift, Slice[T](out[0]), n.ReLU)
	return nil
}

// Grad computes what is wanted.
func (n ChannelNorm[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	g := channelNormGrad[T]{Epsilon: n.Epsilon, normAffine: n.affine(), ReLU: n.ReLU, DMean: wants[1], DVariance: wants[2], wanted: n.affine().wanted(wants, 3)}
	nodes, err := applyGradient(g, 5, append(gorgonia.Nodes{in[0], dy}, in[1:]...)...)
	return n.affine().gradients(nodes), err
}

// channelNormGrad is ChannelNorm's gradient, with r = 1/sqrt(variance + Epsilon):
//
//	x, dy, mean, variance, gamma, beta -> dx        = dz·gamma·r
//	                                      dmean     = -gamma·r·sum(dz)
//	                                      dvariance = -gamma·r³/2·sum(dz·(x-mean))
//	                                      dgamma    = r·sum(dz·(x-mean))
//	                                      dbeta     = sum(dz)
//	dz = dy where y > 0, else 0 (dz = dy without ReLU)
type channelNormGrad[T Float] struct {
	Epsilon float64
	normAffine
	ReLU             bool
	DMean, DVariance bool
	wanted
	last
}

func (g channelNormGrad[T]) String() string {
	return fmt.Sprintf("ChannelNormGrad{Epsilon:%v %v ReLU:%v DMean:%v DVariance:%v %v}", g.Epsilon, g.normAffine, g.ReLU, g.DMean, g.DVariance, g.wanted)
}

func (g channelNormGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 4+g.count()) }

// Shape returns the shapes of dx, dmean, dvariance, dgamma and dbeta.
func (g channelNormGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	shapes := make([]tensor.Shape, 5)
	for i, wanted := range g.all() {
		if wanted {
			shapes[i] = in[min(2*i, 2)].Clone()
		}
	}
	return shapes, nil
}

func (g channelNormGrad[T]) all() [5]bool { return [5]bool{g.DX, g.DMean, g.DVariance, g.DW, g.DB} }

func (g channelNormGrad[T]) Run(out, in []gorgonia.Value) error {
	s, x, dy, mean, variance := channelsOf(in[0].Shape()), Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](in[3])
	scale, shift := scaleShift(g.normAffine, variance, in[4:], g.Epsilon)
	if g.DX {
		none := make([]T, s.C)
		kernel.ChannelNormGrad(s, x, dy, mean, scale, shift, none, none, Slice[T](out[0]), g.ReLU)
	}
	if g.all() == [5]bool{0: g.DX} {
		return nil
	}
	sum, product := make([]float64, s.C), make([]float64, s.C)
	kernel.ChannelNormSums(s, x, dy, mean, scale, shift, g.ReLU, sum, product)
	for c, v := range variance {
		r, by := 1/deviation(v, g.Epsilon), float64(scale[c])
		for i, d := range [5]float64{1: -by * sum[c], 2: -by * r * r / 2 * product[c], 3: r * product[c], 4: sum[c]} {
			if i > 0 && out[i] != nil {
				Slice[T](out[i])[c] = T(d)
			}
		}
	}
	return nil
}
