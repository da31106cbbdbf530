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
}

func init() { registerKeras(Dense{}) }

// denseSettings are those of a Dense under Keras's names.
type denseSettings struct {
	Units      int         `json:"units"`
	UseBias    *bool       `json:"use_bias,omitempty"` // without it true
	Activation Activation  `json:"activation"`
	Kernel     Initializer `json:"kernel_initializer,omitzero"`
}

// MarshalJSON writes the settings under Keras's names.
func (d Dense) MarshalJSON() ([]byte, error) {
	s := denseSettings{Units: d.Units, Activation: d.Activation, Kernel: d.Kernel}
	if d.NoBias {
		s.UseBias = new(bool)
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Dense) UnmarshalJSON(text []byte) error {
	var s denseSettings
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*d = Dense{Units: s.Units, NoBias: s.UseBias != nil && !*s.UseBias, Activation: s.Activation, Kernel: s.Kernel}
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
	w := b.Weight("kernel", d.Kernel.or(GlorotUniform), Fans{in, d.Units}, in, d.Units)
	var bias *gorgonia.Node
	if !d.NoBias {
		bias = b.Weight("bias", Zeros, Fans{}, d.Units)
	}
	relu := d.Activation.rectified(b)
	y, err := b.Ops.Affine(x, w, bias, relu)
	if err != nil || relu {
		return y, err
	}
	return d.Activation.after(b, y)
}

// flops are I·O multiply-adds.
func (d Dense) flops(in, _ []int) Operations { return multiplyAdds(product(in) * d.Units) }
