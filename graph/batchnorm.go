package graph

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// BatchNorm brings each channel to mean 0 and variance 1 in the batch, scales and
// shifts it (Ioffe and Szegedy, 2015), and rectifies if asked to:
//
//	x (N,...,C), gamma (C), beta (C) -> y (N,...,C), mean (C), variance (C)
//	y = max(0, (x - mean) / sqrt(variance + Epsilon) · gamma + beta)
//
// It is Keras's in training: the variance is that of the numbers there are, with N and
// not N-1. The moments are of the batch of all processes, if these have one together.
// Its plain twin is stock's BatchNorm.
type BatchNorm[T Float] struct {
	Epsilon       float64
	Scale, Center bool // whether there are gamma and beta
	ReLU          bool
	With          Together // nil is this process alone
}

func (b BatchNorm[T]) String() string {
	return fmt.Sprintf("BatchNorm{Epsilon:%v Scale:%v Center:%v ReLU:%v}", b.Epsilon, b.Scale, b.Center, b.ReLU)
}

func (b BatchNorm[T]) Accepts(in []tensor.Dtype) error {
	return floats[T](in, 1+normAffine{b.Scale, b.Center}.count())
}

// Shape wants x (N,...,C), and gamma and beta (C).
func (b BatchNorm[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if err := checkNorm(b.Epsilon, in); err != nil {
		return nil, err
	}
	c := tensor.Shape{channelsOf(in[0]).C}
	return []tensor.Shape{in[0].Clone(), c, c.Clone()}, nil
}

func (b BatchNorm[T]) Run(out, in []gorgonia.Value) error {
	s := channelsOf(in[0].Shape())
	mean, squares := make([]float64, s.C), make([]float64, s.C)
	kernel.ChannelMoments(s, Slice[T](in[0]), mean, squares)
	n, err := joinMoments(b.With, s.N, mean, squares)
	if err != nil {
		return err
	}
	means, variances := Slice[T](out[1]), Slice[T](out[2])
	for c, m := range mean {
		means[c], variances[c] = T(m), T(squares[c]/float64(n))
	}
	scale, shift := scaleShift(normAffine{b.Scale, b.Center}, variances, in[1:], b.Epsilon)
	kernel.ChannelNorm(s, Slice[T](in[0]), means, scale, shift, Slice[T](out[0]), b.ReLU)
	return nil
}

// Grad computes what is wanted of dx, dgamma and dbeta. It reads x alone of what is as
// large: y is computed again from it.
func (b BatchNorm[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	mean, err := Output(y, 1)
	if err != nil {
		return nil, err
	}
	variance, err := Output(y, 2)
	if err != nil {
		return nil, err
	}
	a := normAffine{b.Scale, b.Center}
	g := batchNormGrad[T]{Epsilon: b.Epsilon, normAffine: a, ReLU: b.ReLU, With: b.With, wanted: a.wanted(wants, 1)}
	nodes, err := applyGradient(g, 3, append(gorgonia.Nodes{in[0], dy, mean, variance}, in[1:]...)...)
	return a.gradients(nodes), err
}

// batchNormGrad is BatchNorm's gradient, with r = 1/sqrt(variance + Epsilon) and means
// over a channel's numbers:
//
//	x, dy, mean, variance, gamma, beta -> dx     = gamma·r·(dz - mean(dz) - (x-mean)·r²·mean(dz·(x-mean)))
//	                                      dgamma = r·sum(dz·(x-mean))
//	                                      dbeta  = sum(dz)
//	dz = dy where y > 0, else 0 (dz = dy without ReLU)
type batchNormGrad[T Float] struct {
	Epsilon float64
	normAffine
	ReLU bool
	With Together
	wanted
	last
}

func (g batchNormGrad[T]) String() string {
	return fmt.Sprintf("BatchNormGrad{Epsilon:%v %v ReLU:%v %v}", g.Epsilon, g.normAffine, g.ReLU, g.wanted)
}

func (g batchNormGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 4+g.count()) }

// Shape returns the shapes of dx, dgamma and dbeta.
func (g batchNormGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return g.shapes([]tensor.Shape{in[0], in[2]}), nil
}

func (g batchNormGrad[T]) Run(out, in []gorgonia.Value) error {
	s, x, dy, mean, variance := channelsOf(in[0].Shape()), Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](in[3])
	scale, shift := scaleShift(g.normAffine, variance, in[4:], g.Epsilon)
	sum, product := make([]float64, s.C), make([]float64, s.C)
	kernel.ChannelNormSums(s, x, dy, mean, scale, shift, g.ReLU, sum, product)
	for c, v := range variance {
		if g.DW {
			Slice[T](out[1])[c] = T(product[c] / deviation(v, g.Epsilon))
		}
		if g.DB {
			Slice[T](out[2])[c] = T(sum[c])
		}
	}
	if !g.DX {
		return nil
	}
	n, err := joinSums(g.With, s.N, sum, product)
	if err != nil {
		return err
	}
	pull, slope := make([]T, s.C), make([]T, s.C)
	for c, v := range variance {
		pull[c] = T(float64(scale[c]) * sum[c] / float64(n))
		slope[c] = T(float64(scale[c]) * product[c] / (float64(n) * (float64(v) + g.Epsilon)))
	}
	kernel.ChannelNormGrad(s, x, dy, mean, scale, shift, pull, slope, Slice[T](out[0]), g.ReLU)
	return nil
}

// deviation is the standard deviation that is divided by.
func deviation[T Float](variance T, epsilon float64) float64 {
	return math.Sqrt(float64(variance) + epsilon)
}

// channelsOf sees x (N,...,C) as rows of channels.
func channelsOf(x tensor.Shape) kernel.Channels {
	c := x[len(x)-1]
	return kernel.Channels{N: x.TotalSize() / c, C: c}
}

// checkNorm refuses what cannot be normalized: in are x (N,...,C) and parameters (C).
func checkNorm(epsilon float64, in []tensor.Shape) error {
	x := in[0]
	switch {
	case !(epsilon > 0) || math.IsInf(epsilon, 0):
		return fmt.Errorf("an epsilon of %g: it must be above 0", epsilon)
	case len(x) < 2:
		return fmt.Errorf("wants x (N,...,C), got %v", x)
	}
	for _, p := range in[1:] {
		if len(p) != 1 || p[0] != x[len(x)-1] {
			return fmt.Errorf("x %v has %d channels, wants as many of each parameter, got %v", x, x[len(x)-1], p)
		}
	}
	return nil
}

// normAffine says which of gamma and beta a normalization has: its last inputs.
type normAffine struct{ Scale, Center bool }

func (a normAffine) String() string { return fmt.Sprintf("Scale:%v Center:%v", a.Scale, a.Center) }

func (a normAffine) count() (n int) {
	if a.Scale {
		n++
	}
	if a.Center {
		n++
	}
	return n
}

// normInputs are a normalization's gamma and beta, where there are such.
type normInputs struct {
	normAffine
	nodes gorgonia.Nodes
}

func affineOf(gamma, beta *gorgonia.Node) normInputs {
	a := normInputs{normAffine: normAffine{gamma != nil, beta != nil}}
	for _, n := range []*gorgonia.Node{gamma, beta} {
		if n != nil {
			a.nodes = append(a.nodes, n)
		}
	}
	return a
}

// inputs are an op's: those before gamma and beta, and these.
func (a normInputs) inputs(before ...*gorgonia.Node) gorgonia.Nodes {
	return append(before, a.nodes...)
}

// wanted says of the inputs from a place on, which are gamma and beta, what is wanted.
func (a normAffine) wanted(wants []bool, at int) wanted {
	w := wanted{DX: wants[0]}
	if a.Scale {
		w.DW = wants[at]
		at++
	}
	w.DB = a.Center && wants[at]
	return w
}

// gradients leaves those out of dx, ..., dgamma and dbeta that are of no input.
func (a normAffine) gradients(nodes gorgonia.Nodes) gorgonia.Nodes {
	if nodes == nil {
		return nil
	}
	at := len(nodes) - 2
	g := nodes[:at:at]
	if a.Scale {
		g = append(g, nodes[at])
	}
	if a.Center {
		g = append(g, nodes[at+1])
	}
	return g
}

// scaleShift are what a normalization with these moments multiplies by and adds.
func scaleShift[T Float](a normAffine, variance []T, params []gorgonia.Value, epsilon float64) (scale, shift []T) {
	scale, shift = make([]T, len(variance)), make([]T, len(variance))
	for c, v := range variance {
		by := 1 / deviation(v, epsilon)
		if a.Scale {
			by *= float64(Slice[T](params[0])[c])
		}
		scale[c] = T(by)
	}
	if a.Center {
		copy(shift, Slice[T](params[len(params)-1]))
	}
	return scale, shift
}
