package run_test

import (
	"context"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets/group"
	"stheno/nets/run"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// TestHandOut: a rank that has nothing of rank 0's goes on with its bits.
func TestHandOut(t *testing.T) {
	rows := images(40, traintest.Dropping.Input, 3)
	sums := make([][32]byte, 2)
	var at [2]train.Position
	traintest.Together(2, func(g group.Group) {
		m, adam := newModel(t, traintest.Dropping, tensor.Float32), train.NewAdam(0.001)
		rate := &train.LearningRateSchedule{Optimizer: adam, Schedule: func(step int) float64 { return 0.001 / float64(step+1) }}
		parts := run.Parts{Model: m, Optimizer: adam, Callbacks: []train.Callback{rate}}
		var from train.Position
		if g.Rank() == 0 {
			s, err := train.Fit(context.Background(), m, rows, adam, train.Plan{Epochs: 1, Batch: 8, Steps: 3, Callbacks: parts.Callbacks})
			if err != nil {
				t.Error(err)
			}
			from = s.Position()
			parts.Callbacks = append(parts.Callbacks, &train.Stopwatch{}) // which rank 1 has not
		}
		from, err := run.HandOut(g, parts, run.Config{}, from)
		if err != nil {
			t.Error(err)
		}
		at[g.Rank()] = from
		if _, err := train.Fit(context.Background(), m, rows, adam, train.Plan{Epochs: 3, Batch: 8, From: from, Group: g, Callbacks: parts.Callbacks[:1]}); err != nil {
			t.Error(err)
		}
		sums[g.Rank()] = sum(t, m)
	})
	if at[0] != at[1] || at[0].Step != 3 {
		t.Errorf("positions %+v and %+v", at[0], at[1])
	}
	if sums[0] != sums[1] {
		t.Error("the ranks end with different weights")
	}
}
