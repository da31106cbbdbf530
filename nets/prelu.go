package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// PReLU is a rectifier that learns its slope below 0, as Keras's (He et al., 2015):
//
//	x (N,...) -> (N,...), y = max(0, x) - alpha·max(0, -x), alpha (...)
//
// Along each axis of SharedAxes all have one alpha: behind a convolution {1, 2} gives
// one to each channel.
type PReLU struct {
	Init        Initializer `json:"alpha_initializer,omitzero"` // of alpha; nil is Zeros
	Regularizer Regularizer `json:"alpha_regularizer,omitzero"` // of alpha
	SharedAxes  []int       `json:"shared_axes,omitempty"`      // of x, whose axis 0 is N
}

func init() { registerKeras(PReLU{}) }

// Build adds the layer's alpha and the rectifier.
func (p PReLU) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	shape := append([]int(nil), x.Shape()[1:]...)
	for _, axis := range p.SharedAxes {
		if axis < 1 || axis > len(shape) {
			return nil, fmt.Errorf("the shared_axes %v: after %v each must be from 1 to %d", p.SharedAxes, x.Shape(), len(shape))
		}
		shape[axis-1] = 1
	}
	alpha := b.Weight("alpha", p.Init.or(Zeros), fansOf(shape...), shape...) // which Keras takes for a kernel's
	b.Penalty(p.Regularizer, alpha)
	return b.Ops.PReLU(x, alpha)
}

// flops are none that count: one a number.
func (PReLU) flops(_, _ []int) Operations { return Operations{} }
