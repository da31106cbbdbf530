package train

import (
	"context"
	"errors"

	"stheno/nets"
)

// settle gives an average of weights the states that belong to it: what they are to
// become in the batches of a pass over the training rows, in the mean. The rows come in
// the file's order, distorted as in the epoch's last pass; dropout's source is as before
// in the end. It changes nothing where the average has no states of its own.
func (f *fit) settle() (err error) {
	if !f.average.unsettled() {
		return nil
	}
	noise, err := f.model.Noise.MarshalBinary()
	if err != nil {
		return err
	}
	f.Settling = true
	defer func() {
		f.Settling = false
		err = errors.Join(err, f.model.Noise.UnmarshalBinary(noise))
	}()
	var means nets.StateMeans
	batches := f.rows.BatchCount(f.plan.Batch)
	for batch := range f.rows.Batches(f.plan.Batch, nil) {
		batch = f.viewed(batch)
		own := f.team.share(batch)
		p, err := f.model.Program(nets.Training, len(own.Rows))
		if err != nil {
			return err
		}
		f.decode(own, p)
		if err := means.Take(p, float64(len(batch.Rows))); err != nil {
			return err
		}
		f.TestBatch, f.TestBatches = batch.Index+1, batches
		if err := f.call(Callback.TestBatchEnd); err != nil {
			return err
		}
		if err := f.team.hear(f.ctx); err != nil {
			return err
		}
	}
	means.Set(f.model)
	return nil
}

// hear is stop, where no sum has told the ranks of one another.
func (t *team) hear(ctx context.Context) error {
	if t != nil {
		told := []float64{done(ctx)}
		if err := t.group.SumFloat64(told, nil); err != nil {
			return err
		}
		t.ended = t.ended || told[0] > 0
	}
	return t.stop(ctx)
}
