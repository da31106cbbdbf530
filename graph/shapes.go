package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ShapeOps are the part of Ops for what moves, adds or leaves out pixels, and for what
// scales them.
type ShapeOps interface {
	// Reshape is x in another shape of as many numbers, a view.
	Reshape(x *gorgonia.Node, to ...int) (*gorgonia.Node, error)

	// Pad puts rows and columns of zeros around images x (N,H,W,C).
	Pad(x *gorgonia.Node, top, bottom, left, right int) (*gorgonia.Node, error)

	// Crop takes rows and columns off images x (N,H,W,C).
	Crop(x *gorgonia.Node, top, bottom, left, right int) (*gorgonia.Node, error)

	// Rescale is (x-shift)·scale + offset, for x (N,...,C); each of the three has one
	// number for all channels, or one for each.
	Rescale(x *gorgonia.Node, shift, scale, offset []float64) (*gorgonia.Node, error)
}

func (fused) Reshape(x *gorgonia.Node, to ...int) (*gorgonia.Node, error) {
	return either(Reshape[float32]{to}, Reshape[float64]{to}, x)
}

func (fused) Pad(x *gorgonia.Node, top, bottom, left, right int) (*gorgonia.Node, error) {
	return either(Pad[float32]{top, bottom, left, right}, Pad[float64]{top, bottom, left, right}, x)
}

func (fused) Crop(x *gorgonia.Node, top, bottom, left, right int) (*gorgonia.Node, error) {
	return either(Crop[float32]{top, bottom, left, right}, Crop[float64]{top, bottom, left, right}, x)
}

func (fused) Rescale(x *gorgonia.Node, shift, scale, offset []float64) (*gorgonia.Node, error) {
	return either(Rescale[float32]{shift, scale, offset}, Rescale[float64]{shift, scale, offset}, x)
}

func (stock) Reshape(x *gorgonia.Node, to ...int) (*gorgonia.Node, error) {
	return stockNodes(Reshape[float32]{to}, Reshape[float64]{to}, gorgonia.Nodes{x}, func() *gorgonia.Node { return must(gorgonia.Reshape(x, to)) })
}

func (stock) Pad(x *gorgonia.Node, top, bottom, left, right int) (*gorgonia.Node, error) {
	return stockNodes(Pad[float32]{top, bottom, left, right}, Pad[float64]{top, bottom, left, right}, gorgonia.Nodes{x}, func() *gorgonia.Node {
		s := x.Shape()
		inner, outer := s, tensor.Shape{s[0], top + s[1] + bottom, left + s[2] + right, s[3]}
		return plain{name: fmt.Sprintf("pad %d %d", top, left), shape: outer,
			forward: func(y []float64, xs [][]float64) {
				within(inner, outer, top, left, func(i, o int) { y[o] = xs[0][i] })
			},
			backward: func(dxs [][]float64, dy []float64, _ [][]float64) {
				within(inner, outer, top, left, func(i, o int) { dxs[0][i] = dy[o] })
			}}.apply(x)
	})
}

func (stock) Crop(x *gorgonia.Node, top, bottom, left, right int) (*gorgonia.Node, error) {
	return stockNodes(Crop[float32]{top, bottom, left, right}, Crop[float64]{top, bottom, left, right}, gorgonia.Nodes{x}, func() *gorgonia.Node {
		s := x.Shape()
		outer, inner := s, tensor.Shape{s[0], s[1] - top - bottom, s[2] - left - right, s[3]}
		return plain{name: fmt.Sprintf("crop %d %d", top, left), shape: inner,
			forward: func(y []float64, xs [][]float64) {
				within(inner, outer, top, left, func(i, o int) { y[i] = xs[0][o] })
			},
			backward: func(dxs [][]float64, dy []float64, _ [][]float64) {
				within(inner, outer, top, left, func(i, o int) { dxs[0][o] = dy[i] })
			}}.apply(x)
	})
}

// within calls each number's place in images and in the larger ones around them.
func within(inner, outer tensor.Shape, top, left int, each func(i, o int)) {
	indices(inner, func(index []int) {
		each(placeOf(index, inner), ((index[0]*outer[1]+top+index[1])*outer[2]+left+index[2])*outer[3]+index[3])
	})
}

func (stock) Rescale(x *gorgonia.Node, shift, scale, offset []float64) (*gorgonia.Node, error) {
	return stockNodes(Rescale[float32]{shift, scale, offset}, Rescale[float64]{shift, scale, offset}, gorgonia.Nodes{x}, func() *gorgonia.Node {
		s := x.Shape()
		of := func(numbers []float64, i int) float64 { return numbers[i%s[len(s)-1]%len(numbers)] }
		return plain{name: fmt.Sprintf("rescale %v %v %v", shift, scale, offset), shape: s,
			forward: func(y []float64, xs [][]float64) {
				for i, v := range xs[0] {
					y[i] = (v-of(shift, i))*of(scale, i) + of(offset, i)
				}
			},
			backward: func(dxs [][]float64, dy []float64, _ [][]float64) {
				for i, d := range dy {
					dxs[0][i] = d * of(scale, i)
				}
			}}.apply(x)
	})
}
