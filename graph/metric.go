package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// MetricOps are the part of Ops that metric learning is made of. The losses
// read labels (N) of type int; after a run, hits says how many rows are right.
type MetricOps interface {
	// Normalize scales the rows of x (N,E) to length 1.
	Normalize(x *gorgonia.Node) (*gorgonia.Node, error)

	// InnerProducts is x (N,E) · wᵀ, for w (C,E) -> (N,C).
	InnerProducts(x, w *gorgonia.Node) (*gorgonia.Node, error)

	// SupCon is the supervised contrastive loss of rows z (N,E) of length 1.
	SupCon(z, labels *gorgonia.Node, tau float64) (loss *gorgonia.Node, hits func() int, err error)

	// Triplet is the batch-hard triplet loss of rows z (N,E) of length 1.
	Triplet(z, labels *gorgonia.Node, margin float64) (loss *gorgonia.Node, hits func() int, err error)

	// CosFace is the margin softmax of cosines (N,C).
	CosFace(cos, labels *gorgonia.Node, scale, margin float64) (loss *gorgonia.Node, hits func() int, err error)
}

func (fused) Normalize(x *gorgonia.Node) (*gorgonia.Node, error) {
	return either(Normalize[float32]{}, Normalize[float64]{}, x)
}

func (fused) InnerProducts(x, w *gorgonia.Node) (*gorgonia.Node, error) {
	return either(InnerProducts[float32]{}, InnerProducts[float64]{}, x, w)
}

func (fused) SupCon(z, labels *gorgonia.Node, tau float64) (*gorgonia.Node, func() int, error) {
	hits := new(int)
	loss, err := either(SupCon[float32]{hits, tau}, SupCon[float64]{hits, tau}, z, labels)
	return loss, func() int { return *hits }, err
}

func (fused) Triplet(z, labels *gorgonia.Node, margin float64) (*gorgonia.Node, func() int, error) {
	hits := new(int)
	loss, err := either(Triplet[float32]{hits, margin}, Triplet[float64]{hits, margin}, z, labels)
	return loss, func() int { return *hits }, err
}

func (fused) CosFace(cos, labels *gorgonia.Node, scale, margin float64) (*gorgonia.Node, func() int, error) {
	hits := new(int)
	loss, err := either(CosFace[float32]{hits, scale, margin}, CosFace[float64]{hits, scale, margin}, cos, labels)
	return loss, func() int { return *hits }, err
}

func (stock) Normalize(x *gorgonia.Node) (*gorgonia.Node, error) {
	return stockNodes(Normalize[float32]{}, Normalize[float64]{}, gorgonia.Nodes{x}, func() *gorgonia.Node {
		s := x.Shape()
		norm := must(gorgonia.Sqrt(must(gorgonia.Sum(must(gorgonia.Square(x)), 1))))
		column := must(gorgonia.Reshape(must(gorgonia.Inverse(norm)), tensor.Shape{s[0], 1}))
		return must(gorgonia.BroadcastHadamardProd(x, column, nil, []byte{1}))
	})
}

func (stock) InnerProducts(x, w *gorgonia.Node) (*gorgonia.Node, error) {
	return stockNodes(InnerProducts[float32]{}, InnerProducts[float64]{}, gorgonia.Nodes{x, w}, func() *gorgonia.Node { return innerProducts(x, w) })
}

func innerProducts(x, w *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.Mul(x, must(gorgonia.Transpose(w, 1, 0))))
}

// SupCon is the sum over all pairs of weight[i,j]·(log(sum of exp(s[i]/tau)) - s[i,j]/tau).
func (stock) SupCon(z, labels *gorgonia.Node, tau float64) (*gorgonia.Node, func() int, error) {
	var products *gorgonia.Node
	loss, err := stockNodes(SupCon[float32]{Tau: tau}, SupCon[float64]{Tau: tau}, gorgonia.Nodes{z, labels}, func() *gorgonia.Node {
		products = innerProducts(z, z)
		s := must(gorgonia.HadamardProd(products, constant(z, 1/tau)))
		others := must(gorgonia.HadamardProd(must(gorgonia.Exp(s)), must(Apply(pairs{"others", z.Dtype()}, labels))))
		log := must(gorgonia.Log(must(gorgonia.Sum(others, 1))))
		weights := must(Apply(pairs{"positives", z.Dtype()}, labels))
		all := must(gorgonia.Sum(must(gorgonia.HadamardProd(must(gorgonia.Sum(weights, 1)), log))))
		own := must(gorgonia.Sum(must(gorgonia.HadamardProd(weights, s))))
		return must(gorgonia.Sub(all, own))
	})
	return loss, func() int { return countNeighbours(products.Value(), ints(labels.Value())) }, err
}

// Triplet is the mean of max(0, margin + 2·(largest s of another class) + 2·(largest -s of the own)),
// where 4 is taken off those that do not count: no product of rows of length 1 is below -1.
func (stock) Triplet(z, labels *gorgonia.Node, margin float64) (*gorgonia.Node, func() int, error) {
	var products *gorgonia.Node
	loss, err := stockNodes(Triplet[float32]{Margin: margin}, Triplet[float64]{Margin: margin}, gorgonia.Nodes{z, labels}, func() *gorgonia.Node {
		products = innerProducts(z, z)
		mask := func(kind string) *gorgonia.Node { return must(Apply(pairs{kind, z.Dtype()}, labels)) }
		nearest := must(gorgonia.Max(must(gorgonia.Sub(products, mask("not negative"))), 1))
		farthest := must(gorgonia.Max(must(gorgonia.Neg(must(gorgonia.Add(products, mask("not positive"))))), 1))
		sum := must(gorgonia.HadamardProd(must(gorgonia.Add(nearest, farthest)), constant(z, 2)))
		loss := must(gorgonia.Rectify(must(gorgonia.Add(sum, constant(z, margin)))))
		weights := must(gorgonia.Sum(mask("anchors"), 1))
		return must(gorgonia.Sum(must(gorgonia.HadamardProd(weights, loss))))
	})
	return loss, func() int { return countNeighbours(products.Value(), ints(labels.Value())) }, err
}

func (stock) CosFace(cos, labels *gorgonia.Node, scale, margin float64) (*gorgonia.Node, func() int, error) {
	loss, err := stockNodes(CosFace[float32]{Scale: scale, Margin: margin}, CosFace[float64]{Scale: scale, Margin: margin}, gorgonia.Nodes{cos, labels}, func() *gorgonia.Node {
		s := cos.Shape()
		target := must(Apply(oneHot{Classes: s[1], Of: cos.Dtype()}, labels))
		off := must(gorgonia.HadamardProd(target, constant(cos, margin)))
		x := must(gorgonia.HadamardProd(must(gorgonia.Sub(cos, off)), constant(cos, scale)))
		logs := must(gorgonia.Log(must(gorgonia.SoftMax(x))))
		sum := must(gorgonia.Sum(must(gorgonia.HadamardProd(target, logs))))
		return must(gorgonia.Mul(sum, constant(cos, -1/float64(s[0]))))
	})
	return loss, func() int { return countHits(cos.Value(), ints(labels.Value())) }, err
}

func countNeighbours(products gorgonia.Value, labels []int) int {
	if products.Dtype() == tensor.Float64 {
		return kernel.CountNeighbours(len(labels), Slice[float64](products), labels)
	}
	return kernel.CountNeighbours(len(labels), Slice[float32](products), labels)
}

// pairs says of each pair of rows what it counts in a stock loss:
// labels (N) -> (N,N).
type pairs struct {
	Kind string
	Of   tensor.Dtype
}

func (p pairs) Dtype() tensor.Dtype { return p.Of }
func (p pairs) String() string      { return fmt.Sprintf("Pairs{Kind:%s Of:%v}", p.Kind, p.Of) }

func (pairs) Accepts(in []tensor.Dtype) error { return labels(in) }

func (pairs) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if len(in[0]) != 1 {
		return nil, fmt.Errorf("wants labels (N), got %v", in[0])
	}
	return []tensor.Shape{{in[0][0], in[0][0]}}, nil
}

func (p pairs) Run(out, in []gorgonia.Value) error {
	labels := ints(in[0])
	n := len(labels)
	for i := range n {
		for j := range n {
			v := p.weight(i, j, labels)
			if p.Of == tensor.Float64 {
				Slice[float64](out[0])[i*n+j] = v
			} else {
				Slice[float32](out[0])[i*n+j] = float32(v)
			}
		}
	}
	return nil
}

func (p pairs) weight(i, j int, labels []int) float64 {
	positives := func(i int) (n int) {
		for j, l := range labels {
			if j != i && l == labels[i] {
				n++
			}
		}
		return n
	}
	rows := func(negatives bool) (n int) {
		for i := range labels {
			if positives(i) > 0 && (!negatives || positives(i) < len(labels)-1) {
				n++
			}
		}
		return n
	}
	same := labels[i] == labels[j]
	switch {
	case p.Kind == "others" && i != j:
		return 1
	case p.Kind == "positives" && i != j && same:
		return 1 / float64(positives(i)*rows(false))
	case p.Kind == "not negative" && same, p.Kind == "not positive" && (i == j || !same):
		return 4
	case p.Kind == "anchors" && i == j && positives(i) > 0 && positives(i) < len(labels)-1:
		return 1 / float64(rows(true))
	}
	return 0
}

// Grad is nothing: labels do not move.
func (pairs) Grad(gorgonia.Nodes, *gorgonia.Node, *gorgonia.Node, []bool) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{nil}, nil
}
