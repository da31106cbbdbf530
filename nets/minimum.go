package nets

import "gorgonia.org/gorgonia"

// Minimum is the smallest of the outputs of several layers, number by number, as Keras's;
// of equals the first has the gradient, as in TensorFlow.
type Minimum struct{}

func init() { registerKeras(Minimum{}) }

// Build refuses one input.
func (Minimum) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op.
func (Minimum) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return b.Ops.Minimum(xs...)
}

// flops are none that count: one a number of each.
func (Minimum) flops(_, _ []int) Operations { return Operations{} }
