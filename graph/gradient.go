package graph

import (
	"errors"
	"fmt"

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

// wanted says which of a layer's gradients dx, dw and db are wanted: dx is not in a
// first layer, dw and db are not in a frozen one, db is not without a bias.
type wanted struct{ DX, DW, DB bool }

func wantedOf(wants []bool) wanted { return wanted{wants[0], wants[1], len(wants) > 2 && wants[2]} }

// String names dw and db where not both are wanted.
func (w wanted) String() string {
	if w.DW && w.DB {
		return fmt.Sprintf("DX:%v", w.DX)
	}
	return fmt.Sprintf("DX:%v DW:%v DB:%v", w.DX, w.DW, w.DB)
}

// shapes are those of dx, dw and db, for a gradient from x, w, y and dy.
func (w wanted) shapes(in []tensor.Shape) []tensor.Shape {
	shapes := make([]tensor.Shape, 3)
	if w.DX {
		shapes[0] = in[0].Clone()
	}
	if w.DW {
		shapes[1] = in[1].Clone()
	}
	if w.DB {
		shapes[2] = tensor.Shape{in[1][len(in[1])-1]}
	}
	return shapes
}
