package graph

import (
	"math/rand/v2"

	"gorgonia.org/gorgonia"
)

// NoiseOps are the part of Ops for noise in training, beside Dropout. They draw it anew
// at each run, from two numbers of a source's, a [Shared] one where several processes
// have a batch together. As Dropout they have no stock twins.
type NoiseOps interface {
	// SpatialDropout drops whole channels of images x (N,H,W,C) with probability rate.
	SpatialDropout(x *gorgonia.Node, rate float64, source rand.Source) (*gorgonia.Node, error)

	// GaussianNoise adds normal noise of a standard deviation to x (N,...).
	GaussianNoise(x *gorgonia.Node, deviation float64, source rand.Source) (*gorgonia.Node, error)
}

func (fused) SpatialDropout(x *gorgonia.Node, rate float64, source rand.Source) (*gorgonia.Node, error) {
	return either(SpatialDropout[float32]{rate, source}, SpatialDropout[float64]{rate, source}, x)
}

func (fused) GaussianNoise(x *gorgonia.Node, deviation float64, source rand.Source) (*gorgonia.Node, error) {
	return either(GaussianNoise[float32]{deviation, source}, GaussianNoise[float64]{deviation, source}, x)
}
