package train

import (
	"context"
	"errors"
	"fmt"

	"stheno/data"
	"stheno/nets"
)

// What a caller can get wrong is refused here, before anything is computed: a
// model, the rows that it is given, and a plan that do not fit each other.

// checkRows says what keeps m from being trained or tested on rows; what they
// are is said in the plural.
func checkRows(m *nets.Model, rows *data.Set, what string) error {
	if m == nil || m.Classes == 0 {
		return errors.New("train: there is no model: nets.New and nets.Load make one")
	}
	if err := rows.Check(); err != nil {
		return fmt.Errorf("train: %s: %w", what, err)
	}
	if err := checkSize(m.Network, rows.Shape(), what); err != nil {
		return err
	}
	if !classifies(m.Objective) {
		return nil
	}
	for row, label := range rows.Labels {
		if int(label) >= m.Classes {
			return fmt.Errorf("train: %s: row %d has label %d, but the %s has %d classes, 0 to %d", what, row, label, m.Name, m.Classes, m.Classes-1)
		}
	}
	return nil
}

// checkContext refuses a ctx that is nil, which nobody could end.
func checkContext(ctx context.Context) error {
	if ctx == nil {
		return errors.New("train: ctx is nil: take context.Background()")
	}
	return nil
}

// checkSize holds the size of images against the one that a network takes.
func checkSize(n nets.Network, shape [3]int, what string) error {
	if shape == n.Input {
		return nil
	}
	return fmt.Errorf("train: %s are %s, but the %s takes %s: resize them, or make the network for their size", what, size(shape), n.Name, size(n.Input))
}

// size is an image's, in words.
func size(shape [3]int) string { return fmt.Sprintf("%d x %d x %d", shape[0], shape[1], shape[2]) }

// classifies says whether a label names one of the model's outputs. A loss over
// pairs of rows only asks which labels are equal.
func classifies(o nets.Objective) bool {
	switch o.Loss.(type) {
	case nil, nets.CosFace, *nets.CosFace:
		return true
	}
	return false
}

// check says what keeps the plan from being carried out.
func (p Plan) check(m *nets.Model, rows *data.Set, opt Optimizer) error {
	if err := checkRows(m, rows, "the training images"); err != nil {
		return err
	}
	if p.Validation != nil {
		if err := checkRows(m, p.Validation, "the validation images"); err != nil {
			return err
		}
	}
	if len(m.Trained()) == 0 && len(m.Weights) > 0 {
		return fmt.Errorf("train: %s: %w", m.Name, nets.ErrAllFrozen)
	}
	if isNil(opt) {
		return errors.New("train: the optimizer is nil: take NewAdam(0.001), which has Keras's defaults")
	}
	if err := checkSolver(opt); err != nil {
		return err
	}
	if err := p.checkCallbacks(m, opt); err != nil {
		return err
	}
	if bound, ok := opt.(Bound); ok {
		if err := bound.Belongs(m); err != nil {
			return err
		}
	}
	if batches := p.Repeat * rows.BatchCount(p.Batch); !p.From.Whole && p.From.Batch > batches {
		return fmt.Errorf("train: Plan.From is behind batch %d of an epoch, but an epoch of this plan has %d: resume with the batch size and the images that training began with", p.From.Batch, batches)
	}
	return nil
}
