package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Convolve is a convolutional layer's map, with stride 1 and no padding,
// rectified if asked to:
//
//	x (N,H,W,C) * w (KH,KW,C,F) + b (F) -> y (N,H-KH+1,W-KW+1,F)
//	y[n,i,j,f] = max(0, b[f] + sum over u,v,c of x[n,i+u,j+v,c]·w[u,v,c,f])
//
// Its plain twin is stock's Convolve.
type Convolve[T Float] struct {
	ReLU      bool
	Algorithm Algorithm // zero is Auto
}

func (c Convolve[T]) String() string {
	return fmt.Sprintf("Convolve{ReLU:%v Algorithm:%v}", c.ReLU, c.Algorithm)
}

func (Convolve[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

// Shape wants (N,H,W,C), (KH,KW,C,F) and (F), the kernel no larger than the
// image, and an algorithm that can compute it.
func (c Convolve[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, w, b := in[0], in[1], in[2]
	if len(x) != 4 || len(w) != 4 || len(b) != 1 {
		return nil, fmt.Errorf("wants x (N,H,W,C), w (KH,KW,C,F) and b (F), got %v, %v and %v", x, w, b)
	}
	if x[3] != w[2] || b[0] != w[3] {
		return nil, fmt.Errorf("x %v, w %v and b %v do not fit: x has %d channels, w takes %d and gives %d, b has %d", x, w, b, x[3], w[2], w[3], b[0])
	}
	if x[1] < w[0] || x[2] < w[1] {
		return nil, fmt.Errorf("a kernel of %d x %d pixels does not fit into an image of %d x %d", w[0], w[1], x[1], x[2])
	}
	if _, err := kernel.Resolve[T](convolution(x, w), c.Algorithm); err != nil {
		return nil, err
	}
	return []tensor.Shape{{x[0], x[1] - w[0] + 1, x[2] - w[1] + 1, w[3]}}, nil
}

// chosen is the algorithm that inputs of these shapes are computed with.
func (c Convolve[T]) chosen(in ...tensor.Shape) Algorithm {
	a, err := kernel.Resolve[T](convolution(in[0], in[1]), c.Algorithm)
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
	kernel.Convolve(convolution(in[0].Shape(), in[1].Shape()), c.Algorithm,
		Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](out[0]), c.ReLU)
	return nil
}

func convolution(x, w tensor.Shape) kernel.Conv {
	return kernel.Conv{N: x[0], H: x[1], W: x[2], C: x[3], KH: w[0], KW: w[1], F: w[3]}
}

// Grad computes dx, dw and db, as far as they are wanted, in one backward pass.
func (c Convolve[T]) Grad(in gorgonia.Nodes, y, dy *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return applyGradient(convolveGrad[T]{ReLU: c.ReLU, Algorithm: c.Algorithm, wanted: wantedOf(wants)}, 3, in[0], in[1], y, dy)
}

// convolveGrad is Convolve's gradient:
//
//	x, w, y, dy -> dx[n,i+u,j+v,c] += dz[n,i,j,f]·w[u,v,c,f]
//	               dw[u,v,c,f]     += dz[n,i,j,f]·x[n,i+u,j+v,c]
//	               db[f]           += dz[n,i,j,f]
//	dz = dy where y > 0, else 0 (dz = dy without ReLU)
type convolveGrad[T Float] struct {
	ReLU      bool // y was rectified
	Algorithm Algorithm
	wanted
	last
}

func (g convolveGrad[T]) String() string {
	return fmt.Sprintf("ConvolveGrad{ReLU:%v Algorithm:%v %v}", g.ReLU, g.Algorithm, g.wanted)
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
	kernel.ConvolveGrad(convolution(in[0].Shape(), in[1].Shape()), g.Algorithm,
		Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[2]), Slice[T](in[3]), grads[0], grads[1], grads[2], g.ReLU)
	return nil
}
