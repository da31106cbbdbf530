package graph

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// MergeOps are the part of Ops for branches that meet. Inputs have as many axes as each
// other, the first of them the batch; but for Concatenate, one of size 1 along another
// axis is repeated along it, as (N,1,1,C) beside (N,H,W,C).
type MergeOps interface {
	// Add is the sum of at least two inputs, rectified if relu.
	Add(relu bool, xs ...*gorgonia.Node) (*gorgonia.Node, error)

	// Subtract is a - b.
	Subtract(a, b *gorgonia.Node) (*gorgonia.Node, error)

	// Multiply is the product of at least two inputs.
	Multiply(xs ...*gorgonia.Node) (*gorgonia.Node, error)

	// Average is the mean of at least two inputs.
	Average(xs ...*gorgonia.Node) (*gorgonia.Node, error)

	// Maximum is the largest of at least two inputs; of equals the first has the gradient.
	Maximum(xs ...*gorgonia.Node) (*gorgonia.Node, error)

	// Minimum is the smallest of at least two inputs; of equals the first has the gradient.
	Minimum(xs ...*gorgonia.Node) (*gorgonia.Node, error)

	// Concatenate puts inputs side by side along an axis, and these are equal along
	// all others.
	Concatenate(axis int, xs ...*gorgonia.Node) (*gorgonia.Node, error)
}

func (fused) Add(relu bool, xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return merged(Add[float32]{relu}, Add[float64]{relu}, xs)
}

func (fused) Subtract(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return merged(Subtract[float32]{}, Subtract[float64]{}, gorgonia.Nodes{a, b})
}

func (fused) Multiply(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return merged(Multiply[float32]{}, Multiply[float64]{}, xs)
}

func (fused) Average(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return merged(Average[float32]{}, Average[float64]{}, xs)
}

func (fused) Maximum(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return merged(Extreme[float32]{}, Extreme[float64]{}, xs)
}

func (fused) Minimum(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return merged(Extreme[float32]{true}, Extreme[float64]{true}, xs)
}

func (fused) Concatenate(axis int, xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	if len(xs) == 0 {
		return nil, errNoInputs
	}
	return either(Concatenate[float32]{axis}, Concatenate[float64]{axis}, xs...)
}

var errNoInputs = errors.New("graph: nothing meets here: there are no inputs")

// merged applies an op to inputs that it wants of one shape.
func merged(op32, op64 Op, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	xs, err := alike(xs, func(x *gorgonia.Node, to tensor.Shape) (*gorgonia.Node, error) {
		return either(Broadcast[float32]{to}, Broadcast[float64]{to}, x)
	})
	if err != nil {
		return nil, err
	}
	return either(op32, op64, xs...)
}

// alike are inputs, each of the shape that they have together.
func alike(xs gorgonia.Nodes, broadcast func(*gorgonia.Node, tensor.Shape) (*gorgonia.Node, error)) (gorgonia.Nodes, error) {
	to, err := together(xs)
	if err != nil {
		return nil, err
	}
	xs = slices.Clone(xs)
	for i, x := range xs {
		if slices.Equal(x.Shape(), to) {
			continue
		}
		if xs[i], err = broadcast(x, to); err != nil {
			return nil, err
		}
	}
	return xs, nil
}

// together is the shape that inputs have where those of size 1 are repeated.
func together(xs gorgonia.Nodes) (tensor.Shape, error) {
	if len(xs) == 0 || slices.Contains(xs, nil) {
		return nil, errNoInputs
	}
	to := xs[0].Shape().Clone()
	for _, x := range xs[1:] {
		s := x.Shape()
		if len(s) != len(to) {
			return nil, fmt.Errorf("graph: inputs of %v and %v meet, of %d and %d axes: give them as many by Reshape", to, s, len(to), len(s))
		}
		for axis, size := range s {
			switch {
			case size == to[axis] || size == 1 && axis > 0:
			case to[axis] == 1 && axis > 0:
				to[axis] = size
			default:
				return nil, fmt.Errorf("graph: inputs of %v and %v meet, which differ along axis %d", to, s, axis)
			}
		}
	}
	return to, nil
}

// oneShape is that of all inputs, of which there must be at least so many.
func oneShape(in []tensor.Shape, least int) ([]tensor.Shape, error) {
	if len(in) < least {
		return nil, fmt.Errorf("wants at least %d inputs, got %d", least, len(in))
	}
	for _, s := range in[1:] {
		if !slices.Equal(s, in[0]) {
			return nil, fmt.Errorf("wants inputs of one shape, got %v", in)
		}
	}
	return []tensor.Shape{in[0].Clone()}, nil
}

// slicesOf are the numbers of values, nil where there is no value.
func slicesOf[T Float](values []gorgonia.Value) [][]T {
	all := make([][]T, len(values))
	for i, v := range values {
		if v != nil {
			all[i] = Slice[T](v)
		}
	}
	return all
}

// wantedShapes are the shapes of gradients, each its input's, nil where it is not wanted.
func wantedShapes(in []tensor.Shape, wants []bool) []tensor.Shape {
	shapes := make([]tensor.Shape, len(wants))
	for i, want := range wants {
		if want {
			shapes[i] = in[i].Clone()
		}
	}
	return shapes
}
