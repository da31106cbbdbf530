package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Affine is a dense layer's map, rectified if asked to:
//
//	x (N,...) · w (I,O) + b (O) -> y (N,O)
//	y = max(0, x·w + b)
//
// An x of more than two dimensions is read as (N,I), its other dimensions
// flattened in row-major order; without b there is none. Its plain twin is stock's
// Affine.
type Affine[T Float] struct {
	ReLU bool
}

func (a Affine[T]) String() string { return fmt.Sprintf("Affine{ReLU:%v}", a.ReLU) }

func (Affine[T]) Accepts(in []tensor.Dtype) error {
	if len(in) == 2 {
		return floats[T](in, 2)
	}
	return floats[T](in, 3)
}

// Shape wants (N,...), (I,O) and perhaps (O), where the product of ... is I; without
// that, a second output is zeros in its place.
func (a Affine[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(in) == 2 && len(in[1]) == 2 {
		none := tensor.Shape{in[1][1]}
		y, err := a.Shape(in[0], in[1], none)
		return append(y, none), err
	}
	x, w, b := in[0], in[1], in[2]
	if len(x) < 2 || len(w) != 2 || len(b) != 1 {
		return nil, fmt.Errorf("wants x (N,I), w (I,O) and b (O), got %v, %v and %v", x, w, b)
	}
	if i := x[1:].TotalSize(); i != w[0] || b[0] != w[1] {
		return nil, fmt.Errorf("x %v, w %v and b %v do not fit: x has %d columns, w takes %d and gives %d, b has %d", x, w, b, i, w[0], w[1], b[0])
	}
	return []tensor.Shape{{x[0], w[1]}}, nil
}

func (a Affine[T]) Run(out, in []gorgonia.Value) error {
	n, i, o := affineSizes(in)
	var b []T
	if len(in) == 3 {
		b = Slice[T](in[2])
	} else {
		b = Slice[T](out[1])
		clear(b)
	}
	kernel.Affine(n, o, i, Slice[T](in[0]), Slice[T](in[1]), b, Slice[T](out[0]), a.ReLU)
	return nil
}

func affineSizes(in []gorgonia.Value) (n, i, o int) {
	w := in[1].Shape()
	return in[0].Shape()[0], w[0], w[1]
}

// Grad computes dx, dw and db, as far as they are wanted, in one backward pass.
func (a Affine[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(affineGrad[T]{ReLU: a.ReLU, wanted: wantedOf(wants)}, len(in), in[0], in[1], y, dy)
}

// affineGrad is Affine's gradient:
//
//	x, w, y, dy -> dx = dz·wᵀ, dw = xᵀ·dz, db = rows of dz, summed
//	dz = dy where y > 0, else 0 (dz = dy without ReLU)
type affineGrad[T Float] struct {
	ReLU bool // y was rectified
	wanted
	last
}

func (g affineGrad[T]) String() string {
	return fmt.Sprintf("AffineGrad{ReLU:%v %v}", g.ReLU, g.wanted)
}

func (affineGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 4) }

// Shape returns the shapes of dx, dw and db, and of dz as working memory.
func (g affineGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	shapes := append(g.shapes(in), nil)
	if g.ReLU {
		shapes[3] = in[2].Clone()
	}
	return shapes, nil
}

func (g affineGrad[T]) Run(out, in []gorgonia.Value) error {
	n, i, o := affineSizes(in)
	dz := Slice[T](in[3])
	if g.ReLU {
		dz = Slice[T](out[3])
		kernel.ReLUGrad(dz, Slice[T](in[3]), Slice[T](in[2]))
	}
	if g.DB {
		kernel.SumRows(n, o, dz, Slice[T](out[2]))
	}
	if g.DW {
		kernel.Gemm(kernel.Trans, kernel.NoTrans, i, o, n, Slice[T](in[0]), dz, Slice[T](out[1]))
	}
	if g.DX {
		kernel.Gemm(kernel.NoTrans, kernel.Trans, n, i, o, dz, Slice[T](in[1]), Slice[T](out[0]))
	}
	return nil
}
