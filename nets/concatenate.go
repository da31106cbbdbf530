package nets

import "gorgonia.org/gorgonia"

// Concatenate puts the outputs of several layers side by side along their last axis, as
// Keras's by default:
//
//	x1 (N,H,W,C1), x2 (N,H,W,C2) ... -> (N,H,W,C1+C2+...)
type Concatenate struct{}

func init() { registerKeras(Concatenate{}) }

// Build refuses one input.
func (Concatenate) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op.
func (Concatenate) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return b.Ops.Concatenate(-1, xs...)
}

// flops are none: numbers are moved.
func (Concatenate) flops(_, _ []int) Operations { return Operations{} }
