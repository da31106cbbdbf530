package nets

import (
	"encoding/json"
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// SeparableConv2D is a depthwise convolution, and one of single pixels that mixes its
// channels, as Keras's:
//
//	x (N,H,W,C) * depthwise_kernel (height,width,C,M) -> z (N,OH,OW,C·M)
//	z * pointwise_kernel (1,1,C·M,Filters) + bias (Filters) -> (N,OH,OW,Filters)
//
// with M the DepthMultiplier. As TensorFlow's, its two strides are one number.
type SeparableConv2D struct {
	Filters              int         // how many output channels; at least 1
	Side                 int         // the depthwise kernel's side in pixels
	Size                 [2]int      // its height and width, where it is no square: Side is 0 then
	Strides              [2]int      // pixels down and across from one place of the kernel to the next; zero is 1
	Padding              Padding     // zero is Valid
	Dilation             [2]int      // pixels from one of the kernel's to the next; zero is 1
	DepthMultiplier      int         // how many filters a channel has; zero is 1
	NoBias               bool        // there is no bias
	Activation           Activation  // zero is Linear
	Depthwise, Pointwise Initializer // nil is GlorotUniform
	Bias                 Initializer // nil is Zeros

	DepthwiseRegularizer, PointwiseRegularizer, BiasRegularizer, ActivityRegularizer Regularizer
}

func init() { registerKeras(SeparableConv2D{}) }

// separableSettings are those of a SeparableConv2D under Keras's names.
type separableSettings struct {
	Filters int `json:"filters"`
	depthwiseSettings
	Pointwise            Initializer `json:"pointwise_initializer,omitzero"`
	PointwiseRegularizer Regularizer `json:"pointwise_regularizer,omitzero"`
}

// depthwise is the layer's depthwise convolution, with all else that the layer has.
func (s SeparableConv2D) depthwise() DepthwiseConv2D {
	return DepthwiseConv2D{s.Side, s.Size, s.Strides, s.Padding, s.Dilation, s.DepthMultiplier, s.NoBias, s.Activation, s.Depthwise, s.Bias,
		s.DepthwiseRegularizer, s.BiasRegularizer, s.ActivityRegularizer}
}

// MarshalJSON writes the settings under Keras's names.
func (s SeparableConv2D) MarshalJSON() ([]byte, error) {
	depthwise, err := s.depthwise().settings()
	if err != nil {
		return nil, err
	}
	return json.Marshal(separableSettings{s.Filters, depthwise, s.Pointwise, s.PointwiseRegularizer})
}

// UnmarshalJSON reads what MarshalJSON writes. What is not there is Keras's default.
func (s *SeparableConv2D) UnmarshalJSON(text []byte) error {
	all := separableSettings{depthwiseSettings: defaultDepthwise()}
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	d, err := all.layer()
	if err != nil {
		return err
	}
	*s = SeparableConv2D{all.Filters, d.Side, d.Size, d.Strides, d.Padding, d.Dilation, d.DepthMultiplier, d.NoBias, d.Activation, d.Kernel, all.Pointwise, d.Bias,
		d.DepthwiseRegularizer, all.PointwiseRegularizer, d.BiasRegularizer, d.ActivityRegularizer}
	return nil
}

func (s SeparableConv2D) spans(in []int) [2]graph.Span { return s.depthwise().spans(in) }

// Build adds the layer's kernels and bias, the depthwise op, and an affine map of its
// pixels.
func (s SeparableConv2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if s.Filters < 1 {
		return nil, fmt.Errorf("%d filters: there must be at least 1", s.Filters)
	}
	w, over, err := s.depthwise().filters(b, x, "depthwise_kernel")
	if err != nil {
		return nil, err
	}
	c := w.Shape()[2] * w.Shape()[3]
	mix := b.Weight("pointwise_kernel", s.Pointwise.or(GlorotUniform), fansOf(1, 1, c, s.Filters), 1, 1, c, s.Filters)
	b.Penalty(s.PointwiseRegularizer, mix)
	var bias *gorgonia.Node
	if !s.NoBias {
		bias = b.Weight("bias", s.Bias.or(Zeros), fansOf(s.Filters), s.Filters)
		b.Penalty(s.BiasRegularizer, bias)
	}
	relu := s.ActivityRegularizer.rectified(b, s.Activation)
	y, err := b.Ops.Depthwise(x, w, nil, over, false)
	if err == nil {
		y, err = pointwise(b, y, mix, bias, relu)
	}
	if err != nil {
		return nil, err
	}
	return s.ActivityRegularizer.after(b, s.Activation, y, relu)
}

// pointwise is x (N,H,W,C) · w (1,1,C,F) + b (F) -> (N,H,W,F): each pixel is a row of a
// matrix.
func pointwise(b *Builder, x, w, bias *gorgonia.Node, relu bool) (*gorgonia.Node, error) {
	s, c, f := x.Shape(), w.Shape()[2], w.Shape()[3]
	rows, err1 := b.Ops.Reshape(x, s[0]*s[1]*s[2], c)
	w, err2 := b.Ops.Reshape(w, c, f)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	y, err := b.Ops.Affine(rows, w, bias, relu)
	if err != nil {
		return nil, err
	}
	return b.Ops.Reshape(y, s[0], s[1], s[2], f)
}

// flops are OH·OW·C·M·(KH·KW + Filters) multiply-adds.
func (s SeparableConv2D) flops(in, out []int) Operations {
	d := s.depthwise()
	return multiplyAdds(out[0] * out[1] * in[2] * max(1, s.DepthMultiplier) * (d.taps(in) + s.Filters))
}
