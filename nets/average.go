package nets

import "gorgonia.org/gorgonia"

// Average is the mean of the outputs of several layers, as Keras's.
type Average struct{}

func init() { registerKeras(Average{}) }

// Build refuses one input.
func (Average) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op.
func (Average) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return b.Ops.Average(xs...)
}

// flops are none that count: one a number of each.
func (Average) flops(_, _ []int) Operations { return Operations{} }
