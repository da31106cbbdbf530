package train_test

import (
	"context"
	"math"
	"runtime"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data/augment"
	"stheno/graph/kernel"
	"stheno/nets/train"
)

// strong distorts toy's images of 4 x 3 so that nothing stays where it was.
var strong = augment.Spec{Affine: &augment.Affine{Rotate: 30, Scale: 0.2, Shear: 0.2, Shift: 1}, Elastic: &augment.Elastic{Alpha: 3, Sigma: 1}}

// An image's distortion has nothing to do with who makes it.
func TestDistortionsDoNotDependOnThreads(t *testing.T) {
	defer kernel.SetThreads(0)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rows := images(90, toyConv.Input, 3)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		var want [32]byte
		for i, threads := range []int{1, 2, 3, 8} {
			runtime.GOMAXPROCS(threads)
			kernel.SetThreads(threads)
			m := newModel(t, toyConv, dt)
			fit(t, m, rows, train.Plan{Epochs: 2, Batch: 40, Shuffle: true, Seed: 3, Augment: strong})
			if i == 0 {
				want = sum(t, m)
			}
			if got := sum(t, m); got != want {
				t.Errorf("%v with %d threads: weights %x, want %x", dt, threads, got[:4], want[:4])
			}
		}
	}
}

// Distortions change training, and are others in each epoch and of each seed; the
// validation rows stay as they are.
func TestDistortionsAreNew(t *testing.T) {
	rows := images(30, toy.Input, 3)
	losses := func(spec augment.Spec, seed uint64) (list []float64) {
		m, adam := newModel(t, toy, tensor.Float32), train.NewAdam(1e-30) // learns nothing: losses tell the images
		_, err := train.Fit(context.Background(), m, rows, adam, train.Plan{
			Epochs: 3, Batch: 30, Seed: seed, Validation: rows, Augment: spec,
			Callbacks: []train.Callback{each{Batch: func(s *train.Stats) error { list = append(list, s.BatchLoss); return nil }}},
		})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := train.Evaluate(context.Background(), m, rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		return append(list, plain.Loss)
	}
	plain, one, two := losses(augment.Spec{}, 1), losses(strong, 1), losses(strong, 2)
	if plain[0] != plain[1] || plain[1] != plain[2] {
		t.Errorf("without distortions: losses %v", plain)
	}
	if one[0] == one[1] || one[1] == one[2] || one[0] == plain[0] || one[0] == two[0] {
		t.Errorf("losses %v of seed 1, %v of seed 2, %v without distortions", one, two, plain)
	}
	if one[3] != plain[3] {
		t.Errorf("evaluation gives %v after distortions, %v without", one[3], plain[3])
	}
}

// TestDistortedRunGoesOn stops after every step and goes on from there.
func TestDistortedRunGoesOn(t *testing.T) {
	rows := images(20, toy.Input, 3)
	plan := train.Plan{Epochs: 3, Batch: 7, Shuffle: true, Seed: 5, Augment: strong}
	want := newModel(t, toy, tensor.Float32)
	fit(t, want, rows, plan)
	for stop := 1; stop < 9; stop++ {
		m, adam := newModel(t, toy, tensor.Float32), train.NewAdam(0.001)
		first := plan
		first.Steps = stop
		stats, err := train.Fit(context.Background(), m, rows, adam, first)
		if err != nil {
			t.Fatal(err)
		}
		second := plan
		second.From = stats.Position()
		if _, err := train.Fit(context.Background(), m, rows, adam, second); err != nil {
			t.Fatal(err)
		}
		if sum(t, m) != sum(t, want) {
			t.Errorf("stopped after step %d: other weights than a run that was left alone", stop)
		}
	}
}

// TestDistortionsDoNotDependOnTheBatch: the mean loss of an epoch in which nothing
// is learnt is that of the same images, in whatever batches and order they came.
func TestDistortionsDoNotDependOnTheBatch(t *testing.T) {
	rows := images(30, toy.Input, 3)
	loss := func(batch int, shuffle bool) float64 {
		stats, err := train.Fit(context.Background(), newModel(t, toy, tensor.Float32), rows, train.NewAdam(1e-30), train.Plan{
			Epochs: 1, Batch: batch, Shuffle: shuffle, Seed: 4, Augment: strong,
		})
		if err != nil {
			t.Fatal(err)
		}
		return stats.Loss
	}
	want := loss(30, false)
	for _, batch := range []int{30, 7, 1} {
		if got := loss(batch, true); math.Abs(got-want) > 1e-6 {
			t.Errorf("batches of %d: loss %v, expected %v", batch, got, want)
		}
	}
}
