package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Softmax turns rows of logits, along the last axis, into probabilities:
//
//	x (N,...,C) -> p (N,...,C), p[n,c] = exp(x[n,c]) / sum(exp(x[n]))
//
// Its plain twin is stock's Softmax.
type Softmax[T Float] struct{}

func (Softmax[T]) String() string { return "Softmax" }

func (Softmax[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants (N,C), with any axes between.
func (Softmax[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(in[0]) < 2 {
		return nil, fmt.Errorf("wants logits (N,C) or (N,...,C), got %v", in[0])
	}
	return []tensor.Shape{in[0].Clone()}, nil
}

func (Softmax[T]) Run(out, in []gorgonia.Value) error {
	rows, columns := rowsAlong(in[0].Shape())
	kernel.Softmax(rows, columns, Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad needs only the probabilities.
func (Softmax[T]) Grad(_ gorgonia.Nodes, p, dp *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(softmaxGrad[T]{}, 1, p, dp)
}

// softmaxGrad is Softmax's gradient:
//
//	p (N,...,C), dp (N,...,C) -> dx[n,c] = p[n,c]·(dp[n,c] - sum(dp[n]·p[n]))
type softmaxGrad[T Float] struct{ likeFirst }

func (softmaxGrad[T]) String() string { return "SoftmaxGrad" }

func (softmaxGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (softmaxGrad[T]) Run(out, in []gorgonia.Value) error {
	rows, columns := rowsAlong(in[0].Shape())
	kernel.SoftmaxGrad(rows, columns, Slice[T](in[0]), Slice[T](in[1]), Slice[T](out[0]))
	return nil
}

// rowsAlong are how many rows of how many columns a shape has along its last axis.
func rowsAlong(s tensor.Shape) (rows, columns int) {
	columns = s[len(s)-1]
	return s.TotalSize() / columns, columns
}
