package train_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/group"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// normed are networks that normalize over the batch, of images and of rows.
var normed = []nets.Network{
	{Name: "images", Input: [3]int{6, 5, 2}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 3, Side: 3}, nets.BatchNormalization{}, nets.Conv2D{Filters: 4, Side: 2, Activation: nets.ReLU},
		nets.BatchNormalization{Momentum: 0.9}, nets.Dropout{Rate: 0.3}, nets.Flatten{}, nets.Dense{Units: 3},
	}},
	{Name: "rows", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
		nets.Flatten{}, nets.Dense{Units: 5}, nets.BatchNormalization{NoScale: true}, nets.Dense{Units: 4, Activation: nets.ReLU},
		nets.LayerNormalization{}, nets.BatchNormalization{NoCenter: true}, nets.Dense{Units: 3},
	}},
}

// TestRanksNormalizeByTheWholeBatch: over 30 steps ranks are one process in float64 to
// 1e-10, with shares of unequal length, and with ranks that have no row.
func TestRanksNormalizeByTheWholeBatch(t *testing.T) {
	for _, net := range normed {
		rows := images(31, net.Input, 3) // batches of 14, 14 and 3
		plan := train.Plan{Epochs: 10, Batch: 14, Shuffle: true, Seed: 3, Validation: rows}
		one := trainTogether(t, 1, net, tensor.Float64, rows, plan)[0]
		for _, n := range []int{2, 3, 4, 16} {
			for r, got := range trainTogether(t, n, net, tensor.Float64, rows, plan) {
				if d := furthest(got.model, one.model); !(d <= 1e-10) {
					t.Errorf("%s, rank %d of %d: a weight is off by %g after %d steps", net.Name, r, n, d, got.stats.Step)
				}
				if d, step := worst(got.losses, one.losses); !(d <= 1e-10) {
					t.Errorf("%s, rank %d of %d: the loss of step %d is off by %g", net.Name, r, n, step, d)
				}
				if math.Abs(got.stats.ValLoss-one.stats.ValLoss) > 1e-10 || got.model.Together != nil {
					t.Errorf("%s, rank %d of %d: %+v, want %+v", net.Name, r, n, got.stats, one.stats)
				}
			}
		}
	}
}

// tested is a callback that does one thing after each batch of a validation.
type tested struct {
	train.Hooks
	do func(*train.Stats) error
}

func (c tested) TestBatchEnd(s *train.Stats) error { return c.do(s) }

// normalizing has one batch normalization, of rows.
var normalizing = nets.Network{Name: "normalizing", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Flatten{}, nets.Dense{Units: 5}, nets.BatchNormalization{Momentum: 0.8}, nets.Dropout{Rate: 0.4}, nets.Dense{Units: 3},
}}

// momentsOf are the mean moments of a model's first dense layer over batches of four
// rows in order, weighed by their rows.
func momentsOf(m *nets.Model, pixels [][]float64) (mean, variance []float64) {
	k, b := m.Weights[0].Value.Float64s(), m.Weights[1].Value.Float64s()
	mean, variance = make([]float64, len(b)), make([]float64, len(b))
	for batch := range slices.Chunk(pixels, 4) {
		for u := range b {
			var sum, squares float64
			for _, row := range batch {
				h := b[u]
				for i, x := range row {
					h += x * k[i*len(b)+u]
				}
				sum += h
				squares += h * h
			}
			n := float64(len(batch))
			mean[u] += sum / float64(len(pixels))
			variance[u] += (squares/n - sum/n*sum/n) * n / float64(len(pixels))
		}
	}
	return mean, variance
}

// averaged trains the network as a rank, of one or more, with an average.
func averaged(t *testing.T, ranks int, a train.Average, more ...train.Callback) []*nets.Model {
	t.Helper()
	models := make([]*nets.Model, ranks)
	traintest.Together(ranks, func(g group.Group) {
		m := newModel(t, normalizing, tensor.Float64)
		average := a
		average.Model = m
		rows := images(10, normalizing.Input, 3)
		_, err := train.Fit(t.Context(), m, rows, train.NewAdam(0.001), train.Plan{Epochs: 4, Batch: 4, Shuffle: true, Seed: 5, Validation: rows, Group: g,
			Callbacks: append([]train.Callback{&average}, more...)})
		if err != nil {
			t.Error(err)
		}
		models[g.Rank()] = m
	})
	return models
}

// TestAveragedWeightsHaveTheirOwnMoments with -swa, those of a pass over the training
// rows, alone and in a group; a moving average keeps those of training, as Keras's.
func TestAveragedWeightsHaveTheirOwnMoments(t *testing.T) {
	rows := images(10, normalizing.Input, 3)
	var pixels [][]float64
	for batch := range rows.Batches(10, nil) {
		for i := range batch.Rows {
			row, _ := batch.Row(i)
			var x []float64
			for _, v := range row {
				x = append(x, float64(v)/255)
			}
			pixels = append(pixels, x)
		}
	}
	settling := 0
	pass := tested{do: func(s *train.Stats) error {
		if s.Settling {
			settling++
		}
		return nil
	}}
	one := averaged(t, 1, train.Average{Last: 2}, pass)[0]
	if settling != 2*3 {
		t.Errorf("%d batches of passes are told, want those of two epochs", settling)
	}
	mean, variance := momentsOf(one, pixels)
	wantNear(t, "the moving mean of -swa", one.States()[0].Value.Float64s(), mean)
	wantNear(t, "the moving variance of -swa", one.States()[1].Value.Float64s(), variance)
	for _, n := range []int{2, 5} {
		for r, m := range averaged(t, n, train.Average{Last: 2}) {
			if d := furthest(m, one); !(d <= 1e-10) {
				t.Errorf("rank %d of %d is off by %g", r, n, d)
			}
		}
	}

	ema, plain := averaged(t, 1, train.Average{Decay: 0.9})[0], averaged(t, 1, train.Average{Decay: 1e-300})[0]
	for i, s := range ema.States() {
		wantNear(t, "the states of -ema", s.Value.Float64s(), plain.States()[i].Value.Float64s())
	}
	if slices.Equal(ema.Weights[0].Value.Float64s(), plain.Weights[0].Value.Float64s()) {
		t.Error("-ema has averaged no weights")
	}
}

// TestNormalizationsResume: after every step, with both averages and the best weights.
func TestNormalizationsResume(t *testing.T) {
	net := normalizing
	net.Layers = slices.Delete(slices.Clone(net.Layers), 3, 4) // whose dropout these snapshots do not hold
	for name, a := range map[string]train.Average{"none": {}, "ema": {Decay: 0.9}, "swa": {Last: 3}} {
		t.Run(name, func(t *testing.T) {
			traintest.CheckResumeOf(t, net, func(m *nets.Model, adam *train.Adam) []train.Callback {
				callbacks := []train.Callback{&train.EarlyStopping{Model: m, Monitor: "accuracy", Mode: "max", Patience: 9}}
				if average := a; name != "none" {
					average.Model = m
					callbacks = append([]train.Callback{&average}, callbacks...)
				}
				return callbacks
			}, nil)
		})
	}
}

// TestSettlingIsInterrupted: training that ends in the pass leaves dropout's source, and
// the trained weights, as they were before it.
func TestSettlingIsInterrupted(t *testing.T) {
	net := normalizing
	net.Layers = append([]nets.Layer{nets.Dropout{Rate: 0.2}}, net.Layers...) // which the pass has draw
	m := newModel(t, net, tensor.Float64)
	ctx, cancel := context.WithCancelCause(t.Context())
	average := &train.Average{Model: m, Last: 1}
	var before []byte
	note := each{Batch: func(*train.Stats) (err error) {
		before, err = m.Noise.MarshalBinary()
		return err
	}}
	end := tested{do: func(s *train.Stats) error {
		if s.Settling {
			cancel(errors.New("told"))
		}
		return nil
	}}
	rows := images(10, normalizing.Input, 3)
	_, err := train.Fit(ctx, m, rows, train.NewAdam(0.01), train.Plan{Batch: 4, Validation: rows, Callbacks: []train.Callback{average, note, end}})
	stop := (*train.Stop)(nil)
	if after, _ := m.Noise.MarshalBinary(); !errors.As(err, &stop) || !slices.Equal(after, before) {
		t.Errorf("%v; the source is the same: %v", err, slices.Equal(after, before))
	}
}
