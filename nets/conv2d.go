package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Conv2D is a convolutional layer, as Keras's with padding "valid" and stride 1:
//
//	x (N,H,W,C) * kernel (Side,Side,C,Filters) + bias (Filters) -> (N,H-Side+1,W-Side+1,Filters)
type Conv2D struct {
	Filters    int         // how many output channels; at least 1
	Side       int         // the kernel's side in pixels; at least 1
	Activation Activation  // zero is Linear
	Kernel     Initializer // nil is GlorotUniform
}

// Build adds the layer's kernel, bias and one convolution.
func (c Conv2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if c.Filters < 1 || c.Side < 1 {
		return nil, fmt.Errorf("%d filters of side %d: both must be at least 1", c.Filters, c.Side)
	}
	if err := c.Activation.check(); err != nil {
		return nil, err
	}
	if x.Dims() != 4 {
		return nil, fmt.Errorf("wants images (N,H,W,C), got %v; put it before Flatten and Dense", x.Shape())
	}
	in, area := x.Shape()[3], c.Side*c.Side
	w := b.Weight("kernel", c.Kernel.or(GlorotUniform), Fans{area * in, area * c.Filters}, c.Side, c.Side, in, c.Filters)
	bias := b.Weight("bias", Zeros, Fans{}, c.Filters)
	return b.Ops.Convolve(x, w, bias, c.Activation == ReLU)
}
