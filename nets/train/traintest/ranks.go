package traintest

import (
	"fmt"
	"sync"

	"stheno/nets"
	"stheno/nets/group"
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

// Together calls work as each of n ranks.
func Together(n int, work func(g group.Group)) {
	h := &hall{}
	h.come.L = &h.mu
	var all sync.WaitGroup
	for r := range n {
		all.Go(func() { work(member{hall: h, rank: r, size: n}) })
	}
	all.Wait()
}

// Dropping has dropout between its layers, and before them.
var Dropping = nets.Network{Name: "dropping", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Dropout{Rate: 0.2},
	nets.Dense{Units: 8, Activation: nets.ReLU},
	nets.Dropout{Rate: 0.5},
	nets.Dense{Units: 3},
}}
