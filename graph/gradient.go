package graph

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// last is what gradient ops have in common: no gradient of their own.
type last struct{}

func (last) Grad(gorgonia.Nodes, *gorgonia.Node, *gorgonia.Node, []bool) (gorgonia.Nodes, error) {
	return nil, errors.New("graph: gradients of gradients are not supported")
}

// likeFirst is a gradient op whose only output has its first input's shape.
type likeFirst struct{ last }

func (likeFirst) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{in[0].Clone()}, nil
}

// layerGrad is what the gradients of layers share: inputs x, w, y, dy and
// outputs dx, dw, db, of which dx may not be wanted.
type layerGrad[T Float] struct {
	ReLU bool // y was rectified
	DX   bool // dx is wanted
	last
}

func (g layerGrad[T]) settings() string { return fmt.Sprintf("{ReLU:%v DX:%v}", g.ReLU, g.DX) }

// Shape returns the shapes of dx, dw and db, and of dz as working memory.
func (g layerGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, w, y := in[0], in[1], in[2]
	shapes := []tensor.Shape{nil, w.Clone(), {w[len(w)-1]}, nil}
	if g.DX {
		shapes[0] = x.Clone()
	}
	if g.ReLU {
		shapes[3] = y.Clone()
	}
	return shapes, nil
}

// dz is the gradient before the ReLU: dy where y > 0, or dy without a ReLU.
func (g layerGrad[T]) dz(out, in []gorgonia.Value) []T {
	y, dy := in[2], Slice[T](in[3])
	if !g.ReLU {
		return dy
	}
	dz := Slice[T](out[3])
	kernel.ReLUGrad(dz, dy, Slice[T](y))
	return dz
}
