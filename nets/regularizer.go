package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"stheno/nets/keras"
)

// Regularizer is a penalty of large numbers in the loss, as Keras's L1, L2 and L1L2:
//
//	L1 · the sum of their absolute values + L2 · the sum of their squares
//
// Zero is none.
type Regularizer struct {
	L1, L2 float64 // 0 or more
}

// MarshalJSON writes what Keras's configs say of it, and null for none.
func (r Regularizer) MarshalJSON() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return keras.WriteRegularizer(r.L1, r.L2), nil
}

// UnmarshalJSON reads what MarshalJSON writes, or Keras's config of the same one.
func (r *Regularizer) UnmarshalJSON(text []byte) error {
	l1, l2, err := keras.ReadRegularizer(text)
	if err != nil {
		return err
	}
	*r = Regularizer{l1, l2}
	return r.check()
}

func (r Regularizer) check() error {
	const most = 1e30 // beyond it float32 has no squares
	if !(r.L1 >= 0 && r.L2 >= 0 && r.L1 <= most && r.L2 <= most) {
		return fmt.Errorf("a regularizer of L1 %g and L2 %g: both must be 0 or more", r.L1, r.L2)
	}
	return nil
}

// penalty is what a layer adds to the loss.
type penalty struct {
	Regularizer
	of *gorgonia.Node
}

// Penalty adds what a regularizer says of a weight of the layer's, or of what it gives,
// to the loss of training and of evaluation, as Keras does. Of what it gives, it is the
// mean over the images; the weights of a frozen layer have none.
func (b *Builder) Penalty(r Regularizer, of *gorgonia.Node) {
	if err := r.check(); err != nil && b.refused == nil {
		b.refused = err
	}
	if r == (Regularizer{}) || of == nil || b.refused != nil {
		return
	}
	if !slices.Contains(b.weights, of) {
		rows := float64(of.Shape()[0])
		r.L1, r.L2 = r.L1/rows, r.L2/rows
	} else if b.Frozen() {
		return
	}
	b.penalties = append(b.penalties, penalty{r, of})
}

// penalize adds the layers' penalties to a loss.
func (b *Builder) penalize(loss *gorgonia.Node) (*gorgonia.Node, error) {
	for _, p := range b.penalties {
		var err error
		if p.L1 > 0 {
			loss, err = b.Ops.L1(loss, p.L1, p.of)
		}
		if p.L2 > 0 && err == nil {
			loss, err = b.Ops.L2(loss, p.L2, p.of)
		}
		if err != nil {
			return nil, err
		}
	}
	return loss, nil
}

// rectified says whether the op of a layer with this activation, and with this penalty of
// what it gives, is to rectify. Where there is a penalty, a ReLU that follows is another
// layer's.
func (r Regularizer) rectified(b *Builder, a Activation) bool {
	if r != (Regularizer{}) {
		return a == ReLU
	}
	return a.rectified(b)
}

// after is what the layer gives then, for what its op has given.
func (r Regularizer) after(b *Builder, a Activation, y *gorgonia.Node, rectified bool) (_ *gorgonia.Node, err error) {
	if !rectified {
		y, err = a.after(b, y)
	}
	b.Penalty(r, y)
	return y, err
}

// Penalized says whether a layer has a Regularizer that counts.
func (m *Model) Penalized() bool { return m.penalized }
