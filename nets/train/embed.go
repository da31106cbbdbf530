package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/embedding"
)

// Embed gives the points that a model of an nets.Embedding, whatever comes behind
// it, makes of some rows. When ctx is done it stops with a *Stop. It refuses what
// Evaluate refuses, and rows that are not there.
func Embed(ctx context.Context, m *nets.Model, rows *data.Set, which []int) (embedding.Points, error) {
	var p embedding.Points
	if err := cmp.Or(checkContext(ctx), checkRows(m, rows, "the images")); err != nil {
		return p, err
	}
	if err := rows.Pick(which...).Check(); err != nil {
		return p, fmt.Errorf("train: the images: %w", err)
	}
	for len(which) > 0 {
		if ctx.Err() != nil {
			return p, interruption(ctx)
		}
		batch := rows.Pick(which[:min(EvaluationBatch, len(which))]...)
		program, err := m.Program(nets.Evaluation, len(batch.Rows))
		if err != nil {
			return p, err
		}
		decode(batch, program)
		if err := program.Run(); err != nil {
			return p, err
		}
		if err := appendPoints(&p, program); err != nil {
			return p, err
		}
		which = which[len(batch.Rows):]
	}
	return p, nil
}

// appendPoints adds what the last layer of length 1 has given.
func appendPoints(p *embedding.Points, program *nets.Program) error {
	for _, part := range program.Parts() {
		if part.Type != "Normalize" {
			continue
		}
		z := part.Nodes[len(part.Nodes)-1]
		p.Dims = z.Shape()[1]
		p.Labels = append(p.Labels, program.Labels()...)
		if z.Dtype() == tensor.Float32 {
			p.Values = append(p.Values, graph.Slice[float32](z.Value())...)
			return nil
		}
		for _, v := range graph.Slice[float64](z.Value()) {
			p.Values = append(p.Values, float32(v))
		}
		return nil
	}
	return errors.New("train: the network is no embedding: it has no layer Normalize")
}

// MeasureEmbedding tells the classes of images that a model has not seen, by those
// that it was trained on, in as many as embedding.MaxImages of each.
func MeasureEmbedding(ctx context.Context, m *nets.Model, seen, unseen *data.Set) (embedding.Quality, error) {
	if err := cmp.Or(checkRows(m, seen, "the images seen"), checkRows(m, unseen, "the images unseen")); err != nil {
		return embedding.Quality{}, err
	}
	references, err := Embed(ctx, m, seen, embedding.Spread(seen.Len(), embedding.MaxImages))
	if err != nil {
		return embedding.Quality{}, err
	}
	queries, err := Embed(ctx, m, unseen, embedding.Spread(unseen.Len(), embedding.MaxImages))
	if err != nil {
		return embedding.Quality{}, err
	}
	return embedding.Measure(references, queries), nil
}
