package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Convolve is a convolutional layer's map, rectified if asked to:
//
//	x (N,H,W,C) * w (KH,KW,C/Groups,F) + b (F) -> y (N,OH,OW,F)
//	y[n,i,j,f] = max(0, b[f] + sum over u,v,c of x[n,i+u,j+v,c]·w[u,v,c,f])
//
// in the places that its Window says; see kernel.Convolve. Without b there is none.
// Its plain twin is stock's Convolve.
type Convolve[T Float] struct {
	ReLU      bool
	Algorithm Algorithm // zero is Auto
	Window    Window
	Groups    int // of channels, each of which has its own filters; 0 is 1
}

func (c Convolve[T]) String() string {
	return fmt.Sprintf("Convolve{ReLU:%v Algorithm:%v %v Groups:%d}", c.ReLU, c.Algorithm, c.Window, c.Groups)
}

// Accepts x and w, and b or none.
func (Convolve[T]) Accepts(in []tensor.Dtype) error {
	if len(in) == 2 {
		return floats[T](in, 2)
	}
	return floats[T](in, 3)
}

// Shape wants (N,H,W,C), (KH,KW,C/Groups,F) and (F), the kernel no larger than the
// image with its zeros, and an algorithm that can compute it.
func (c Convolve[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, w, groups := in[0], in[1], max(1, c.Groups)
	if len(x) != 4 || len(w) != 4 || len(in) == 3 && len(in[2]) != 1 {
		return nil, fmt.Errorf("wants x (N,H,W,C), w (KH,KW,C,F) and b (F), got %v", in)
	}
	if x[3] != w[2]*groups {
		return nil, fmt.Errorf("x %v and w %v do not fit: x has %d channels, w takes %d in %d groups", x, w, x[3], w[2]*groups, groups)
	}
	if w[3]%groups != 0 {
		return nil, fmt.Errorf("w %v gives %d channels, which are not %d groups of one size", w, w[3], groups)
	}
	if len(in) == 3 && in[2][0] != w[3] {
		return nil, fmt.Errorf("w %v and b %v do not fit: w gives %d channels, b has %d", w, in[2], w[3], in[2][0])
	}
	if err := c.Window.check(); err != nil {
		return nil, err
	}
	down, across := c.Window.Along(0, x[1], w[0]), c.Window.Along(1, x[2], w[1])
	if min(down.Out, across.Out) < 1 {
		return nil, fmt.Errorf("a kernel of %d x %d pixels does not fit into an image of %d x %d", (w[0]-1)*down.Dilation+1, (w[1]-1)*across.Dilation+1, x[1], x[2])
	}
	if _, err := kernel.Resolve[T](convolution(c.Window, c.Groups, x, w), c.Algorithm); err != nil {
		return nil, err
	}
	return []tensor.Shape{{x[0], down.Out, across.Out, w[3]}}, nil
}

// chosen is the algorithm that inputs of these shapes are computed with.
func (c Convolve[T]) chosen(in ...tensor.Shape) Algorithm {
	a, err := kernel.Resolve[T](convolution(c.Window, c.Groups, in[0], in[1]), c.Algorithm)
	if err != nil {
		panic(err) // Shape has refused it
	}
	return a
}

// ConvolutionOf says how the convolution that made n is computed; ok is false
// if none of this package's did.
func ConvolutionOf(n *gorgonia.Node) (a Algorithm, ok bool) {
	made, ok := n.Op().(*adapter)
	if !ok {
		return 0, false
	}
	op, ok := made.call.op.(interface {
		chosen(in ...tensor.Shape) Algorithm
	})
	if !ok {
		return 0, false
	}
	return op.chosen(made.call.in[0].Shape(), made.call.in[1].Shape()), true
}

func (c Convolve[T]) Run(out, in []gorgonia.Value) error {
	var b []T
	if len(in) == 3 {
		b = Slice[T](in[2])
	}
	kernel.Convolve(convolution(c.Window, c.Groups, in[0].Shape(), in[1].Shape()), c.Algorithm,
		Slice[T](in[0]), Slice[T](in[1]), b, Slice[T](out[0]), c.ReLU)
	return nil
}

// convolution is the kernel's shape of a convolution.
func convolution(over Window, groups int, x, w tensor.Shape) kernel.Conv {
	down, across := over.Along(0, x[1], w[0]), over.Along(1, x[2], w[1])
	return kernel.Conv{
		N: x[0], H: x[1], W: x[2], C: x[3], KH: w[0], KW: w[1], F: w[3],
		SH: down.Stride, SW: across.Stride, DH: down.Dilation, DW: across.Dilation,
		Top: down.Before, Bottom: down.After, Left: across.Before, Right: across.After, G: max(1, groups),
	}
}

// Grad computes dx, dw and db, as far as they are wanted, in one backward pass.
func (c Convolve[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	nodes, err := applyGradient(convolveGrad[T]{c, wantedOf(wants), last{}}, 3, in[0], in[1], y, dy)
	if err != nil {
		return nil, err
	}
	return nodes[:len(in)], nil
}

// convolveGrad is Convolve's gradient:
//
//	x, w, y, dy -> dx[n,i+u,j+v,c] += dz[n,i,j,f]·w[u,v,c,f]
//	               dw[u,v,c,f]     += dz[n,i,j,f]·x[n,i+u,j+v,c]
//	               db[f]           += dz[n,i,j,f]
//	dz = dy where y > 0, else 0 (dz = dy without ReLU)
type convolveGrad[T Float] struct {
	of Convolve[T]
	wanted
	last
}

func (g convolveGrad[T]) String() string {
	return fmt.Sprintf("ConvolveGrad{ReLU:%v Algorithm:%v %v Groups:%d %v}", g.of.ReLU, g.of.Algorithm, g.of.Window, g.of.Groups, g.wanted)
}

func (convolveGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 4) }

// Shape returns the shapes of dx, dw and db.
func (g convolveGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return g.shapes(in), nil
}

func (g convolveGrad[T]) Run(out, in []gorgonia.Value) error {
	var grads [3][]T // nil for what is not wanted
	for i, v := range out {
		if v != nil {
			grads[i] = Slice[T](v)
		}
	}
	kernel.ConvolveGrad(convolution(g.of.Window, g.of.Groups, in[0].Shape(), in[1].Shape()), g.of.Algorithm,
		Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](in[3]), grads[0], grads[1], grads[2], g.of.ReLU)
	return nil
}
