package train

import (
	"cmp"
	"context"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// Result is what an evaluation finds.
type Result struct {
	Loss     float64 // mean cross-entropy over the rows, in nats
	Accuracy float64 // share of the rows whose largest logit is the label's
}

// Evaluate runs m over rows, without training it. progress, if there is one,
// is called after each batch. When ctx is done it stops with a *Stop. It refuses
// rows that are not the model's: images of another size, labels beyond its
// classes.
func Evaluate(ctx context.Context, m *nets.Model, rows *data.Set, progress func(batch, batches int) error) (Result, error) {
	if err := cmp.Or(checkContext(ctx), checkRows(m, rows, "the images")); err != nil {
		return Result{}, err
	}
	var mean mean
	batches := rows.BatchCount(EvaluationBatch)
	for batch := range rows.Batches(EvaluationBatch, nil) {
		if ctx.Err() != nil {
			return Result{}, interruption(ctx)
		}
		s, err := evaluate(m, batch)
		if err != nil {
			return Result{}, err
		}
		mean.add(s, len(batch.Rows))
		if progress == nil {
			continue
		}
		if err := progress(batch.Index+1, batches); err != nil {
			return Result{}, err
		}
	}
	return Result{mean.loss(), mean.accuracy()}, nil
}

// evaluate is the score of one batch.
func evaluate(m *nets.Model, batch data.Batch) (score, error) {
	p, err := m.Program(nets.Evaluation, len(batch.Rows))
	if err != nil {
		return score{}, err
	}
	decode(batch, p)
	if err := p.Run(); err != nil {
		return score{}, err
	}
	return scoreOf(p), nil
}

// decode writes a batch into the memory that is bound to a program's inputs: the
// numbers of data.Decode, on all threads.
func decode(batch data.Batch, p *nets.Program) {
	if images := p.Images(); images.Dtype() == tensor.Float64 {
		decodeRows(batch, graph.Slice[float64](images), p.Labels())
	} else {
		decodeRows(batch, graph.Slice[float32](images), p.Labels())
	}
}

func decodeRows[T graph.Float](batch data.Batch, images []T, labels []int) {
	kernel.Rows(len(batch.Rows), func(i int) {
		pixels, label := batch.Row(i)
		kernel.Decode(pixels, images[i*len(pixels):(i+1)*len(pixels)])
		labels[i] = label
	})
}
