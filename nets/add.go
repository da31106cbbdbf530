package nets

import "gorgonia.org/gorgonia"

// Add is the sum of the outputs of several layers, as Keras's: what a residual network's
// branches meet in. See [At] for its place, and for that of all merges here. Their inputs
// are of one shape, or of 1 along an axis where others have more, such as (N,1,1,C)
// beside (N,H,W,C).
type Add struct{}

func init() { registerKeras(Add{}) }

// Build refuses one input.
func (Add) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op; where a ReLU alone follows, it rectifies.
func (Add) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return b.Ops.Add(b.Rectified(), xs...)
}

// flops are none that count: one a number of each.
func (Add) flops(_, _ []int) Operations { return Operations{} }
