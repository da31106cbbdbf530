package train_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
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
