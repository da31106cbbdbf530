package nets

import (
	"encoding/json"
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// Conv2D is a convolutional layer, as Keras's:
//
//	x (N,H,W,C) * kernel (KH,KW,C/Groups,Filters) + bias (Filters) -> (N,OH,OW,Filters)
type Conv2D struct {
	Filters    int         // how many output channels; at least 1
	Side       int         // the kernel's side in pixels
	Size       [2]int      // its height and width, where it is no square: Side is 0 then
	Strides    [2]int      // pixels down and across from one place of the kernel to the next; 0 is 1
	Padding    Padding     // zero is Valid
	Dilation   [2]int      // pixels down and across from one of the kernel's to the next; 0 is 1
	Groups     int         // of channels, each of which has filters of its own; 0 is 1
	NoBias     bool        // there is no bias
	Activation Activation  // zero is Linear
	Kernel     Initializer // nil is GlorotUniform
	Bias       Initializer // nil is Zeros

	KernelRegularizer, BiasRegularizer, ActivityRegularizer Regularizer
}

func init() { registerKeras(Conv2D{}) }

// conv2DSettings are those of a Conv2D under Keras's names. Left out, they are Keras's
// defaults.
type conv2DSettings struct {
	Filters    int         `json:"filters"`
	KernelSize two         `json:"kernel_size"`
	Strides    two         `json:"strides,omitzero"`
	Padding    Padding     `json:"padding,omitzero"`
	Dilation   two         `json:"dilation_rate,omitzero"`
	Groups     int         `json:"groups,omitzero"`
	UseBias    *bool       `json:"use_bias,omitempty"`
	Activation Activation  `json:"activation"`
	Kernel     Initializer `json:"kernel_initializer,omitzero"`
	Bias       Initializer `json:"bias_initializer,omitzero"`

	KernelRegularizer   Regularizer `json:"kernel_regularizer,omitzero"`
	BiasRegularizer     Regularizer `json:"bias_regularizer,omitzero"`
	ActivityRegularizer Regularizer `json:"activity_regularizer,omitzero"`
}

// MarshalJSON writes the settings under Keras's names.
func (c Conv2D) MarshalJSON() ([]byte, error) {
	size, err := sizeOf(c.Side, c.Size)
	if err != nil {
		return nil, err
	}
	s := conv2DSettings{
		c.Filters, two(size), two(unlessOnes(c.Strides)), c.Padding, two(unlessOnes(c.Dilation)), c.Groups, nil, c.Activation, c.Kernel, c.Bias,
		c.KernelRegularizer, c.BiasRegularizer, c.ActivityRegularizer,
	}
	if c.NoBias {
		s.UseBias = new(bool)
	}
	if s.Groups == 1 {
		s.Groups = 0
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON writes. What is not there is Keras's default.
func (c *Conv2D) UnmarshalJSON(text []byte) error {
	s := conv2DSettings{Strides: two{1, 1}, Dilation: two{1, 1}, Groups: 1}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	read := Conv2D{
		Filters: s.Filters, Strides: unlessOnes(s.Strides), Padding: s.Padding, Dilation: unlessOnes(s.Dilation),
		NoBias: s.UseBias != nil && !*s.UseBias, Activation: s.Activation, Kernel: s.Kernel, Bias: s.Bias,
		KernelRegularizer: s.KernelRegularizer, BiasRegularizer: s.BiasRegularizer, ActivityRegularizer: s.ActivityRegularizer,
	}
	read.Side, read.Size = s.KernelSize.side()
	if s.Groups != 1 {
		read.Groups = s.Groups
	}
	err := s.Strides.positive("strides")
	if err == nil {
		err = s.Dilation.positive("dilation_rate")
	}
	if err == nil && s.Groups < 1 {
		err = fmt.Errorf("there are %d groups: there must be at least 1", s.Groups)
	}
	if err == nil {
		_, _, err = read.settled()
	}
	if err == nil {
		*c = read
	}
	return err
}

// Build adds the layer's kernel, bias and one convolution.
func (c Conv2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	size, over, err := c.settled()
	if err != nil {
		return nil, err
	}
	if x.Dims() != 4 {
		return nil, fmt.Errorf("wants images (N,H,W,C), got %v; put it before Flatten and Dense", x.Shape())
	}
	in, groups := x.Shape()[3], max(1, c.Groups)
	if in%groups != 0 {
		return nil, fmt.Errorf("%d channels in %d groups: the groups must divide them", in, groups)
	}
	shape := []int{size[0], size[1], in / groups, c.Filters}
	w := b.Weight("kernel", c.Kernel.or(GlorotUniform), fansOf(shape...), shape...)
	b.Penalty(c.KernelRegularizer, w)
	var bias *gorgonia.Node
	if !c.NoBias {
		bias = b.Weight("bias", c.Bias.or(Zeros), fansOf(c.Filters), c.Filters)
		b.Penalty(c.BiasRegularizer, bias)
	}
	relu := c.ActivityRegularizer.rectified(b, c.Activation)
	y, err := b.Ops.Convolve(x, w, bias, over, groups, relu)
	if err != nil {
		return nil, err
	}
	return c.ActivityRegularizer.after(b, c.Activation, y, relu)
}

// settled are the kernel's height and width and how it slides, or what is wrong with
// the settings.
func (c Conv2D) settled() (size [2]int, over graph.Window, err error) {
	if size, err = sizeOf(c.Side, c.Size); err != nil {
		return size, over, err
	}
	over = graph.Window{Strides: c.Strides, Dilation: c.Dilation, Same: c.Padding == Same}
	switch {
	case c.Filters < 1:
		err = fmt.Errorf("%d filters: there must be at least 1", c.Filters)
	case min(c.Strides[0], c.Strides[1], c.Dilation[0], c.Dilation[1], c.Groups) < 0:
		err = fmt.Errorf("strides %v, dilation %v and %d groups: none can be negative", c.Strides, c.Dilation, c.Groups)
	case c.Filters%max(1, c.Groups) != 0:
		err = fmt.Errorf("%d filters in %d groups: the groups must divide them", c.Filters, c.Groups)
	case max(c.Strides[0], c.Strides[1]) > 1 && max(c.Dilation[0], c.Dilation[1]) > 1:
		err = errors.New("strides and dilation above 1: Keras has one of them at a time")
	}
	if err == nil {
		err = c.Padding.check()
	}
	if err == nil {
		err = c.Activation.check()
	}
	return size, over, err
}

// spans are how the kernel slides.
func (c Conv2D) spans(in []int) [2]graph.Span {
	size, over, _ := c.settled()
	return [2]graph.Span{over.Along(0, in[0], size[0]), over.Along(1, in[1], size[1])}
}

// flops are OH·OW·KH·KW·C/Groups·F multiply-adds.
func (c Conv2D) flops(in, out []int) Operations {
	size, _, _ := c.settled()
	return multiplyAdds(product(out) * size[0] * size[1] * in[2] / max(1, c.Groups))
}
