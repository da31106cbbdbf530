package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// SpatialDropout2D drops whole channels of images (N,H,W,C) at random while training,
// and is nothing otherwise, as Keras's.
type SpatialDropout2D struct {
	Rate float64 `json:"rate"` // the share that is dropped, in [0,1); zero drops nothing
}

func init() { registerKeras(SpatialDropout2D{}) }

// Build adds the op to training graphs, with the model's source of noise.
func (d SpatialDropout2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if !(d.Rate >= 0 && d.Rate < 1) {
		return nil, fmt.Errorf("a rate of %g: it must be in [0,1)", d.Rate)
	}
	if x.Dims() != 4 {
		return nil, fmt.Errorf("wants images (N,H,W,C), got %v: behind Flatten take Dropout", x.Shape())
	}
	if b.Phase != Training || d.Rate == 0 {
		return x, nil
	}
	return b.Ops.SpatialDropout(x, d.Rate, b.Noise)
}

// flops are none that count: one a number.
func (SpatialDropout2D) flops(_, _ []int) Operations { return Operations{} }
