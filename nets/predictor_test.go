package nets_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// TestPredictor: an image's scores are the same bits alone, among others, and
// beside other goroutines, and those of a program.
func TestPredictor(t *testing.T) {
	for _, network := range []nets.Network{nets.MLP([3]int{28, 28, 1}, 10), nets.CNN([3]int{28, 28, 1}, 10)} {
		m, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		const rows, size = 133, 28 * 28
		rng, images := rand.New(rand.NewPCG(3, 4)), make([]float32, rows*size)
		for i := range images {
			images[i] = float32(rng.IntN(256)) / 255
		}
		predictor := nets.NewPredictor(m)
		all, err := predictor.Predict(images)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for from := 0; from < rows; from += 7 {
			group.Go(func() {
				n := min(rows-from, 1+from%9)
				some, err := predictor.Predict(images[from*size : (from+n)*size])
				if err != nil {
					t.Error(err)
					return
				}
				if !slices.Equal(some.Logits, all.Logits[from*10:(from+n)*10]) || !slices.Equal(some.Probabilities, all.Probabilities[from*10:(from+n)*10]) {
					t.Errorf("%s: images %d to %d have other scores among %d", network.Name, from, from+n, rows)
				}
			})
		}
		group.Wait()
		p := program(t, m, nets.Prediction, 1)
		copy(p.Images().Data().([]float32), images[:size])
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.Probabilities().Data().([]float32), all.Probabilities[:10]) {
			t.Errorf("%s: the predictor is not the program", network.Name)
		}
		for _, wrong := range [][]float32{nil, images[:size-1], images[:size+1]} {
			if _, err := predictor.Predict(wrong); err == nil {
				t.Errorf("%d values are taken for images", len(wrong))
			}
		}
	}
}
