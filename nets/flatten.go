package nets

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Flatten makes one row of each image, as Keras's:
//
//	x (N,H,W,C) -> (N,H·W·C)
type Flatten struct{}

// Build adds a view; no number is moved.
func (Flatten) Build(_ *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	return gorgonia.Reshape(x, tensor.Shape{s[0], s[1:].TotalSize()})
}
