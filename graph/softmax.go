package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Softmax turns rows of logits into probabilities:
//
//	x (N,C) -> p (N,C), p[n,c] = exp(x[n,c]) / sum(exp(x[n]))
//
// Its plain twin is stock's Softmax.
type Softmax[T Float] struct{}

func (Softmax[T]) String() string { return "Softmax" }

func (Softmax[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants (N,C).
func (Softmax[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(in[0]) != 2 {
		return nil, fmt.Errorf("wants logits (N,C), got %v", in[0])
	}
	return []tensor.Shape{in[0].Clone()}, nil
}

func (Softmax[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.Softmax(s[0], s[1], Slice[T](in[0]), Slice[T](out[0]))
	return nil
}

// Grad needs only the probabilities.
func (Softmax[T]) Grad(_ gorgonia.Nodes, p, dp *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return applyGradient(softmaxGrad[T]{}, 1, p, dp)
}

// softmaxGrad is Softmax's gradient:
//
//	p (N,C), dp (N,C) -> dx[n,c] = p[n,c]·(dp[n,c] - sum(dp[n]·p[n]))
type softmaxGrad[T Float] struct{ likeFirst }

func (softmaxGrad[T]) String() string { return "SoftmaxGrad" }

func (softmaxGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (softmaxGrad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.SoftmaxGrad(s[0], s[1], Slice[T](in[0]), Slice[T](in[1]), Slice[T](out[0]))
	return nil
}
