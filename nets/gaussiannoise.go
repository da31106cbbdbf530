package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// GaussianNoise adds normally distributed noise while training, and is nothing otherwise,
// as Keras's.
type GaussianNoise struct {
	Stddev float64 `json:"stddev"` // its standard deviation, in [0,1]; zero adds none
}

func init() { registerKeras(GaussianNoise{}) }

// Build adds the op to training graphs, with the model's source of noise.
func (g GaussianNoise) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if !(g.Stddev >= 0 && g.Stddev <= 1) {
		return nil, fmt.Errorf("a stddev of %g: it must be in [0,1]", g.Stddev)
	}
	if b.Phase != Training || g.Stddev == 0 {
		return x, nil
	}
	return b.Ops.GaussianNoise(x, g.Stddev, b.Noise)
}

// flops are none that count: one a number.
func (GaussianNoise) flops(_, _ []int) Operations { return Operations{} }
