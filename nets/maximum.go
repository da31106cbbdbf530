package nets

import "gorgonia.org/gorgonia"

// Maximum is the largest of the outputs of several layers, number by number, as Keras's;
// of equals the first has the gradient, as in TensorFlow.
type Maximum struct{}

func init() { registerKeras(Maximum{}) }

// Build refuses one input.
func (Maximum) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op.
func (Maximum) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return b.Ops.Maximum(xs...)
}

// flops are none that count: one a number of each.
func (Maximum) flops(_, _ []int) Operations { return Operations{} }
