package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// InnerProducts are those of each row of x with each row of w; of rows of length
// 1 they are the cosines between them:
//
//	x (N,E), w (C,E) -> y (N,C), y = x·wᵀ
//
// Its plain twin is stock's InnerProducts.
type InnerProducts[T Float] struct{}

func (InnerProducts[T]) String() string { return "InnerProducts" }

func (InnerProducts[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

// Shape wants rows of one length.
func (InnerProducts[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, w := in[0], in[1]
	if len(x) != 2 || len(w) != 2 || x[1] != w[1] {
		return nil, fmt.Errorf("wants rows (N,E) and (C,E), got %v and %v", x, w)
	}
	return []tensor.Shape{{x[0], w[0]}}, nil
}

func (InnerProducts[T]) Run(out, in []gorgonia.Value) error {
	x, w := in[0].Shape(), in[1].Shape()
	kernel.Gemm(kernel.NoTrans, kernel.Trans, x[0], w[0], x[1], Slice[T](in[0]), Slice[T](in[1]), Slice[T](out[0]))
	return nil
}

// Grad computes dx and dw.
func (InnerProducts[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(innerProductsGrad[T]{DX: wants[0], DW: wants[1]}, 2, in[0], in[1], dy)
}

// innerProductsGrad is InnerProducts's gradient:
//
//	x, w, dy (N,C) -> dx = dy·w, dw = dyᵀ·x
type innerProductsGrad[T Float] struct {
	DX, DW bool // what is wanted
	last
}

func (g innerProductsGrad[T]) String() string {
	return fmt.Sprintf("InnerProductsGrad{DX:%v DW:%v}", g.DX, g.DW)
}

func (innerProductsGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

func (g innerProductsGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	shapes := []tensor.Shape{nil, nil}
	for i, wanted := range []bool{g.DX, g.DW} {
		if wanted {
			shapes[i] = in[i].Clone()
		}
	}
	return shapes, nil
}

func (g innerProductsGrad[T]) Run(out, in []gorgonia.Value) error {
	n, c, e := in[0].Shape()[0], in[1].Shape()[0], in[0].Shape()[1]
	x, w, dy := Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2])
	if g.DX {
		kernel.Gemm(kernel.NoTrans, kernel.NoTrans, n, e, c, dy, w, Slice[T](out[0]))
	}
	if g.DW {
		kernel.Gemm(kernel.Trans, kernel.NoTrans, c, e, n, dy, x, Slice[T](out[1]))
	}
	return nil
}
