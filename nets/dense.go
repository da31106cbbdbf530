package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Dense is a fully connected layer, as Keras's:
//
//	x (N,...) · kernel (I,Units) + bias (Units) -> (N,Units)
//
// An image is read as one row, in H,W,C order.
type Dense struct {
	Units      int         `json:"units"`                       // how many outputs; at least 1
	Activation Activation  `json:"activation"`                  // zero is Linear
	Kernel     Initializer `json:"kernel_initializer,omitzero"` // nil is GlorotUniform
}

func init() { registerKeras(Dense{}) }

// Build adds the layer's kernel, bias and one affine map.
func (d Dense) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if d.Units < 1 {
		return nil, fmt.Errorf("%d units: there must be at least 1", d.Units)
	}
	if err := d.Activation.check(); err != nil {
		return nil, err
	}
	in := x.Shape()[1:].TotalSize()
	w := b.Weight("kernel", d.Kernel.or(GlorotUniform), Fans{in, d.Units}, in, d.Units)
	bias := b.Weight("bias", Zeros, Fans{}, d.Units)
	return b.Ops.Affine(x, w, bias, d.Activation == ReLU)
}

// flops are I·O multiply-adds.
func (d Dense) flops(in, _ []int) Operations { return multiplyAdds(product(in) * d.Units) }
