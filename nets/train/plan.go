package train

import (
	"fmt"
	"reflect"

	"stheno/data"
	"stheno/data/augment"
	"stheno/nets/group"
)

// Plan is how to train. Its zero value is Keras's fit without arguments, but for
// the order of the rows: there Shuffle is true.
type Plan struct {
	Epochs     int       // how many times to validate and take stock; 0 is 1
	Repeat     int       // passes over the rows in an epoch, each in an order of its own; 0 is 1
	Batch      int       // rows of a batch; more than there are rows is all of them; 0 is 32
	Steps      int       // stop after so many optimizer steps; 0 is no limit
	Shuffle    bool      // draw a new order each epoch; false is the file's order
	Seed       uint64    // of the orders and of the distortions
	Balanced   bool      // as many rows of each class in a batch: see data.Set.BalancedBatches
	Views      int       // how often each row of a batch is in it, beside the others; 0 is 1
	Phase      string    // of a run that has more than one; Stats tell it
	Validation *data.Set // evaluated after each epoch; nil is nothing
	From       Position  // where to go on; the zero value is the beginning
	Callbacks  []Callback

	Augment augment.Spec // how the training images are distorted; the zero value is not at all
	Group   group.Group  // the processes that train this model together; nil is this one alone
}

// EvaluationBatch is how many rows an evaluation takes at a time. It does not
// depend on the training batch, and so neither does a result.
const EvaluationBatch = 128

// orDefault is v, or what zero stands for.
func orDefault[T int | float64](v, zero T) T {
	if v == 0 {
		return zero
	}
	return v
}

// settled is the plan with its defaults in place of zeros, or what is wrong with
// it.
func (p Plan) settled() (Plan, error) {
	for _, n := range []struct {
		name  string
		value *int
		zero  int
	}{
		{"Epochs", &p.Epochs, 1}, {"Repeat", &p.Repeat, 1}, {"Batch", &p.Batch, 32}, {"Steps", &p.Steps, 0}, {"Views", &p.Views, 1},
		{"From.Step", &p.From.Step, 0}, {"From.Epoch", &p.From.Epoch, 0}, {"From.Batch", &p.From.Batch, 0},
	} {
		if *n.value < 0 {
			return p, fmt.Errorf("train: Plan.%s is %d: it must be 0 or more", n.name, *n.value)
		}
		*n.value = orDefault(*n.value, n.zero)
	}
	for i, c := range p.Callbacks {
		if isNil(c) {
			return p, fmt.Errorf("train: Plan.Callbacks[%d] is nil", i)
		}
	}
	if err := p.Augment.Check(); err != nil {
		return p, fmt.Errorf("train: Plan.Augment: %w", err)
	}
	return p, nil
}

// isNil says whether v is nil, or holds a nil pointer.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}
