package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Dropout drops inputs at random while training, and is nothing otherwise, as
// Keras's.
type Dropout struct {
	Rate float64 `json:"rate"` // the share that is dropped, in [0,1); zero drops nothing
}

func init() { registerKeras(Dropout{}) }

// Build adds the op to training graphs, with the model's source of noise.
func (d Dropout) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if !(d.Rate >= 0 && d.Rate < 1) {
		return nil, fmt.Errorf("a rate of %g: it must be in [0,1)", d.Rate)
	}
	if b.Phase != Training || d.Rate == 0 {
		return x, nil
	}
	return b.Ops.Dropout(x, d.Rate, b.Noise)
}

// flops are none that count: one of an output.
func (Dropout) flops(_, _ []int) Operations { return Operations{} }
