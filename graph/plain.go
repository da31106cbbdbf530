package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// plain is an op in loops that share no code with what they are held against: the twin
// where Gorgonia has no such op, or computes it wrong. It computes in float64,
// and is slow on purpose.
type plain struct {
	name     string // with every setting
	of       tensor.Dtype
	shape    tensor.Shape // of y
	forward  func(y []float64, xs [][]float64)
	backward func(dxs [][]float64, dy []float64, xs [][]float64) // dxs are zero before
}

// apply adds the op to the graph of its inputs, and gives up as must does.
func (p plain) apply(xs ...*gorgonia.Node) *gorgonia.Node {
	p.of = xs[0].Dtype()
	return must(Apply(p, xs...))
}

func (p plain) String() string { return fmt.Sprintf("Plain{%s -> %v}", p.name, p.shape) }

func (p plain) Dtype() tensor.Dtype { return p.of }

func (p plain) Shape(...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{p.shape.Clone()}, nil
}

func (p plain) Run(out, in []gorgonia.Value) error {
	y := make([]float64, p.shape.TotalSize())
	p.forward(y, widened(in))
	narrow(out[0], y)
	return nil
}

func (p plain) Grad(in gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(plainGrad{p}, len(in), append(in[:len(in):len(in)], dy)...)
}

// plainGrad is the gradient: x1, x2 ..., dy -> dx1, dx2 ...
type plainGrad struct{ plain }

func (g plainGrad) String() string { return g.plain.String() + "Grad" }

func (g plainGrad) Shape(in ...tensor.Shape) (shapes []tensor.Shape, err error) {
	for _, s := range in[:len(in)-1] {
		shapes = append(shapes, s.Clone())
	}
	return shapes, nil
}

func (g plainGrad) Run(out, in []gorgonia.Value) error {
	xs := widened(in)
	dxs := make([][]float64, len(out))
	for i := range dxs {
		dxs[i] = make([]float64, len(xs[i]))
	}
	g.backward(dxs, xs[len(out)], xs[:len(out)])
	for i, dx := range dxs {
		narrow(out[i], dx)
	}
	return nil
}

func (plainGrad) Grad(in gorgonia.Nodes, out, dout *gorgonia.Node, wants []bool) (gorgonia.Nodes, error) {
	return last{}.Grad(in, out, dout, wants)
}

// widened are the numbers of values as float64.
func widened(values []gorgonia.Value) [][]float64 {
	all := make([][]float64, len(values))
	for i, v := range values {
		if v.Dtype() == tensor.Float64 {
			all[i] = Slice[float64](v)
			continue
		}
		for _, x := range Slice[float32](v) {
			all[i] = append(all[i], float64(x))
		}
	}
	return all
}

func narrow(v gorgonia.Value, numbers []float64) {
	if v.Dtype() == tensor.Float64 {
		copy(Slice[float64](v), numbers)
		return
	}
	for i, x := range numbers {
		Slice[float32](v)[i] = float32(x)
	}
}

// indices calls each index of a shape, the last axis first.
func indices(shape tensor.Shape, each func(index []int)) {
	index := make([]int, len(shape))
	for range shape.TotalSize() {
		each(index)
		for axis := len(shape) - 1; axis >= 0; axis-- {
			if index[axis]++; index[axis] < shape[axis] {
				break
			}
			index[axis] = 0
		}
	}
}

// placeOf is where an element stands in a shape; along an axis of 1 all are one.
func placeOf(index []int, shape tensor.Shape) int {
	at := 0
	for axis, size := range shape {
		at *= size
		if size > 1 {
			at += index[axis]
		}
	}
	return at
}
