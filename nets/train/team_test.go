package train_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/group"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// trained is what a rank has at the end.
type trained struct {
	losses []float64
	model  *nets.Model
	stats  train.Stats
	err    error
}

func trainTogether(t *testing.T, n int, net nets.Network, dt tensor.Dtype, rows *data.Set, plan train.Plan) []trained {
	ranks := make([]trained, n)
	traintest.Together(n, func(g group.Group) {
		r, plan := &ranks[g.Rank()], plan
		r.model = newModel(t, net, dt)
		plan.Group = g
		plan.Callbacks = []train.Callback{each{Batch: func(s *train.Stats) error {
			r.losses = append(r.losses, s.BatchLoss)
			return nil
		}}}
		r.stats, r.err = train.Fit(context.Background(), r.model, rows, train.NewAdam(0.001), plan)
	})
	for r := range ranks {
		if ranks[r].err != nil {
			t.Fatalf("rank %d of %d: %v", r, n, ranks[r].err)
		}
	}
	return ranks
}

// noisy has noise of every kind, and penalties of weights and of what layers give.
var noisy = nets.Network{Name: "noisy", Input: toyConv.Input, Layers: []nets.Layer{
	nets.GaussianNoise{Stddev: 0.2},
	nets.Conv2D{Filters: 3, Side: 3},
	nets.SpatialDropout2D{Rate: 0.4},
	nets.Dense{Units: 4, KernelRegularizer: nets.Regularizer{L1: 0.01, L2: 0.02}, ActivityRegularizer: nets.Regularizer{L1: 0.1, L2: 0.2}},
	nets.Dense{Units: 3, BiasRegularizer: nets.Regularizer{L2: 0.1}},
}}

// TestRanksEqualOneProcess: in mathematics, and so in float64 to 1e-10 over more
// than 50 steps, with a short last batch that leaves most ranks without a row, and
// with dropout.
func TestRanksEqualOneProcess(t *testing.T) {
	rows := images(79, toy.Input, 3) // batches of 26, 26, 26 and one row
	tall := images(40, toyConv.Input, 3)
	for _, c := range []struct {
		net  nets.Network
		rows *data.Set
	}{{toy, rows}, {traintest.Dropping, rows}, {toyConv, tall}, {noisy, tall}} {
		plan := train.Plan{Epochs: 14, Batch: 26, Shuffle: true, Seed: 3, Validation: c.rows}
		one := trainTogether(t, 1, c.net, tensor.Float64, c.rows, plan)[0]
		for _, n := range []int{2, 3, 4, 30} {
			for r, got := range trainTogether(t, n, c.net, tensor.Float64, c.rows, plan) {
				if d := furthest(got.model, one.model); !(d <= 1e-10) {
					t.Errorf("%s, rank %d of %d: a weight is off by %g after %d steps", c.net.Name, r, n, d, got.stats.Step)
				}
				if d, step := worst(got.losses, one.losses); !(d <= 1e-10) {
					t.Errorf("%s, rank %d of %d: the loss of step %d is off by %g", c.net.Name, r, n, step, d)
				}
				if got.stats.Step != one.stats.Step || got.stats.ValAccuracy != one.stats.ValAccuracy || got.stats.Accuracy != one.stats.Accuracy ||
					math.Abs(got.stats.ValLoss-one.stats.ValLoss) > 1e-10 {
					t.Errorf("%s, rank %d of %d: %+v, want %+v", c.net.Name, r, n, got.stats, one.stats)
				}
			}
		}
	}
}

func furthest(a, b *nets.Model) (d float64) {
	for i, w := range a.Weights {
		for j, v := range w.Value.Float64s() {
			d = max(d, math.Abs(v-b.Weights[i].Value.Float64s()[j]))
		}
	}
	return d
}

// TestRanksHaveTheSameBits: all ranks, and at each repetition.
func TestRanksHaveTheSameBits(t *testing.T) {
	rows := images(50, traintest.Dropping.Input, 3)
	for _, n := range []int{2, 3, 4} {
		sums := make(map[[32]byte]bool)
		for range 3 {
			for _, r := range trainTogether(t, n, traintest.Dropping, tensor.Float32, rows, train.Plan{Epochs: 3, Batch: 16, Shuffle: true, Validation: rows}) {
				sums[sum(t, r.model)] = true
			}
		}
		if len(sums) != 1 {
			t.Errorf("%d ranks end with %d different models", n, len(sums))
		}
	}
}

// TestEvaluationOfRanksHasTheBitsOfOneProcess, where rows are many batches.
func TestEvaluationOfRanksHasTheBitsOfOneProcess(t *testing.T) {
	rows, few := images(700, toy.Input, 3), images(9, toy.Input, 3)
	for _, n := range []int{1, 2, 3, 8} {
		traintest.Together(n, func(g group.Group) {
			m := newModel(t, toy, tensor.Float32)
			s, err := train.Fit(context.Background(), m, few, train.NewAdam(0.001), train.Plan{Epochs: 1, Batch: 9, Validation: rows, Group: g})
			if err != nil {
				t.Error(err)
			}
			want, err := train.Evaluate(t.Context(), m, rows, nil)
			if got := (train.Result{Loss: s.ValLoss, Accuracy: s.ValAccuracy}); got != want || err != nil {
				t.Errorf("rank %d of %d: %v, want %v, %v", g.Rank(), n, got, want, err)
			}
		})
	}
}

// TestRanksStopTogether: where one is told to, at the same step.
func TestRanksStopTogether(t *testing.T) {
	rows := images(40, toy.Input, 3)
	steps, others := make([]int, 3), make([]bool, 3)
	traintest.Together(3, func(g group.Group) {
		ctx, cancel := context.WithCancelCause(context.Background())
		tell := each{Batch: func(s *train.Stats) error {
			if g.Rank() == 1 && s.Step == 5 {
				cancel(errors.New("told"))
			}
			return nil
		}}
		s, err := train.Fit(ctx, newModel(t, toy, tensor.Float32), rows, train.NewAdam(0.001), train.Plan{Epochs: 9, Batch: 8, Validation: rows, Group: g, Callbacks: []train.Callback{tell}})
		stop := (*train.Stop)(nil)
		if !errors.As(err, &stop) {
			t.Errorf("rank %d: %v", g.Rank(), err)
			return
		}
		steps[g.Rank()], others[g.Rank()] = s.Step, stop.Others
	})
	if want := []int{5, 5, 5}; !slices.Equal(steps, want) && !slices.Equal(steps, []int{6, 6, 6}) {
		t.Errorf("stopped after the steps %v", steps)
	}
	if !slices.Equal(others, []bool{true, false, true}) {
		t.Errorf("told from elsewhere: %v", others)
	}
}

// TestUnequalWeightsAreFound: of a rank whose memory has lost a bit.
func TestUnequalWeightsAreFound(t *testing.T) {
	rows := images(40, toy.Input, 3)
	traintest.Together(3, func(g group.Group) {
		m := newModel(t, toy, tensor.Float32)
		fault := each{Batch: func(s *train.Stats) error {
			if g.Rank() == 2 && s.Step == 7 {
				m.Weights[0].Value.Float32s()[3] += 1e-4
			}
			return nil
		}}
		s, err := train.Fit(context.Background(), m, rows, train.NewAdam(0.001), train.Plan{Epochs: 90, Batch: 8, Group: g, Callbacks: []train.Callback{fault}})
		if unequal := (*train.UnequalError)(nil); !errors.As(err, &unequal) || s.Step != 100 {
			t.Errorf("rank %d: %v at step %d", g.Rank(), err, s.Step)
		} else if !strings.Contains(err.Error(), "after step 99 the weights of rank 2 are not those of rank 0") {
			t.Error(err)
		}
	})
}
