package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// CrossEntropy is the mean cross-entropy of logits against integer labels,
// through a softmax of its own that cannot overflow:
//
//	x (N,C), labels (N) int -> loss, scalar
//	loss = mean over n of log(sum(exp(x[n]))) - x[n,labels[n]]
//
// With Smoothing, that share of each label is spread over all C classes, as
// Keras's label_smoothing does (Szegedy et al., 2016): the loss is then held
// against targets of 1-Smoothing+Smoothing/C at the label and Smoothing/C
// elsewhere.
//
// Each run also stores in Hits, if it is set, how many of the N rows have
// their largest logit at the label. Its plain twin is stock's CrossEntropy.
type CrossEntropy[T Float] struct {
	Hits      *int
	Smoothing float64 // in [0,1)
}

func (e CrossEntropy[T]) String() string { return smoothed("CrossEntropy", e.Smoothing) }

// smoothed is an op's String; without smoothing the name says it all.
func smoothed(name string, smoothing float64) string {
	if smoothing == 0 {
		return name
	}
	return fmt.Sprintf("%s{Smoothing:%v}", name, smoothing)
}

func (CrossEntropy[T]) Accepts(in []tensor.Dtype) error { return labelled[T](in, 2) }

// Shape wants (N,C) and (N), and keeps the probabilities (N,C) for Grad.
func (e CrossEntropy[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	x, labels := in[0], in[1]
	if !(e.Smoothing >= 0 && e.Smoothing < 1) {
		return nil, fmt.Errorf("the smoothing is not in [0,1)")
	}
	if len(x) != 2 || len(labels) != 1 || x[0] != labels[0] {
		return nil, fmt.Errorf("wants logits (N,C) and labels (N), got %v and %v", x, labels)
	}
	return []tensor.Shape{{}, x.Clone()}, nil
}

// Run refuses a label that is not a class: data can bring one.
func (e CrossEntropy[T]) Run(out, in []gorgonia.Value) error {
	s, labels := in[0].Shape(), ints(in[1])
	for i, label := range labels {
		if label < 0 || label >= s[1] {
			return fmt.Errorf("graph: CrossEntropy: row %d has label %d, outside 0 ... %d", i, label, s[1]-1)
		}
	}
	loss, hits := kernel.CrossEntropy(s[0], s[1], Slice[T](in[0]), labels, e.Smoothing, Slice[T](out[1]))
	Slice[T](out[0])[0] = loss
	if e.Hits != nil {
		*e.Hits = hits
	}
	return nil
}

// Grad needs only the probabilities that Run has kept.
func (e CrossEntropy[T]) Grad(in gorgonia.Nodes, loss, dloss *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	p, err := Output(loss, 1)
	if err != nil {
		return nil, err
	}
	dx, err := Apply(crossEntropyGrad[T]{Smoothing: e.Smoothing}, p, in[1], dloss)
	return gorgonia.Nodes{dx, nil}, err
}

// crossEntropyGrad is CrossEntropy's gradient by the logits:
//
//	p (N,C), labels (N), dloss -> dx (N,C) = (p - target)·dloss/N
//	target = (1-Smoothing)·onehot(labels) + Smoothing/C
type crossEntropyGrad[T Float] struct {
	Smoothing float64
	likeFirst
}

func (g crossEntropyGrad[T]) String() string { return smoothed("CrossEntropyGrad", g.Smoothing) }

func (crossEntropyGrad[T]) Accepts(in []tensor.Dtype) error { return labelled[T](in, 3) }

func (g crossEntropyGrad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.CrossEntropyGrad(s[0], s[1], Slice[T](in[0]), ints(in[1]), g.Smoothing, Slice[T](in[2])[0], Slice[T](out[0]))
	return nil
}
