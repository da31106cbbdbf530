package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// Reshape gives each image's numbers another shape, as Keras's:
//
//	x (N,...) -> (N,To...)
type Reshape struct {
	To []int `json:"target_shape"` // of an image; one size may be -1: as much as there is
}

func init() { registerKeras(Reshape{}) }

// Build adds a view; no number is moved.
func (r Reshape) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	numbers := x.Shape()[1:].TotalSize()
	to, open, known := append([]int{x.Shape()[0]}, r.To...), -1, 1
	for i, size := range r.To {
		switch {
		case size == -1 && open < 0:
			open = i + 1
		case size < 1:
			return nil, fmt.Errorf("it cannot make %v: each size must be at least 1, or for one of them -1", r.To)
		default:
			known *= size
		}
	}
	if open > 0 && numbers%known == 0 {
		to[open] = numbers / known
		known = numbers
	}
	if known != numbers || len(r.To) == 0 || slices.Contains(to, 0) {
		return nil, fmt.Errorf("it cannot make %v of the %d numbers of %v", r.To, numbers, x.Shape()[1:])
	}
	return b.Ops.Reshape(x, to...)
}

// flops are none: numbers are moved.
func (Reshape) flops(_, _ []int) Operations { return Operations{} }
