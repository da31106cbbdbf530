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
// The mask is drawn anew at each run, from two numbers of Source's, so its
// state is all that a resumed run needs, and in blocks that do not depend on the
// number of threads. It belongs into training
// graphs only. It has no stock twin: Gorgonia's seeds itself from the clock.
type Dropout[T Float] struct {
	Rate   float64
	Source rand.Source // a Shared one, where several processes have a batch together
}

// Shared is a source of noise for some of a batch's rows, where other processes
// have the others: each row sees the noise that it would see in one process.
type Shared interface {
	rand.Source
	Before() int // rows of the batch that stand before these
}

func (d Dropout[T]) String() string { return fmt.Sprintf("Dropout{Rate:%v}", d.Rate) }

func (Dropout[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 1) }

// Shape wants a rate in [0,1); the second output is the mask.
func (d Dropout[T]) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	if !(d.Rate >= 0 && d.Rate < 1) {
		return nil, fmt.Errorf("the rate is not in [0,1)")
	}
	return []tensor.Shape{in[0].Clone(), in[0].Clone()}, nil
}

func (d Dropout[T]) Run(out, in []gorgonia.Value) error {
	mask := Slice[T](out[1])
	kernel.Mask(mask, before(d.Source, in[0].Shape()), d.Rate, T(1/(1-d.Rate)), d.Source.Uint64(), d.Source.Uint64())
	kernel.Scale(Slice[T](out[0]), Slice[T](in[0]), mask)
	return nil
}

// before is the place of the first of these elements in the noise of the whole batch.
func before(source rand.Source, shape tensor.Shape) int {
	if s, ok := source.(Shared); ok {
		return s.Before() * shape[1:].TotalSize()
	}
	return 0
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

func (dropoutGrad[T]) Accepts(in []tensor.Dtype) error { return floats[T](in, 2) }

func (dropoutGrad[T]) Run(out, in []gorgonia.Value) error {
	kernel.Scale(Slice[T](out[0]), Slice[T](in[1]), Slice[T](in[0]))
	return nil
}
