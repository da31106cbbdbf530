package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// SupCon is the supervised contrastive loss (Khosla et al., 2020: L_out, their
// equation 2) of rows of length 1, each against all others of the batch:
//
//	z (N,E), labels (N) int -> loss, scalar
//	loss = mean over i of mean over p in P(i) of -log(exp(z[i]·z[p]/Tau) / sum over a != i of exp(z[i]·z[a]/Tau))
//
// P(i) are the other rows with i's label: other images of the class, or other
// views of the image, which the op need not tell apart. A row without any is
// left out of the mean; a batch without pairs has the loss 0. The sums are
// shifted by their largest term, and cannot overflow.
//
// Each run also stores in Hits, if it is set, how many rows are nearest to
// their own class: see kernel.CountNeighbours. Its plain twin is stock's SupCon.
type SupCon[T Float] struct {
	Hits *int
	Tau  float64 // temperature, above 0
}

func (s SupCon[T]) String() string { return fmt.Sprintf("SupCon{Tau:%v}", s.Tau) }

func (SupCon[T]) Accepts(in []tensor.Dtype) error { return labelled[T](in, 2) }

// Shape keeps the gradient by the inner products (N,N) for Grad.
func (s SupCon[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !(s.Tau > 0) {
		return nil, fmt.Errorf("the temperature is not above 0")
	}
	return pairShapes(in)
}

func (s SupCon[T]) Run(out, in []gorgonia.Value) error {
	return runPairs(s, out, in, s.Hits, func(n int, labels []int, products []T) (T, int) {
		return kernel.SupCon(n, labels, s.Tau, products)
	})
}

// Grad needs what Run has kept.
func (SupCon[T]) Grad(in gorgonia.Nodes, loss, dloss *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return gradPairs[T](in, loss, dloss)
}

// Triplet is the batch-hard triplet loss (Hermans et al., 2017) with the squared
// distance of rows of length 1 (Schroff et al., 2015), d(i,j) = 2 - 2·z[i]·z[j]:
//
//	z (N,E), labels (N) int -> loss, scalar
//	loss = mean over i of max(0, Margin + largest d(i,p) of i's class - smallest d(i,q) of another)
//
// Of rows that are equally far the first counts. A row that has no other of its
// class in the batch, or none of another class, is left out of the mean; a batch
// without triplets has the loss 0. Where the loss of a row is exactly 0, so is
// its gradient.
//
// Hits is as in SupCon. Its plain twin is stock's Triplet.
type Triplet[T Float] struct {
	Hits   *int
	Margin float64 // above 0
}

func (t Triplet[T]) String() string { return fmt.Sprintf("Triplet{Margin:%v}", t.Margin) }

func (Triplet[T]) Accepts(in []tensor.Dtype) error { return labelled[T](in, 2) }

// Shape keeps the gradient by the inner products (N,N) for Grad.
func (t Triplet[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !(t.Margin > 0) {
		return nil, fmt.Errorf("the margin is not above 0")
	}
	return pairShapes(in)
}

func (t Triplet[T]) Run(out, in []gorgonia.Value) error {
	return runPairs(t, out, in, t.Hits, func(n int, labels []int, products []T) (T, int) {
		return kernel.Triplet(n, labels, t.Margin, products)
	})
}

// Grad needs what Run has kept.
func (Triplet[T]) Grad(in gorgonia.Nodes, loss, dloss *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	return gradPairs[T](in, loss, dloss)
}

func pairShapes(in []tensor.Shape) ([]tensor.Shape, error) {
	z, labels := in[0], in[1]
	if len(z) != 2 || len(labels) != 1 || z[0] != labels[0] {
		return nil, fmt.Errorf("wants rows (N,E) and labels (N), got %v and %v", z, labels)
	}
	return []tensor.Shape{{}, {z[0], z[0]}}, nil
}

// runPairs computes the inner products of all pairs, and of them the loss, which
// leaves its gradient in their place.
func runPairs[T Float](op Op, out, in []gorgonia.Value, hits *int, loss func(n int, labels []int, products []T) (T, int)) error {
	s, z, labels, products := in[0].Shape(), Slice[T](in[0]), ints(in[1]), Slice[T](out[1])
	for i, label := range labels {
		if label < 0 {
			return fmt.Errorf("graph: %s: row %d has label %d, below 0", op, i, label)
		}
	}
	kernel.Gemm(kernel.NoTrans, kernel.Trans, s[0], s[0], s[1], z, z, products)
	value, right := loss(s[0], labels, products)
	Slice[T](out[0])[0] = value
	if hits != nil {
		*hits = right
	}
	return nil
}

func gradPairs[T Float](in gorgonia.Nodes, loss, dloss *gorgonia.Node) (gorgonia.Nodes, error) {
	g, err := Output(loss, 1)
	if err != nil {
		return nil, err
	}
	dz, err := Apply(pairsGrad[T]{}, in[0], g, dloss)
	return gorgonia.Nodes{dz, nil}, err
}

// pairsGrad is the gradient by the rows of what has the gradient g by their
// inner products:
//
//	z (N,E), g (N,N), dloss -> dz (N,E) = (g + gᵀ)·z·dloss
type pairsGrad[T Float] struct{ last }

func (pairsGrad[T]) String() string { return "PairsGrad" }

func (pairsGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 3) }

// Shape returns that of dz, and of g + gᵀ as working memory.
func (pairsGrad[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{in[0].Clone(), in[1].Clone()}, nil
}

func (pairsGrad[T]) Run(out, in []gorgonia.Value) error {
	s := in[0].Shape()
	kernel.PairsGrad(s[0], s[1], Slice[T](in[1]), Slice[T](in[0]), Slice[T](in[2])[0], Slice[T](out[1]), Slice[T](out[0]))
	return nil
}
