package nets

import "gorgonia.org/gorgonia"

// Multiply is the product of the outputs of several layers, number by number, as Keras's:
// of images (N,H,W,C) and weights (N,1,1,C) of their channels in squeeze and excitation.
type Multiply struct{}

func init() { registerKeras(Multiply{}) }

// Build refuses one input.
func (Multiply) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op.
func (Multiply) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return b.Ops.Multiply(xs...)
}

// flops are none that count: one a number of each.
func (Multiply) flops(_, _ []int) Operations { return Operations{} }
