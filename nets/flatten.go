package nets

import "gorgonia.org/gorgonia"

// Flatten makes one row of each image, as Keras's:
//
//	x (N,H,W,C) -> (N,H·W·C)
type Flatten struct{}

func init() { registerKeras(Flatten{}) }

// Build adds a view; no number is moved.
func (Flatten) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return b.Ops.Flatten(x) }

// flops are none: no number is moved.
func (Flatten) flops(_, _ []int) Operations { return Operations{} }
