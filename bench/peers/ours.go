package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"stheno/data"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/train"
)

// newModel always draws the same weights.
func newModel(net nets.Network) (*nets.Model, error) {
	return nets.New(net, graph.DtypeOf[float32](), rand.New(rand.NewPCG(1, 0)))
}

// wholeBatches is the part of s that makes batches of one size: a short one
// would be a step of another kind.
func wholeBatches(s *data.Set, batch int) (*data.Set, error) {
	rows := s.Len() / batch * batch
	if rows == 0 {
		return nil, fmt.Errorf("-batch %d: there are only %d images", batch, s.Len())
	}
	whole := *s
	whole.Pixels, whole.Labels = s.Pixels[:rows*s.Height*s.Width*s.Channels], s.Labels[:rows]
	return &whole, nil
}

// ours is our side of a task, from the initial weights, and what ends it.
func (s *session) ours(t task, net nets.Network) (turn, func(), error) {
	m, err := newModel(net)
	if err != nil {
		return nil, func() {}, err
	}
	if t.name == "train" {
		next, stop := iter.Pull2(steps(m, s.set.Train, t.batch))
		return func(n int) (answer, error) { return trainingSteps(next, n) }, stop, nil
	}
	t1, err := predictor(m, s.set.Train, t.batch)
	return t1, func() {}, err
}

// trainingSteps runs train.Fit from one BatchEnd to the next, n times.
func trainingSteps(next func() (float64, error, bool), n int) (a answer, err error) {
	for range n {
		began := time.Now()
		loss, err, ok := next()
		if err != nil || !ok {
			return a, fmt.Errorf("our training has ended: %w", err)
		}
		a.Seconds = append(a.Seconds, time.Since(began).Seconds())
		a.Losses = append(a.Losses, loss)
	}
	return a, nil
}

// steps is train.Fit without an end, which yields each step's loss.
func steps(m *nets.Model, rows *data.Set, batch int) iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		_, err := train.Fit(context.Background(), m, rows, train.NewAdam(0.001), train.Plan{
			Epochs: math.MaxInt, Batch: batch, Callbacks: []train.Callback{lend{yield: yield}},
		})
		if err != nil {
			yield(0, err)
		}
	}
}

// lend hands control to whoever asked for the step.
type lend struct {
	train.Hooks
	yield func(float64, error) bool
}

func (l lend) BatchEnd(s *train.Stats) error {
	if !l.yield(s.BatchLoss, nil) {
		return &train.Stop{Reason: "no more steps are wanted"}
	}
	return nil
}

// predictor predicts the first rows of a set, again and again.
func predictor(m *nets.Model, rows *data.Set, batch int) (turn, error) {
	p, err := m.Program(nets.Prediction, batch)
	if err != nil {
		return nil, err
	}
	first := make([]int, batch)
	for i := range first {
		first[i] = i
	}
	images := make([]float32, len(graph.Slice[float32](p.Images())))
	data.Decode(rows.Pick(first...), images, nil)
	return func(n int) (a answer, err error) {
		for range n {
			began := time.Now()
			copy(graph.Slice[float32](p.Images()), images)
			if err := p.Run(); err != nil {
				return a, err
			}
			a.Seconds = append(a.Seconds, time.Since(began).Seconds())
		}
		a.Probabilities = slices.Clone(graph.Slice[float32](p.Probabilities()))
		return a, nil
	}, nil
}
