package graph

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
)

// Dropout sets each element to zero with probability Rate and scales the rest
// so that the expected value stays (Srivastava et al., 2014):
//
//	x -> y = x·mask, mask = 0 or 1/(1-Rate)
//
// The mask is drawn anew from Source at each run, element after element, so
// the source's state is all that a resumed run needs. It belongs into training
// graphs only. It has no stock twin: Gorgonia's seeds itself from the clock.
type Dropout[T Float] struct {
	Rate   float64
	Source rand.Source // a Shared one, where several processes have a batch together
}

// Shared is a source of noise for some of a batch's rows: the masks of the rows
// that other processes have are drawn too, and dropped, so that each row sees the
// noise that it would see in one process.
type Shared interface {
	rand.Source
	Others() (before, after int) // rows of the batch that stand before and after these
}

func (d Dropout[T]) String() string { return fmt.Sprintf("Dropout{Rate:%v}", d.Rate) }

// Shape wants a rate in [0,1); the second output is the mask.
func (d Dropout[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !(d.Rate >= 0 && d.Rate < 1) {
		return nil, fmt.Errorf("the rate is not in [0,1)")
	}
	return []tensor.Shape{in[0].Clone(), in[0].Clone()}, nil
}

func (d Dropout[T]) Run(out, in []gorgonia.Value) error {
	mask := Slice[T](out[1])
	drop, keep := uint64(d.Rate*(1<<32)), T(1/(1-d.Rate))
	before, after := d.others(len(mask) / in[0].Shape()[0])
	d.skip(before)
	for i := range mask {
		mask[i] = keep
		if d.Source.Uint64()>>32 < drop {
			mask[i] = 0
		}
	}
	d.skip(after)
	kernel.Scale(Slice[T](out[0]), Slice[T](in[0]), mask)
	return nil
}

// others is how many elements of width-element rows other processes have.
func (d Dropout[T]) others(width int) (before, after int) {
	if s, ok := d.Source.(Shared); ok {
		before, after = s.Others()
	}
	return before * width, after * width
}

func (d Dropout[T]) skip(n int) {
	for range n {
		d.Source.Uint64()
	}
}

// Grad scales by the mask of the same run.
func (d Dropout[T]) Grad(_ gorgonia.Nodes, y, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	mask, err := Output(y, 1)
	if err != nil {
		return nil, err
	}
	return applyGradient(dropoutGrad[T]{}, 1, mask, dy)
}

// dropoutGrad is Dropout's gradient: mask, dy -> dx = dy·mask.
type dropoutGrad[T Float] struct{ likeFirst }

func (dropoutGrad[T]) String() string { return "DropoutGrad" }

func (dropoutGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.Scale(Slice[T](out[0]), Slice[T](in[1]), Slice[T](in[0]))
	return nil
}
