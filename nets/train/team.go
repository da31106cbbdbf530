package train

import (
	"context"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/group"
)

// bucketBytes is how much of the gradients is summed at once. A weight of this
// size travels by itself, in place; smaller ones travel together, in a copy.
const bucketBytes = 1 << 20

// team is this process's part in a group that trains one model: it takes its
// rows of each batch, and makes the sum over all ranks of what it finds. A nil
// team is a process alone, which takes all rows and has nothing to add.
type team struct {
	group   group.Group
	model   *nets.Model
	weights []float64 // the part of each rank in the mean over the batch's rows
	narrow  []float32 // the same, for gradients of float32
	rows    int       // of the batch, in this rank's part
	ended   bool      // ctx is done on some rank, and all ranks know
	buckets []bucket
}

// bucket are the weights, from first to the one before end of those that are trained,
// whose gradients are summed together.
type bucket struct {
	first, end int
	copied     *tensor.Dense // their gradients, one after the other; nil for one weight alone
}

// newTeam plans the sums: last layer first, the order in which backpropagation
// finds the gradients.
func newTeam(g group.Group, m *nets.Model) *team {
	if g == nil || g.Size() == 1 {
		return nil
	}
	t := &team{group: g, model: m, weights: make([]float64, g.Size()), narrow: make([]float32, g.Size())}
	trained := m.Trained()
	for end := len(trained); end > 0; {
		first, bytes := end-1, int(trained[end-1].Value.MemSize())
		for ; first > 0 && bytes < bucketBytes; first-- {
			next := int(trained[first-1].Value.MemSize())
			if next >= bucketBytes {
				break
			}
			bytes += next
		}
		b := bucket{first: first, end: end}
		if end-first > 1 {
			size := bytes / int(m.Dtype().Size())
			b.copied = graph.NewArena(bytes).Tensor(m.Dtype(), tensor.Shape{size})
		}
		t.buckets = append(t.buckets, b)
		end = first
	}
	return t
}

// share is this rank's part of a batch. Where there are more ranks than rows,
// some have none: they compute the first row, which counts nothing then, so that
// dropout's source goes on everywhere.
func (t *team) share(batch data.Batch) data.Batch {
	if t == nil {
		return batch
	}
	n, size := len(batch.Rows), t.group.Size()
	for r := range size {
		first, end := group.Slice(n, r, size)
		t.weights[r] = float64(end-first) / float64(n)
		t.narrow[r] = float32(t.weights[r])
	}
	first, end := group.Slice(n, t.group.Rank(), size)
	t.rows = end - first
	if t.rows == 0 {
		first, end = 0, 1
	}
	t.model.Before = first
	batch.Rows = batch.Rows[first:end]
	return batch
}

// sum makes the gradients of p those of the whole batch, and returns the batch's
// score. Whether a rank has been told to end rides along.
func (t *team) sum(ctx context.Context, p *nets.Program, step int) (score, error) {
	own := scoreOf(p)
	if t == nil {
		return own, nil
	}
	for _, b := range t.buckets {
		if err := t.sumBucket(b, p.Gradients()[b.first:b.end]); err != nil {
			return score{}, err
		}
	}
	if t.rows == 0 {
		own = score{}
	}
	totals := []float64{own.loss * t.weights[t.group.Rank()], float64(own.hits), done(ctx)}
	if err := t.group.SumFloat64(totals, nil); err != nil {
		return score{}, err
	}
	t.ended = t.ended || totals[2] > 0
	total := score{totals[0], int(totals[1])}
	if step%compareEvery == 0 {
		return total, t.compare(step - 1)
	}
	return total, nil
}

func done(ctx context.Context) float64 {
	if ctx.Err() != nil {
		return 1
	}
	return 0
}

func (t *team) sumBucket(b bucket, gradients []gorgonia.ValueGrad) error {
	if t.model.Dtype() == tensor.Float64 {
		return sumGradients(t.group, b, gradients, t.weights)
	}
	return sumGradients(t.group, b, gradients, t.narrow)
}

func sumGradients[T graph.Float](g group.Group, b bucket, gradients []gorgonia.ValueGrad, weights []T) error {
	var all []T
	if b.copied != nil {
		all = graph.Slice[T](b.copied)
	}
	at := 0
	for _, vg := range gradients {
		grad, err := vg.Grad()
		if err != nil {
			return fmt.Errorf("train: sum over the ranks: %w", err)
		}
		if all == nil {
			return group.Sum(g, graph.Slice[T](grad), weights)
		}
		at += copy(all[at:], graph.Slice[T](grad))
	}
	if err := group.Sum(g, all, weights); err != nil {
		return err
	}
	at = 0
	for _, vg := range gradients {
		grad, _ := vg.Grad()
		at += copy(graph.Slice[T](grad), all[at:])
	}
	return nil
}

// stop says whether training has to end because ctx is done, here or on another
// rank: in a group, as of the last sum, so that all ranks say the same.
func (t *team) stop(ctx context.Context) error {
	switch {
	case t == nil && ctx.Err() == nil, t != nil && !t.ended:
		return nil
	case ctx.Err() == nil:
		return &Stop{Reason: "another rank was told to end", Cause: context.Canceled, Others: true}
	}
	return interruption(ctx)
}

// evaluate is Evaluate with the batches dealt out to the ranks. Each rank adds
// up all batches' scores in their order, so that the result has the bits of one
// process's. progress sees the own batches.
func (t *team) evaluate(ctx context.Context, m *nets.Model, rows *data.Set, progress func(batch, batches int) error) (Result, error) {
	if t == nil {
		return Evaluate(ctx, m, rows, progress)
	}
	if t.ended {
		return Result{}, t.stop(ctx)
	}
	batches := rows.BatchCount(EvaluationBatch)
	found := make([]float64, 2*batches+1) // loss and hits of each batch; whether a rank was told to end
	for batch := range rows.Batches(EvaluationBatch, nil) {
		if batch.Index%t.group.Size() != t.group.Rank() || ctx.Err() != nil {
			continue
		}
		s, err := evaluate(m, batch)
		if err != nil {
			return Result{}, err
		}
		found[2*batch.Index], found[2*batch.Index+1] = s.loss, float64(s.hits)
		if err := progress(batch.Index+1, batches); err != nil {
			return Result{}, err
		}
	}
	found[2*batches] = done(ctx)
	if err := t.group.SumFloat64(found, nil); err != nil {
		return Result{}, err
	}
	t.ended = t.ended || found[2*batches] > 0
	if stop := t.stop(ctx); stop != nil {
		return Result{}, stop
	}
	var mean mean
	for batch := range rows.Batches(EvaluationBatch, nil) {
		mean.add(score{found[2*batch.Index], int(found[2*batch.Index+1])}, len(batch.Rows))
	}
	return Result{mean.loss(), mean.accuracy()}, nil
}
