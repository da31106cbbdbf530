package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Subtract is the output of one layer less that of another one, as Keras's.
type Subtract struct{}

func init() { registerKeras(Subtract{}) }

// Build refuses one input.
func (Subtract) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

// Merge adds one op.
func (Subtract) Merge(b *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	if len(xs) != 2 {
		return nil, fmt.Errorf("it stands after %d layers: it takes one of another one, so there must be two", len(xs))
	}
	return b.Ops.Subtract(xs[0], xs[1])
}

// flops are none that count: one a number.
func (Subtract) flops(_, _ []int) Operations { return Operations{} }
