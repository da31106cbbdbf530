package train

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"

	"stheno/data"
	"stheno/data/augment"
	"stheno/nets"
)

// Fit trains m on rows. It ends after the planned epochs, at the planned step or
// at a callback's wish, which are no errors: Stats.Stopped says why training
// ended before its epochs were done. When ctx is done it ends after the step
// that is running, with a *Stop as its error, which wraps ctx's cause. In all
// these cases it calls TrainEnd, and returns what is known of training at that
// moment. Another error says that model, rows, optimizer and plan do not fit each
// other, before anything is called; that the loss is no longer finite; that a
// callback failed; or that the machine did.
//
// In a group every rank calls Fit with the same model, rows and plan, but for
// Callbacks that do not stop training or change it: those that write and show are
// rank 0's alone. Each rank computes its part of every batch, and all make the
// same update; Stats are those of whole batches. Where ctx is done on one rank,
// all stop after the same step.
func Fit(ctx context.Context, m *nets.Model, rows *data.Set, opt Optimizer, plan Plan) (Stats, error) {
	plan, err := plan.settled()
	if err == nil {
		err = cmp.Or(checkContext(ctx), plan.check(m, rows, opt))
	}
	if err != nil {
		return Stats{}, err
	}
	f := &fit{ctx: ctx, model: m, rows: rows, opt: opt, plan: plan,
		average: AverageOf(plan.Callbacks), distort: newDistorter(plan.Augment, rows), team: newTeam(plan.Group, m)}
	f.Stats = plan.From.stats()
	f.Phase, f.Epochs, f.Steps, f.Batches = plan.Phase, plan.Epochs, plan.Steps, plan.Repeat*rows.BatchCount(plan.Batch)
	if f.Step == 0 {
		f.LearningRate = opt.LearningRate()
	}
	f.team.meet()
	defer f.team.part()
	err = f.call(Callback.TrainBegin)
	if err == nil {
		err = f.planned()
	}
	for err == nil && !f.Position().Done(plan.Epochs, plan.Steps) {
		err = f.epoch()
	}
	return f.Stats, f.end(err)
}

// end ends training in good order, unless it has failed: a planned end is no
// error, the end of ctx is.
func (f *fit) end(err error) error {
	stop := (*Stop)(nil)
	if err != nil && !errors.As(err, &stop) {
		f.failed()
		return err
	}
	if stop != nil && stop.Cause == nil {
		f.Stopped, err = stop.Reason, nil
	}
	f.average.enter()
	if failed := f.trainEnd(); failed != nil {
		return failed
	}
	return err
}

// fit is one call of Fit.
type fit struct {
	Stats
	pass  int // over the rows, from 1 through all epochs
	ctx   context.Context
	model *nets.Model
	rows  *data.Set
	opt   Optimizer
	plan  Plan

	average *Average           // nil without one
	distort *augment.Augmenter // nil for none
	team    *team              // nil for this process alone
}

// epoch trains on every row, once for each pass, and validates, or does what is left of that.
func (f *fit) epoch() error {
	if f.Whole || f.Epoch == 0 {
		f.Epoch++
		f.Batch, f.TestBatch, f.Validated, f.Whole, f.mean = 0, 0, false, false, mean{}
	}
	if err := f.call(Callback.EpochBegin); err != nil {
		return err
	}
	for batch := range f.batches() {
		if batch.Index < f.Batch {
			continue // done before the run was interrupted
		}
		if err := f.step(batch); err != nil {
			return err
		}
		if stop := f.stop(); stop != nil && f.Batch < f.Batches {
			return stop
		}
	}
	f.average.enter()
	defer f.average.leave()
	if err := f.settle(); err != nil {
		return err
	}
	if err := f.validate(); err != nil {
		return err
	}
	f.Whole = true
	if err := f.call(Callback.EpochEnd); err != nil {
		return err
	}
	return f.stop()
}

// batches are those of this epoch, pass after pass.
func (f *fit) batches() iter.Seq[data.Batch] {
	return func(yield func(data.Batch) bool) {
		each := f.Batches / f.plan.Repeat
		for pass := range f.plan.Repeat {
			f.pass = (f.Epoch-1)*f.plan.Repeat + pass + 1
			walk := f.rows.Batches
			if f.plan.Balanced {
				walk = f.rows.BalancedBatches
			}
			for batch := range walk(f.plan.Batch, f.order()) {
				batch.Index += pass * each
				if !yield(batch) {
					return
				}
			}
		}
	}
}

// order is the source of this pass's order, from the run's seed alone.
func (f *fit) order() *rand.Rand {
	if !f.plan.Shuffle {
		return nil
	}
	return rand.New(rand.NewPCG(f.plan.Seed, uint64(f.pass)))
}

// viewed is a batch with all its rows once more for each view.
func (f *fit) viewed(batch data.Batch) data.Batch {
	if f.plan.Views > 1 {
		batch.Rows = slices.Repeat(batch.Rows, f.plan.Views)
	}
	return batch
}

// step is one batch, from its pixels to the updated weights.
func (f *fit) step(batch data.Batch) error {
	batch = f.viewed(batch)
	own := f.team.share(batch)
	p, err := f.model.Program(nets.Training, len(own.Rows))
	if err != nil {
		return err
	}
	f.decode(own, p)
	if err := p.Run(); err != nil {
		return err
	}
	f.Step, f.Batch, f.Rows = f.Step+1, batch.Index+1, len(batch.Rows)
	total, err := f.team.sum(f.ctx, p, f.Step)
	if err != nil {
		return err
	}
	if err := f.count(total); err != nil {
		return err
	}
	p.UpdateStates()
	f.LearningRate = f.opt.LearningRate()
	if err := f.opt.Step(p.Gradients()); err != nil {
		return err
	}
	return f.call(Callback.BatchEnd)
}

// count takes note of a batch's loss and right answers.
func (f *fit) count(t score) error {
	f.BatchLoss, f.BatchAccuracy = t.loss, float64(t.hits)/float64(f.Rows)
	if !finite(f.BatchLoss) {
		return &DivergedError{f.Stats}
	}
	f.mean.add(t, f.Rows)
	f.Loss, f.Accuracy = f.mean.loss(), f.mean.accuracy()
	return nil
}

func (f *fit) validate() error {
	if f.plan.Validation == nil {
		return nil
	}
	result, err := f.team.evaluate(f.ctx, f.model, f.plan.Validation, func(batch, batches int) error {
		f.TestBatch, f.TestBatches = batch, batches
		return f.call(Callback.TestBatchEnd)
	})
	f.ValLoss, f.ValAccuracy, f.Validated = result.Loss, result.Accuracy, err == nil
	if err == nil && !finite(f.ValLoss) {
		return &DivergedError{f.Stats}
	}
	return err
}

// stop says whether training has to end after this step, and why.
func (f *fit) stop() error {
	if stop := f.team.stop(f.ctx); stop != nil {
		return stop
	}
	return f.planned()
}

// planned says whether the plan's steps are done.
func (f *fit) planned() error {
	if f.plan.Steps > 0 && f.Step >= f.plan.Steps {
		return &Stop{Reason: "the planned number of steps is done"}
	}
	return nil
}

// failed tells the callbacks that want to know it that training has failed.
func (f *fit) failed() {
	for _, c := range f.plan.Callbacks {
		if c, ok := c.(Failing); ok {
			c.TrainFailed(&f.Stats)
		}
	}
}

// trainEnd calls TrainEnd of every callback, also behind one that fails: what can
// still be saved is. It returns the first failure.
func (f *fit) trainEnd() (first error) {
	for _, c := range f.plan.Callbacks {
		err := c.TrainEnd(&f.Stats)
		if stop := (*Stop)(nil); first == nil && !errors.As(err, &stop) {
			first = err
		}
	}
	return first
}

// call calls one method of every callback. One that stops training does not keep
// the others from being called; a failure does.
func (f *fit) call(method func(Callback, *Stats) error) error {
	var first error
	for _, c := range f.plan.Callbacks {
		err := method(c, &f.Stats)
		if stop := (*Stop)(nil); errors.As(err, &stop) {
			if stop == nil { // a variable of this type that was never set
				continue
			}
			if first == nil {
				first = err
			}
			if stop.Cause == nil && !f.final {
				f.Stopped, f.final = stop.Reason, true
			}
		} else if err != nil {
			return err
		}
	}
	return first
}

// decode writes a batch of this pass into the memory that is bound to a
// program's inputs, distorted if the plan says so.
func (f *fit) decode(batch data.Batch, p *nets.Program) {
	if f.distort == nil {
		decode(batch, p)
		return
	}
	distort(f.distort, batch, p, augment.Key{Seed: f.plan.Seed, Epoch: f.pass}, f.plan.Views)
}
