package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/group"
	"stheno/nets/train"
)

// hall is where ranks that are goroutines of this process meet: the mathematics
// of a group without MPI, which cmd/internal/faults has the real thing of.
type hall struct {
	mu      sync.Mutex
	come    sync.Cond
	round   int
	arrays  []any // of those who have come
	waiting int
}

type member struct {
	*hall
	group.Alone // Local
	rank, size  int
}

func (m member) Rank() int         { return m.rank }
func (m member) Size() int         { return m.size }
func (m member) Name(r int) string { return fmt.Sprintf("rank %d", r) }
func (m member) Abort(int)         { panic("a rank aborts the group") }

// meet waits until all have come with x, and has the last one call work.
func (m member) meet(x any, work func(all []any)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.arrays == nil {
		m.arrays = make([]any, m.size)
	}
	m.arrays[m.rank] = x
	if m.waiting++; m.waiting == m.size {
		work(m.arrays)
		m.arrays, m.waiting = nil, 0
		m.round++
		m.come.Broadcast()
		return
	}
	for round := m.round; round == m.round; {
		m.come.Wait()
	}
}

func sumAll[T float32 | float64](m member, x, weights []T) error {
	m.meet(x, func(all []any) {
		total := make([]T, len(x))
		for r, a := range all {
			for i, v := range a.([]T) {
				if weights != nil {
					v *= weights[r]
				}
				total[i] += v
			}
		}
		for _, a := range all {
			copy(a.([]T), total)
		}
	})
	return nil
}

func (m member) SumFloat32(x, weights []float32) error { return sumAll(m, x, weights) }
func (m member) SumFloat64(x, weights []float64) error { return sumAll(m, x, weights) }
func (m member) Barrier() error                        { m.meet(nil, func([]any) {}); return nil }
func (m member) Broadcast(p []byte) error {
	m.meet(p, func(all []any) {
		for _, a := range all {
			copy(a.([]byte), all[0].([]byte))
		}
	})
	return nil
}

// together calls work as each of n ranks.
func together(n int, work func(g group.Group)) {
	h := &hall{}
	h.come.L = &h.mu
	var all sync.WaitGroup
	for r := range n {
		all.Go(func() { work(member{hall: h, rank: r, size: n}) })
	}
	all.Wait()
}

// dropping has dropout between its layers, and before them.
var dropping = nets.Network{Name: "dropping", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Dropout{Rate: 0.2},
	nets.Dense{Units: 8, Activation: nets.ReLU},
	nets.Dropout{Rate: 0.5},
	nets.Dense{Units: 3},
}}

// trained is what a rank has at the end.
type trained struct {
	losses []float64
	model  *nets.Model
	stats  train.Stats
	err    error
}

func trainTogether(t *testing.T, n int, net nets.Network, dt tensor.Dtype, rows *data.Set, plan train.Plan) []trained {
	ranks := make([]trained, n)
	together(n, func(g group.Group) {
		r, plan := &ranks[g.Rank()], plan
		r.model = newModel(t, net, dt)
		plan.Group = g
		plan.Callbacks = []train.Callback{each{batch: func(s *train.Stats) error {
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

// TestRanksEqualOneProcess: in mathematics, and so in float64 to 1e-10 over more
// than 50 steps, with a short last batch that leaves most ranks without a row, and
// with dropout.
func TestRanksEqualOneProcess(t *testing.T) {
	rows := images(79, toy.Input, 3) // batches of 26, 26, 26 and one row
	tall := images(40, toyConv.Input, 3)
	for _, c := range []struct {
		net  nets.Network
		rows *data.Set
	}{{toy, rows}, {dropping, rows}, {toyConv, tall}} {
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
	rows := images(50, dropping.Input, 3)
	for _, n := range []int{2, 3, 4} {
		sums := make(map[[32]byte]bool)
		for range 3 {
			for _, r := range trainTogether(t, n, dropping, tensor.Float32, rows, train.Plan{Epochs: 3, Batch: 16, Shuffle: true, Validation: rows}) {
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
		together(n, func(g group.Group) {
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
	together(3, func(g group.Group) {
		ctx, cancel := context.WithCancelCause(context.Background())
		tell := each{batch: func(s *train.Stats) error {
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
	together(3, func(g group.Group) {
		m := newModel(t, toy, tensor.Float32)
		fault := each{batch: func(s *train.Stats) error {
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

// TestHandOut: a rank that has nothing of rank 0's goes on with its bits.
func TestHandOut(t *testing.T) {
	rows := images(40, dropping.Input, 3)
	sums := make([][32]byte, 2)
	var at [2]train.Position
	together(2, func(g group.Group) {
		m, adam := newModel(t, dropping, tensor.Float32), train.NewAdam(0.001)
		rate := &train.LearningRateSchedule{Optimizer: adam, Schedule: func(step int) float64 { return 0.001 / float64(step+1) }}
		parts := train.Parts{Model: m, Optimizer: adam, Callbacks: []train.Callback{rate}}
		var from train.Position
		if g.Rank() == 0 {
			s, err := train.Fit(context.Background(), m, rows, adam, train.Plan{Epochs: 1, Batch: 8, Steps: 3, Callbacks: parts.Callbacks})
			if err != nil {
				t.Error(err)
			}
			from = s.Position()
			parts.Callbacks = append(parts.Callbacks, &train.Stopwatch{}) // which rank 1 has not
		}
		from, err := train.HandOut(g, parts, train.Config{}, from)
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
