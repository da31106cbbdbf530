package nets

import (
	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// Cropping2D takes pixels off the sides of images, as Keras's:
//
//	x (N,H,W,C) -> (N,H-above-below,W-left-right,C)
type Cropping2D struct {
	Cropping Sides `json:"cropping"` // zero takes nothing off
}

func init() { registerKeras(Cropping2D{}) }

// Build adds one op.
func (c Cropping2D) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	s := c.Cropping
	if s == (Sides{}) {
		return x, nil
	}
	return b.Ops.Crop(x, s[0][0], s[0][1], s[1][0], s[1][1])
}

// spans are those of a pixel, before the crop.
func (c Cropping2D) spans([]int) [2]graph.Span { return c.Cropping.spans(-1) }

// flops are none: numbers are moved.
func (Cropping2D) flops(_, _ []int) Operations { return Operations{} }
