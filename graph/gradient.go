package graph

import (
	"errors"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
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

// layerGradShapes are the shapes of dx, which may not be wanted, dw and db, for
// a layer's gradient from x, w, y and dy.
func layerGradShapes(dx bool, in []tensor.Shape) []tensor.Shape {
	x, w := in[0], in[1]
	shapes := []tensor.Shape{nil, w.Clone(), {w[len(w)-1]}}
	if dx {
		shapes[0] = x.Clone()
	}
	return shapes
}
