package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// CosFace is a softmax cross-entropy with a margin (Wang et al., 2018), of the
// cosines between rows and the directions of the classes: what Normalize and
// InnerProducts make of an embedding and of a weight matrix (C,E).
//
//	cos (N,C), labels (N) int -> loss, scalar
//	loss = mean over n of log(sum over c of exp(x[c])) - x[labels[n]]
//	x[c] = Scale·(cos[n,c] - (Margin if c == labels[n]))
//
// Each run also stores in Hits, if it is set, how many of the N rows have their
// largest cosine at the label. Its plain twin is stock's CosFace.
type CosFace[T Float] struct {
	Hits   *int
	Scale  float64 // s in the paper, above 0
	Margin float64 // m in the paper, 0 or more
}

func (c CosFace[T]) String() string {
	return fmt.Sprintf("CosFace{Scale:%v Margin:%v}", c.Scale, c.Margin)
}

func (CosFace[T]) Accepts(in []tensor.Dtype) error { return labelled[T](in, 2) }

// Shape wants (N,C) and (N), and keeps the probabilities (N,C) for Grad.
func (c CosFace[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	cos, labels := in[0], in[1]
	switch {
	case !(c.Scale > 0):
		return nil, fmt.Errorf("the scale is not above 0")
	case !(c.Margin >= 0):
		return nil, fmt.Errorf("the margin is below 0")
	case len(cos) != 2 || len(labels) != 1 || cos[0] != labels[0]:
		return nil, fmt.Errorf("wants cosines (N,C) and labels (N), got %v and %v", cos, labels)
	}
	return []tensor.Shape{{}, cos.Clone()}, nil
}

// Run refuses a label that is not a class.
func (c CosFace[T]) Run(out, in []gorgonia.Value) error {
	s, labels := in[0].Shape(), ints(in[1])
	for i, label := range labels {
		if label < 0 || label >= s[1] {
			return fmt.Errorf("graph: CosFace: row %d has label %d, outside 0 ... %d", i, label, s[1]-1)
		}
	}
	loss, hits := kernel.CosFace(s[0], s[1], Slice[T](in[0]), labels, c.Scale, c.Margin, Slice[T](out[1]))
	Slice[T](out[0])[0] = loss
	if c.Hits != nil {
		*c.Hits = hits
	}
	return nil
}

// Grad needs only the probabilities that Run has kept.
func (c CosFace[T]) Grad(in gorgonia.Nodes, loss, dloss *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	p, err := Output(loss, 1)
	if err != nil {
		return nil, err
	}
	dcos, err := Apply(cosFaceGrad[T]{Scale: c.Scale}, p, in[1], dloss)
	return gorgonia.Nodes{dcos, nil}, err
}

// cosFaceGrad is CosFace's gradient by the cosines:
//
//	p (N,C), labels (N), dloss -> dcos (N,C) = Scale·(p - onehot(labels))·dloss/N
type cosFaceGrad[T Float] struct {
	Scale float64
	likeFirst
}

func (g cosFaceGrad[T]) String() string { return fmt.Sprintf("CosFaceGrad{Scale:%v}", g.Scale) }

func (cosFaceGrad[T]) Accepts(in []tensor.Dtype) error { return labelled[T](in, 3) }

func (g cosFaceGrad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.CosFaceGrad(s[0], s[1], Slice[T](in[0]), ints(in[1]), g.Scale, Slice[T](in[2])[0], Slice[T](out[0]))
	return nil
}
