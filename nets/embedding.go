package nets

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Embedding is a network that maps images to points on the unit sphere: net with
// a dense layer of so many units, of length 1, in place of its last layer, the
// head. The layers before, the trunk, have the names and shapes that they have
// in net, so that a model of either can take them from the other, and are frozen
// where net's are.
func Embedding(net Network, units int) Network {
	trunk := slices.Clone(trunk(net))
	frozen := slices.DeleteFunc(slices.Clone(net.Frozen), func(layer string) bool {
		first, _, _ := strings.Cut(layer, ".")
		return !slices.Contains(names(trunk), first) // the head's
	})
	return Network{Name: net.Name + "-embedding", Input: net.Input, Layers: append(trunk, Dense{Units: units}, Normalize{}), Frozen: frozen}
}

// trunk are all layers but the last.
func trunk(net Network) []Layer { return net.Layers[:max(0, len(net.Layers)-1)] }

// Normalize scales rows to length 1, in the L2 norm. It is not Keras's
// UnitNormalization, which multiplies a row shorter than 1e-12 by 1e12, where this
// gives zeros.
type Normalize struct{}

func init() { Register(Normalize{}) }

// Build adds the op.
func (Normalize) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Ops.Normalize(x)
}

// flops are none that count: three of a number.
func (Normalize) flops(_, _ []int) Operations { return Operations{} }

// Cosines are those between rows of length 1 and one direction for each class,
// which is learned:
//
//	x (N,E) · kernel (Units,E), its rows at length 1 -> (N,Units)
type Cosines struct {
	Units int `json:"units"` // how many directions; at least 1
}

func init() { Register(Cosines{}) }

// Build adds the kernel, whose length does not matter, and the products.
func (c Cosines) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if c.Units < 1 || x.Dims() != 2 {
		return nil, fmt.Errorf("%d units of %v: there must be at least 1, of rows (N,E)", c.Units, x.Shape())
	}
	in := x.Shape()[1]
	w, err := b.Ops.Normalize(b.Weight("kernel", GlorotUniform, Fans{in, c.Units}, c.Units, in))
	if err != nil {
		return nil, err
	}
	return b.Ops.InnerProducts(x, w)
}

// flops are E·Units multiply-adds.
func (c Cosines) flops(in, _ []int) Operations { return multiplyAdds(product(in) * c.Units) }

// Loss is what a model is trained for in place of the cross-entropy of its
// logits.
type Loss interface {
	// Loss adds the loss of a network's output for labels (N) to the graph;
	// after a run, hits says how many rows are right.
	Loss(ops graph.Ops, out, labels *gorgonia.Node) (loss *gorgonia.Node, hits func() int, err error)
}

// SupCon is the supervised contrastive loss of an Embedding; see graph.SupCon.
type SupCon struct {
	Tau float64 // temperature, above 0
}

// Loss adds the op.
func (s SupCon) Loss(ops graph.Ops, out, labels *gorgonia.Node) (*gorgonia.Node, func() int, error) {
	return ops.SupCon(out, labels, s.Tau)
}

// Triplet is the batch-hard triplet loss of an Embedding; see graph.Triplet.
type Triplet struct {
	Margin float64 // above 0
}

// Loss adds the op.
func (t Triplet) Loss(ops graph.Ops, out, labels *gorgonia.Node) (*gorgonia.Node, func() int, error) {
	return ops.Triplet(out, labels, t.Margin)
}

// CosFace is the margin softmax of Cosines behind an Embedding; see
// graph.CosFace.
type CosFace struct {
	Scale  float64 // above 0
	Margin float64 // 0 or more
}

// Loss adds the op.
func (c CosFace) Loss(ops graph.Ops, out, labels *gorgonia.Node) (*gorgonia.Node, func() int, error) {
	return ops.CosFace(out, labels, c.Scale, c.Margin)
}

// CopyTrunk makes the weights of one model's trunk, all layers of net but the
// last, those of another's. Each is a model of net, or of an Embedding of it.
func CopyTrunk(net Network, to, from *Model) error {
	if to == nil || from == nil {
		return errors.New("nets: CopyTrunk takes two models, one is nil")
	}
	for _, layer := range names(trunk(net)) {
		for _, w := range to.Weights {
			if !strings.HasPrefix(w.Name, layer+".") {
				continue
			}
			i := slices.IndexFunc(from.Weights, func(f Weight) bool { return f.Name == w.Name })
			if i < 0 || !from.Weights[i].Value.Shape().Eq(w.Value.Shape()) || from.dtype != to.dtype {
				return fmt.Errorf("nets: %s: has no %s as the %s's", from.Name, w.Name, to.Name)
			}
			if to.dtype == tensor.Float64 {
				copy(w.Value.Float64s(), from.Weights[i].Value.Float64s())
			} else {
				copy(w.Value.Float32s(), from.Weights[i].Value.Float32s())
			}
		}
	}
	return nil
}
