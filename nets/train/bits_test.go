package train_test

import (
	"fmt"
	"runtime"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

// TestSameBitsForAnyNumberOfThreads trains networks that are large enough for
// every kernel to cut its work into blocks.
func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer kernel.SetThreads(0)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	wide := nets.Network{Name: "wide", Input: [3]int{12, 11, 1}, Layers: []nets.Layer{
		nets.Dense{Units: 200, Activation: nets.ReLU},
		nets.Dropout{Rate: 0.2},
		nets.Dense{Units: 3},
	}}
	for _, net := range []nets.Network{wide, toyConv} {
		rows := images(90, net.Input, 3)
		var want [32]byte
		for i, threads := range []int{1, 2, 3, 8} {
			for _, procs := range []int{threads, 2} {
				runtime.GOMAXPROCS(procs)
				kernel.SetThreads(threads)
				m := newModel(t, net, tensor.Float32)
				start := sum(t, m)
				fit(t, m, rows, train.Plan{Epochs: 2, Batch: 40, Shuffle: true, Seed: 3, Validation: rows})
				got := sum(t, m)
				if i == 0 && procs == 1 {
					want = got
				}
				if got != want || got == start {
					t.Errorf("%s with %d threads, GOMAXPROCS %d: weights %x, want %x", net.Name, threads, procs, got[:4], want[:4])
				}
			}
		}
	}
}

// TestSeedExplainsTheRun: the same seed gives the same bits, another does not.
func TestSeedExplainsTheRun(t *testing.T) {
	seen := make(map[string]uint64)
	rows := images(30, toy.Input, 3)
	for _, seed := range []uint64{1, 2, 1, 3, 2} {
		m := newModel(t, toy, tensor.Float32)
		fit(t, m, rows, train.Plan{Epochs: 2, Batch: 7, Shuffle: true, Seed: seed})
		key := fmt.Sprintf("%x", sum(t, m))
		if before, ok := seen[key]; ok && before != seed {
			t.Errorf("seeds %d and %d give the same weights", before, seed)
		}
		seen[key] = seed
	}
	if len(seen) != 3 {
		t.Errorf("%d different models from three seeds", len(seen))
	}
}
