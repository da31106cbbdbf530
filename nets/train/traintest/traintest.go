// Package traintest is what the tests of the trainer, and of what stands on it, share:
// networks that train in microseconds, images for them, and the interruption of a run
// after every step.
package traintest

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

// Toy is a network that trains in microseconds.
var Toy = nets.Network{Name: "toy", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Dense{Units: 8, Activation: nets.ReLU},
	nets.Dense{Units: 3},
}}

// ToyConv has every kind of layer that has weights.
var ToyConv = nets.Network{Name: "toyconv", Input: [3]int{9, 8, 1}, Layers: []nets.Layer{
	nets.Conv2D{Filters: 5, Side: 3, Activation: nets.ReLU},
	nets.Conv2D{Filters: 7, Side: 3, Activation: nets.ReLU},
	nets.Flatten{},
	nets.Dense{Units: 11, Activation: nets.ReLU},
	nets.Dense{Units: 3},
}}

// Images are n random images of a size, each brighter in rows that belong to
// its label, so that there is something to learn.
func Images(n int, size [3]int, classes int) *data.Set {
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

func NewModel(t testing.TB, net nets.Network, dt tensor.Dtype) *nets.Model {
	t.Helper()
	m, err := nets.New(net, dt, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Fit trains and fails the test on any error.
func Fit(t testing.TB, m *nets.Model, rows *data.Set, plan train.Plan) train.Stats {
	t.Helper()
	stats, err := train.Fit(context.Background(), m, rows, train.NewAdam(0.001), plan)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// Sum is the SHA-256 of a model's weight file.
func Sum(t testing.TB, m *nets.Model) [32]byte {
	t.Helper()
	var file bytes.Buffer
	if err := m.WriteWeights(&file); err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(file.Bytes())
}

// MNIST is the real thing, read once.
var MNIST = sync.OnceValues(func() (*data.Dataset, error) { return data.Open("") })

// Each is a callback that does one thing after each batch.
type Each struct {
	train.Hooks
	Batch func(*train.Stats) error
}

func (e Each) BatchEnd(s *train.Stats) error { return e.Batch(s) }

// EachEpoch is a callback that does one thing after each epoch.
type EachEpoch struct {
	train.Hooks
	Do func(*train.Stats) error
}

func (c EachEpoch) EpochEnd(s *train.Stats) error { return c.Do(s) }
