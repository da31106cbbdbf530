package graph

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// GaussianNoise adds noise, normally distributed around 0:
//
//	x (N,...) -> y = x + Deviation·normal
//
// It is drawn anew at each run, from two numbers of Source's, in blocks that do not
// depend on the number of threads. It belongs into training graphs only.
type GaussianNoise[T Float] struct {
	Deviation float64     // 0 or more
	Source    rand.Source // as Dropout's
}

func (n GaussianNoise[T]) String() string {
	return fmt.Sprintf("GaussianNoise{Deviation:%v}", n.Deviation)
}

func (GaussianNoise[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants a deviation that is one.
func (n GaussianNoise[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !(n.Deviation >= 0) {
		return nil, fmt.Errorf("the deviation is not 0 or more")
	}
	return []tensor.Shape{in[0].Clone()}, nil
}

func (n GaussianNoise[T]) Run(out, in []gorgonia.Value) error {
	y := Slice[T](out[0])
	kernel.Normal(y, before(n.Source, in[0].Shape()), n.Deviation, n.Source.Uint64(), n.Source.Uint64())
	kernel.Add(y, y, Slice[T](in[0]))
	return nil
}

// Grad is dy: the noise is there whatever x is.
func (n GaussianNoise[T]) Grad(_ gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{dy}, nil
}
