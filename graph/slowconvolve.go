package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// slowConvolve is Convolve's twin where Gorgonia has none: the loop of its
// mathematics, over all places and pixels, in float64, and its gradient, the same loop
// with other targets.
type slowConvolve[T Float] struct {
	like Convolve[T] // without its ReLU
}

func slowConvolution(x, w, b *gorgonia.Node, over Window, groups int, relu bool) (*gorgonia.Node, error) {
	y, err := either(slowConvolve[float32]{Convolve[float32]{Window: over, Groups: groups}}, slowConvolve[float64]{Convolve[float64]{Window: over, Groups: groups}}, given(x, w, b)...)
	if err != nil || !relu {
		return y, err
	}
	return gorgonia.Rectify(y)
}

func (s slowConvolve[T]) String() string                  { return "Slow" + s.like.String() }
func (s slowConvolve[T]) Accepts(in []tensor.Dtype) error { return s.like.Accepts(in) }

func (s slowConvolve[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return s.like.Shape(in...)
}

// each visits every product of the sums: the places of its y, x and w.
func (s slowConvolve[T]) each(x, w, y tensor.Shape, visit func(y, x, w int)) {
	down, across := s.like.Window.Along(0, x[1], w[0]), s.like.Window.Along(1, x[2], w[1])
	size := w[3] / max(1, s.like.Groups)
	for at := range y.TotalSize() {
		n, i, j, f := at/(y[1]*y[2]*y[3]), at/(y[2]*y[3])%y[1], at/y[3]%y[2], at%y[3]
		for t := range w[0] * w[1] * w[2] {
			u, v, c := t/(w[1]*w[2]), t/w[2]%w[1], t%w[2]
			row, column := i*down.Stride+u*down.Dilation-down.Before, j*across.Stride+v*across.Dilation-across.Before
			if row >= 0 && row < x[1] && column >= 0 && column < x[2] {
				visit(at, ((n*x[1]+row)*x[2]+column)*x[3]+f/size*w[2]+c, t*w[3]+f)
			}
		}
	}
}

func (s slowConvolve[T]) Run(out, in []gorgonia.Value) error {
	x, w, y := Slice[T](in[0]), Slice[T](in[1]), Slice[T](out[0])
	sums := make([]float64, len(y))
	if len(in) == 3 {
		for i := range sums {
			sums[i] = float64(Slice[T](in[2])[i%len(Slice[T](in[2]))])
		}
	}
	s.each(in[0].Shape(), in[1].Shape(), out[0].Shape(), func(at, xt, wt int) { sums[at] += float64(x[xt]) * float64(w[wt]) })
	for i, sum := range sums {
		y[i] = T(sum)
	}
	return nil
}

func (s slowConvolve[T]) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(slowConvolveGrad[T]{of: s}, len(in), append(in[:len(in):len(in)], dy)...)
}

// slowConvolveGrad computes all gradients, wanted or not.
type slowConvolveGrad[T Float] struct {
	of slowConvolve[T]
	last
}

func (g slowConvolveGrad[T]) String() string { return g.of.String() + "Grad" }

func (slowConvolveGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, len(in)) }

func (slowConvolveGrad[T]) Shape(in ...tensor.Shape) (shapes []tensor.Shape, err error) {
	for _, s := range in[:len(in)-1] {
		shapes = append(shapes, s.Clone())
	}
	return shapes, nil
}

func (g slowConvolveGrad[T]) Run(out, in []gorgonia.Value) error {
	x, w, dy := Slice[T](in[0]), Slice[T](in[1]), Slice[T](in[len(in)-1])
	dx, dw := make([]float64, len(x)), make([]float64, len(w))
	g.of.each(in[0].Shape(), in[1].Shape(), in[len(in)-1].Shape(), func(at, xt, wt int) {
		dx[xt] += float64(dy[at]) * float64(w[wt])
		dw[wt] += float64(dy[at]) * float64(x[xt])
	})
	grads := [][]float64{dx, dw}
	if len(in) == 4 {
		db := make([]float64, in[2].Shape()[0])
		for at, d := range dy {
			db[at%len(db)] += float64(d)
		}
		grads = append(grads, db)
	}
	for i, grad := range grads {
		for k, v := range grad {
			Slice[T](out[i])[k] = T(v)
		}
	}
	return nil
}
