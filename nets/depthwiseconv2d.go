package nets

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// DepthwiseConv2D is a convolution in which each channel has filters of its own, as
// Keras's:
//
//	x (N,H,W,C) * kernel (height,width,C,M) + bias (C·M) -> (N,OH,OW,C·M)
//
// with M the DepthMultiplier. As TensorFlow's, its two strides are one number.
type DepthwiseConv2D struct {
	Side            int         // the kernel's side in pixels
	Size            [2]int      // its height and width, where it is no square: Side is 0 then
	Strides         [2]int      // pixels down and across from one place of the kernel to the next; zero is 1
	Padding         Padding     // zero is Valid
	Dilation        [2]int      // pixels from one of the kernel's to the next; zero is 1
	DepthMultiplier int         // how many filters a channel has; zero is 1
	NoBias          bool        // there is no bias
	Activation      Activation  // zero is Linear
	Kernel          Initializer // Keras's depthwise_initializer; nil is GlorotUniform
	Bias            Initializer // nil is Zeros

	DepthwiseRegularizer, BiasRegularizer, ActivityRegularizer Regularizer
}

func init() { registerKeras(DepthwiseConv2D{}) }

// depthwiseSettings are those of a DepthwiseConv2D under Keras's names.
type depthwiseSettings struct {
	Size       two         `json:"kernel_size"`
	Strides    two         `json:"strides"`
	Padding    Padding     `json:"padding"`
	Dilation   two         `json:"dilation_rate"`
	Multiplier int         `json:"depth_multiplier"`
	UseBias    bool        `json:"use_bias"`
	Activation Activation  `json:"activation"`
	Kernel     Initializer `json:"depthwise_initializer,omitzero"`
	Bias       Initializer `json:"bias_initializer,omitzero"`

	DepthwiseRegularizer Regularizer `json:"depthwise_regularizer,omitzero"`
	BiasRegularizer      Regularizer `json:"bias_regularizer,omitzero"`
	ActivityRegularizer  Regularizer `json:"activity_regularizer,omitzero"`
}

// defaultDepthwise are Keras's.
func defaultDepthwise() depthwiseSettings {
	return depthwiseSettings{Strides: two{1, 1}, Dilation: two{1, 1}, Multiplier: 1, UseBias: true}
}

// MarshalJSON writes the settings under Keras's names.
func (d DepthwiseConv2D) MarshalJSON() ([]byte, error) {
	s, err := d.settings()
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

// settings are the layer's under Keras's names.
func (d DepthwiseConv2D) settings() (depthwiseSettings, error) {
	size, over, multiplier, err := d.settled()
	return depthwiseSettings{size, over.Strides, d.Padding, over.Dilation, multiplier, !d.NoBias, d.Activation, d.Kernel, d.Bias,
		d.DepthwiseRegularizer, d.BiasRegularizer, d.ActivityRegularizer}, err
}

// UnmarshalJSON reads what MarshalJSON writes. What is not there is Keras's default.
func (d *DepthwiseConv2D) UnmarshalJSON(text []byte) error {
	s := defaultDepthwise()
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	read, err := s.layer()
	if err == nil {
		*d = read
	}
	return err
}

// layer is the layer with these settings.
func (s depthwiseSettings) layer() (d DepthwiseConv2D, err error) {
	d = DepthwiseConv2D{Padding: s.Padding, NoBias: !s.UseBias, Activation: s.Activation, Kernel: s.Kernel, Bias: s.Bias,
		DepthwiseRegularizer: s.DepthwiseRegularizer, BiasRegularizer: s.BiasRegularizer, ActivityRegularizer: s.ActivityRegularizer}
	d.Side, d.Size = s.Size.side()
	if err := s.Strides.positive("strides"); err != nil {
		return d, err
	}
	if err := s.Dilation.positive("dilation_rate"); err != nil {
		return d, err
	}
	if s.Multiplier < 1 {
		return d, fmt.Errorf("the depth_multiplier is %d: it must be at least 1", s.Multiplier)
	}
	d.Strides, d.Dilation = unlessOnes(s.Strides), unlessOnes(s.Dilation)
	if s.Multiplier != 1 {
		d.DepthMultiplier = s.Multiplier
	}
	_, _, _, err = d.settled()
	return d, err
}

// unlessOnes is zero for ones, which it stands for.
func unlessOnes(t two) [2]int {
	if t == (two{1, 1}) {
		return [2]int{}
	}
	return t
}

// orOnes is ones for zero.
func orOnes(t [2]int) [2]int {
	if t == [2]int{} {
		return [2]int{1, 1}
	}
	return t
}

// settled are the kernel's height and width, how it slides and how many filters a
// channel has, or what is wrong with them.
func (d DepthwiseConv2D) settled() (size [2]int, over graph.Window, multiplier int, err error) {
	over = graph.Window{Strides: orOnes(d.Strides), Dilation: orOnes(d.Dilation), Same: d.Padding == Same}
	multiplier = max(1, d.DepthMultiplier)
	if size, err = sizeOf(d.Side, d.Size); err == nil {
		err = two(over.Strides).positive("strides")
	}
	if err == nil {
		err = two(over.Dilation).positive("dilation rates")
	}
	switch {
	case err != nil:
	case d.DepthMultiplier < 0:
		err = fmt.Errorf("a depth multiplier of %d: it must be at least 1", d.DepthMultiplier)
	case over.Strides[0] != over.Strides[1]:
		err = fmt.Errorf("strides of %d and %d: TensorFlow's depthwise convolution has one number for both", over.Strides[0], over.Strides[1])
	default:
		if err = d.Padding.check(); err == nil {
			err = d.Activation.check()
		}
	}
	return size, over, multiplier, err
}

// spans are how the kernel slides over an image (H,W,C), once it is settled.
func (d DepthwiseConv2D) spans(in []int) [2]graph.Span {
	size, over, _, _ := d.settled()
	return [2]graph.Span{over.Along(0, in[0], size[0]), over.Along(1, in[1], size[1])}
}

// Build adds the layer's kernel, bias and one op.
func (d DepthwiseConv2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	w, over, err := d.filters(b, x, "kernel")
	if err != nil {
		return nil, err
	}
	var bias *gorgonia.Node
	if !d.NoBias {
		channels := w.Shape()[2] * w.Shape()[3]
		bias = b.Weight("bias", d.Bias.or(Zeros), fansOf(channels), channels)
		b.Penalty(d.BiasRegularizer, bias)
	}
	relu := d.ActivityRegularizer.rectified(b, d.Activation)
	y, err := b.Ops.Depthwise(x, w, bias, over, relu)
	if err != nil {
		return nil, err
	}
	return d.ActivityRegularizer.after(b, d.Activation, y, relu)
}

// filters are the layer's depthwise kernel of that name, for images x, and how it slides.
func (d DepthwiseConv2D) filters(b *Builder, x *gorgonia.Node, name string) (w *gorgonia.Node, over graph.Window, err error) {
	size, over, multiplier, err := d.settled()
	if err != nil {
		return nil, over, err
	}
	if x.Dims() != 4 {
		return nil, over, fmt.Errorf("wants images (N,H,W,C), got %v; put it before Flatten and Dense", x.Shape())
	}
	shape := []int{size[0], size[1], x.Shape()[3], multiplier}
	w = b.Weight(name, d.Kernel.or(GlorotUniform), fansOf(shape...), shape...)
	b.Penalty(d.DepthwiseRegularizer, w)
	return w, over, nil
}

// flops are OH·OW·KH·KW·C·M multiply-adds.
func (d DepthwiseConv2D) flops(in, out []int) Operations {
	return multiplyAdds(product(out) * d.taps(in))
}

// taps are how many numbers of an image (H,W,C) an output is made of.
func (d DepthwiseConv2D) taps(in []int) int {
	s := d.spans(in)
	return s[0].Size * s[1].Size
}
