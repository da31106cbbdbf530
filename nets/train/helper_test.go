package train_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

// toy is a network that trains in microseconds.
var toy = nets.Network{Name: "toy", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Dense{Units: 8, Activation: nets.ReLU},
	nets.Dense{Units: 3},
}}

// toyConv has every kind of layer that has weights.
var toyConv = nets.Network{Name: "toyconv", Input: [3]int{9, 8, 1}, Layers: []nets.Layer{
	nets.Conv2D{Filters: 5, Side: 3, Activation: nets.ReLU},
	nets.Conv2D{Filters: 7, Side: 3, Activation: nets.ReLU},
	nets.Flatten{},
	nets.Dense{Units: 11, Activation: nets.ReLU},
	nets.Dense{Units: 3},
}}

// images are n random images of a size, each brighter in rows that belong to
// its label, so that there is something to learn.
func images(n int, size [3]int, classes int) *data.Set {
	rng := rand.New(rand.NewPCG(uint64(n), 99))
	s := &data.Set{Height: size[0], Width: size[1], Channels: size[2]}
	for range n {
		label := rng.IntN(classes)
		s.Labels = append(s.Labels, uint8(label))
		for y := range size[0] {
			for range size[1] * size[2] {
				v := rng.IntN(128)
				if y%classes == label {
					v += 127
				}
				s.Pixels = append(s.Pixels, uint8(v))
			}
		}
	}
	return s
}

func newModel(t testing.TB, net nets.Network, dt tensor.Dtype) *nets.Model {
	t.Helper()
	m, err := nets.New(net, dt, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fit trains and fails the test on any error.
func fit(t testing.TB, m *nets.Model, rows *data.Set, plan train.Plan) train.Stats {
	t.Helper()
	stats, err := train.Fit(context.Background(), m, rows, train.NewAdam(0.001), plan)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// sum is the SHA-256 of a model's weight file.
func sum(t testing.TB, m *nets.Model) [32]byte {
	t.Helper()
	var file bytes.Buffer
	if err := m.WriteWeights(&file); err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(file.Bytes())
}

// mnist is the real thing, read once.
var mnist = sync.OnceValues(func() (*data.Dataset, error) { return data.Open("") })

// each is a callback that does one thing after each batch.
type each struct {
	train.Hooks
	batch func(*train.Stats) error
}

func (e each) BatchEnd(s *train.Stats) error { return e.batch(s) }
