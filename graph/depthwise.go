package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// DepthwiseOps are the part of Ops for the depthwise convolution.
type DepthwiseOps interface {
	// Depthwise is x (N,H,W,C) * w (KH,KW,C,M) + b (C·M) -> (N,OH,OW,C·M), each channel
	// by M filters of its own, rectified if relu. A nil b is none.
	Depthwise(x, w, b *gorgonia.Node, over Window, relu bool) (*gorgonia.Node, error)
}

func (fused) Depthwise(x, w, b *gorgonia.Node, over Window, relu bool) (*gorgonia.Node, error) {
	in := gorgonia.Nodes{x, w}
	if b != nil {
		in = append(in, b)
	}
	return either(Depthwise[float32]{relu, over}, Depthwise[float64]{relu, over}, in...)
}

// Depthwise is the depthwise convolution, rectified if asked to:
//
//	x (N,H,W,C) * w (KH,KW,C,M) + b (C·M) -> y (N,OH,OW,C·M)
//	y[n,i,j,c·M+m] = max(0, b[c·M+m] + the window's sum over u,v of x[n,p,q,c]·w[u,v,c,m])
//
// Without b there is none. Its plain twin is stock's Depthwise.
type Depthwise[T Float] struct {
	ReLU bool
	Over Window
}

func (d Depthwise[T]) String() string { return fmt.Sprintf("Depthwise{ReLU:%v %v}", d.ReLU, d.Over) }

func (Depthwise[T]) Accepts(in []tensor.Dtype) error {
	if len(in) == 2 {
		return floats[T](in, 2)
	}
	return floats[T](in, 3)
}

// Shape wants (N,H,W,C), (KH,KW,C,M) and perhaps (C·M), the kernel no larger than the
// image unless zeros stand around it.
func (d Depthwise[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, w := in[0], in[1]
	if len(x) != 4 || len(w) != 4 || x[3] != w[2] {
		return nil, fmt.Errorf("wants x (N,H,W,C) and w (KH,KW,C,M), got %v and %v", x, w)
	}
	s, err := d.Over.slides(x, [2]int{w[0], w[1]})
	if err != nil {
		return nil, err
	}
	s.C *= w[3]
	if len(in) == 3 && !in[2].Eq(tensor.Shape{s.C}) {
		return nil, fmt.Errorf("x %v and w %v give %d channels, and b has the shape %v", x, w, s.C, in[2])
	}
	return []tensor.Shape{pooledShape(s)}, nil
}

// slides are how the kernel w slides over images x.
func (d Depthwise[T]) slides(x, w tensor.Shape) kernel.Slides {
	return d.Over.mustSlide(x, [2]int{w[0], w[1]})
}

func (d Depthwise[T]) Run(out, in []gorgonia.Value) error {
	var b []T
	if len(in) == 3 {
		b = Slice[T](in[2])
	}
	kernel.Depthwise(d.slides(in[0].Shape(), in[1].Shape()), Slice[T](in[0]), Slice[T](in[1]), b, Slice[T](out[0]), d.ReLU)
	return nil
}

// Grad computes dx, dw and db, as far as they are wanted, in one backward pass.
func (d Depthwise[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(depthwiseGrad[T]{of: d, wanted: wantedOf(wants)}, len(in), in[0], in[1], y, dy)
}

// depthwiseGrad is Depthwise's gradient:
//
//	x, w, y, dy -> dx[n,p,q,c]  += dz[n,i,j,c·M+m]·w[u,v,c,m]
//	               dw[u,v,c,m]  += dz[n,i,j,c·M+m]·x[n,p,q,c]
//	               db[c·M+m]    += dz[n,i,j,c·M+m]
//	dz = dy where y > 0, else 0 (dz = dy without ReLU)
type depthwiseGrad[T Float] struct {
	of Depthwise[T]
	wanted
	last
}

func (g depthwiseGrad[T]) String() string { return fmt.Sprintf("DepthwiseGrad{%v %v}", g.of, g.wanted) }

func (depthwiseGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 4) }

// Shape returns the shapes of dx, dw and db.
func (g depthwiseGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	shapes := g.shapes(in)
	if g.DB {
		shapes[2] = tensor.Shape{in[2][3]}
	}
	return shapes, nil
}

func (g depthwiseGrad[T]) Run(out, in []gorgonia.Value) error {
	var grads [3][]T // nil for what is not wanted
	for i, v := range out {
		if v != nil {
			grads[i] = Slice[T](v)
		}
	}
	kernel.DepthwiseGrad(g.of.slides(in[0].Shape(), in[1].Shape()), Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](in[3]),
		grads[0], grads[1], grads[2], g.of.ReLU)
	return nil
}
