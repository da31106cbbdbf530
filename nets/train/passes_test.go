package train_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data/augment"
	"stheno/nets/train"
)

// TestPassesAreEpochsWithoutTheirEnds: the same orders, distortions and bits.
func TestPassesAreEpochsWithoutTheirEnds(t *testing.T) {
	rows := images(50, toy.Input, 3)
	for _, balanced := range []bool{false, true} {
		var want [32]byte
		for i, plan := range []train.Plan{{Epochs: 6}, {Epochs: 3, Repeat: 2}, {Epochs: 1, Repeat: 6}} {
			plan.Batch, plan.Shuffle, plan.Seed, plan.Augment, plan.Balanced = 20, true, 3, strong, balanced
			m := newModel(t, toy, tensor.Float32)
			fit(t, m, rows, plan)
			got := sum(t, m)
			if i == 0 {
				want = got
			}
			if got != want {
				t.Errorf("balanced %v: %d epochs of %d passes: weights %x, want %x", balanced, plan.Epochs, plan.Repeat, got[:4], want[:4])
			}
		}
	}
}

// TestViews: each row once more, and distorted in its own way.
func TestViews(t *testing.T) {
	rows := images(20, toy.Input, 3)
	loss := func(views int, spec augment.Spec) (loss float64) {
		plan := train.Plan{Epochs: 1, Steps: 1, Batch: 20, Views: views, Augment: spec, Seed: 1}
		plan.Callbacks = []train.Callback{each{Batch: func(s *train.Stats) error {
			loss = s.BatchLoss
			if s.Rows != 20*views {
				t.Errorf("%d rows in %d views", s.Rows, views)
			}
			return nil
		}}}
		fit(t, newModel(t, toy, tensor.Float32), rows, plan)
		return loss
	}
	if one, two := loss(1, augment.Spec{}), loss(2, augment.Spec{}); math.Abs(one-two) > 1e-6 {
		t.Errorf("loss %v of one view, %v of two equal ones", one, two)
	}
	if one, two := loss(1, strong), loss(2, strong); math.Abs(one-two) < 1e-4 {
		t.Errorf("loss %v of one view, %v of two different ones", one, two)
	}
}
