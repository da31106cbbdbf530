package nets

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
)

// Normalization moves and scales each channel so that its mean is 0 and its variance 1,
// as Keras's with axis -1 and a mean and a variance that are given:
//
//	x (N,...,C) -> (x[...,c] - Mean[c]) / max(sqrt(Variance[c]), 1e-7)
//
// One that Keras has adapted has them in its weights: give it the numbers.
type Normalization struct {
	Mean     []float64 `json:"mean"`     // one for all channels, or one for each
	Variance []float64 `json:"variance"` // as many; each is 0 or more
	Invert   bool      `json:"invert"`   // the way back: x·sqrt(Variance) + Mean
}

func init() { registerKeras(Normalization{}) }

// smallestDeviation is Keras's epsilon: what a smaller deviation counts as.
const smallestDeviation = 1e-7

// Build adds one op.
func (n Normalization) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if len(n.Mean) == 0 || len(n.Mean) != len(n.Variance) {
		return nil, fmt.Errorf("%d means and %d variances: there must be one of both for all channels, or one for each", len(n.Mean), len(n.Variance))
	}
	scale, none := make([]float64, len(n.Variance)), []float64{0}
	for i, v := range n.Variance {
		if !(v >= 0) {
			return nil, fmt.Errorf("a variance of %g: it must be 0 or more", v)
		}
		if scale[i] = max(math.Sqrt(v), smallestDeviation); !n.Invert {
			scale[i] = 1 / scale[i]
		}
	}
	if n.Invert {
		return b.Ops.Rescale(x, none, scale, n.Mean)
	}
	return b.Ops.Rescale(x, n.Mean, scale, none)
}

// flops are none that count: two a number.
func (Normalization) flops(_, _ []int) Operations { return Operations{} }
