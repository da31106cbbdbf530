package nets

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"
)

// Dense is a fully connected layer, as Keras's:
//
//	x (N,...) · kernel (I,Units) + bias (Units) -> (N,Units)
//
// An image is read as one row, in H,W,C order.
type Dense struct {
	Units      int         // how many outputs; at least 1
	NoBias     bool        // there is no bias
	Activation Activation  // zero is Linear
	Kernel     Initializer // nil is GlorotUniform
	Bias       Initializer // nil is Zeros

	KernelRegularizer, BiasRegularizer Regularizer
	ActivityRegularizer                Regularizer // of what the layer gives
}

func init() { registerKeras(Dense{}) }

// denseSettings are those of a Dense under Keras's names.
type denseSettings struct {
	Units      int         `json:"units"`
	UseBias    *bool       `json:"use_bias,omitempty"` // without it true
	Activation Activation  `json:"activation"`
	Kernel     Initializer `json:"kernel_initializer,omitzero"`
	Bias       Initializer `json:"bias_initializer,omitzero"`

	KernelRegularizer   Regularizer `json:"kernel_regularizer,omitzero"`
	BiasRegularizer     Regularizer `json:"bias_regularizer,omitzero"`
	ActivityRegularizer Regularizer `json:"activity_regularizer,omitzero"`
}

// MarshalJSON writes the settings under Keras's names.
func (d Dense) MarshalJSON() ([]byte, error) {
	var useBias *bool
	if d.NoBias {
		useBias = new(bool)
	}
	return json.Marshal(denseSettings{d.Units, useBias, d.Activation, d.Kernel, d.Bias, d.KernelRegularizer, d.BiasRegularizer, d.ActivityRegularizer})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Dense) UnmarshalJSON(text []byte) error {
	var s denseSettings
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	noBias := s.UseBias != nil && !*s.UseBias
	*d = Dense{s.Units, noBias, s.Activation, s.Kernel, s.Bias, s.KernelRegularizer, s.BiasRegularizer, s.ActivityRegularizer}
	return nil
}

// Build adds the layer's kernel, bias and one affine map.
func (d Dense) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if d.Units < 1 {
		return nil, fmt.Errorf("%d units: there must be at least 1", d.Units)
	}
	if err := d.Activation.check(); err != nil {
		return nil, err
	}
	in := x.Shape()[1:].TotalSize()
	w := b.Weight("kernel", d.Kernel.or(GlorotUniform), fansOf(in, d.Units), in, d.Units)
	b.Penalty(d.KernelRegularizer, w)
	var bias *gorgonia.Node
	if !d.NoBias {
		bias = b.Weight("bias", d.Bias.or(Zeros), fansOf(d.Units), d.Units)
		b.Penalty(d.BiasRegularizer, bias)
	}
	relu := d.ActivityRegularizer.rectified(b, d.Activation)
	y, err := b.Ops.Affine(x, w, bias, relu)
	if err != nil {
		return nil, err
	}
	return d.ActivityRegularizer.after(b, d.Activation, y, relu)
}

// flops are I·O multiply-adds.
func (d Dense) flops(in, _ []int) Operations { return multiplyAdds(product(in) * d.Units) }
