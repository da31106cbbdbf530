package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Depthwise is loops of our own: Gorgonia has no convolution of single channels. The
// rectification is its own.
func (stock) Depthwise(x, w, b *gorgonia.Node, over Window, relu bool) (*gorgonia.Node, error) {
	in := gorgonia.Nodes{x, w}
	if b != nil {
		in = append(in, b)
	}
	return stockNodes(Depthwise[float32]{relu, over}, Depthwise[float64]{relu, over}, in, func() *gorgonia.Node {
		y := must(either(plainDepthwise[float32]{Over: over}, plainDepthwise[float64]{Over: over}, x, w))
		s := y.Shape()
		rows := must(gorgonia.Reshape(y, tensor.Shape{s[:3].TotalSize(), s[3]}))
		if b != nil {
			return must(gorgonia.Reshape(biasReLU(rows, b, relu), s))
		}
		if relu {
			rows = must(gorgonia.Rectify(rows))
		}
		return must(gorgonia.Reshape(rows, s))
	})
}

// plainDepthwise is the depthwise convolution in the plainest loops:
//
//	x (N,H,W,C), w (KH,KW,C,M) -> y (N,OH,OW,C·M)
//
// or, Back, its gradient:
//
//	x, w, dy (N,OH,OW,C·M) -> dx (N,H,W,C), dw (KH,KW,C,M)
type plainDepthwise[T Float] struct {
	Over Window
	Back bool
}

func (p plainDepthwise[T]) String() string {
	return fmt.Sprintf("PlainDepthwise{%v Back:%v}", p.Over, p.Back)
}

func (p plainDepthwise[T]) Accepts(in []tensor.Dtype) error {
	if p.Back {
		return floats[T](in, 3)
	}
	return floats[T](in, 2)
}

func (p plainDepthwise[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if p.Back {
		return []tensor.Shape{in[0].Clone(), in[1].Clone()}, nil
	}
	return Depthwise[T]{Over: p.Over}.Shape(in...)
}

func (p plainDepthwise[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	p.Back = true
	return applyGradient(p, 2, in[0], in[1], dy)
}

func (p plainDepthwise[T]) Run(out, in []gorgonia.Value) error {
	x, w := Slice[T](in[0]), Slice[T](in[1])
	for _, v := range out {
		clear(Slice[T](v))
	}
	p.products(in[0].Shape(), in[1].Shape(), func(y, i, k int) {
		if !p.Back {
			Slice[T](out[0])[y] += x[i] * w[k]
			return
		}
		dy := Slice[T](in[2])[y]
		Slice[T](out[0])[i] += dy * w[k]
		Slice[T](out[1])[k] += dy * x[i]
	})
	return nil
}

// products are the places in y, x and w of each product.
func (p plainDepthwise[T]) products(x, w tensor.Shape, each func(y, i, k int)) {
	down, across := p.Over.Along(0, x[1], w[0]), p.Over.Along(1, x[2], w[1])
	for n := range x[0] {
		for i := range down.Out {
			for j := range across.Out {
				for k := range w.TotalSize() {
					u, v, c := k/(w[1]*w[2]*w[3]), k/(w[2]*w[3])%w[1], k/w[3]%w[2]
					row, column := i*down.Stride+u*down.Dilation-down.Before, j*across.Stride+v*across.Dilation-across.Before
					if row >= 0 && row < x[1] && column >= 0 && column < x[2] {
						each(((n*down.Out+i)*across.Out+j)*w[2]*w[3]+k%(w[2]*w[3]), ((n*x[1]+row)*x[2]+column)*x[3]+c, k)
					}
				}
			}
		}
	}
}
