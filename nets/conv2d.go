package nets

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/graph"
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

func init() { registerKeras(Conv2D{}) }

// conv2DSettings are those of a Conv2D under Keras's names.
type conv2DSettings struct {
	Filters    int         `json:"filters"`
	KernelSize []int       `json:"kernel_size"`
	Activation Activation  `json:"activation"`
	Kernel     Initializer `json:"kernel_initializer,omitzero"`
}

// MarshalJSON writes the settings under Keras's names.
func (c Conv2D) MarshalJSON() ([]byte, error) {
	return json.Marshal(conv2DSettings{c.Filters, []int{c.Side, c.Side}, c.Activation, c.Kernel})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Conv2D) UnmarshalJSON(text []byte) error {
	var s conv2DSettings
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if len(s.KernelSize) != 2 || s.KernelSize[0] != s.KernelSize[1] {
		return fmt.Errorf("the kernel_size is %v, expected a square", s.KernelSize)
	}
	*c = Conv2D{s.Filters, s.KernelSize[0], s.Activation, s.Kernel}
	return nil
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
	relu := c.Activation.rectified(b)
	y, err := b.Ops.Convolve(x, w, bias, relu)
	if err != nil || relu {
		return y, err
	}
	return c.Activation.after(b, y)
}

// spans are how the kernel slides.
func (c Conv2D) spans(in []int) [2]graph.Span {
	var w graph.Window
	return [2]graph.Span{w.Along(0, in[0], c.Side), w.Along(1, in[1], c.Side)}
}

// flops are OH·OW·K·K·C·F multiply-adds.
func (c Conv2D) flops(in, out []int) Operations {
	return multiplyAdds(product(out) * c.Side * c.Side * in[2])
}
