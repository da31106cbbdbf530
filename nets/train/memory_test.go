package train_test

import (
	"math"
	"runtime"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

// meter reads the memory in use at the end of each epoch, and what the steps
// from the third epoch on allocate. It comes last, so that nothing but steps is
// between its readings.
type meter struct {
	train.Hooks
	heap      []uint64 // in use after each epoch
	last      uint64   // allocated in all, when last read
	allocated uint64
	steps     uint64
}

func (m *meter) read() runtime.MemStats {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s
}

func (m *meter) BatchEnd(s *train.Stats) error {
	total := m.read().TotalAlloc
	if s.Epoch > 2 && s.Batch > 1 {
		m.allocated += total - m.last
		m.steps++
	}
	m.last = total
	return nil
}

func (m *meter) EpochEnd(*train.Stats) error {
	runtime.GC()
	runtime.GC() // the second one frees what sync.Pools still had
	m.heap = append(m.heap, m.read().HeapAlloc)
	return nil
}

// TestMemoryIsFlatAndAStepAllocatesNoBatch has one thread: a helper that joins
// in late needs working memory of its own, once.
func TestMemoryIsFlatAndAStepAllocatesNoBatch(t *testing.T) {
	kernel.SetThreads(1)
	defer kernel.SetThreads(0)
	conv := nets.Network{Name: "conv", Input: [3]int{12, 12, 1}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 8, Side: 3, Activation: nets.ReLU},
		nets.Conv2D{Filters: 8, Side: 3, Activation: nets.ReLU},
		nets.Dense{Units: 3},
	}}
	for _, net := range []nets.Network{nets.MLP([3]int{28, 28, 1}, 3), conv} { // a batch's images take 401 kB and 74 kB
		rows, m := images(128*3+40, net.Input, 3), &meter{}
		fit(t, newModel(t, net, tensor.Float32), rows, train.Plan{
			Epochs: 10, Batch: 128, Shuffle: true, Validation: rows,
			Callbacks: []train.Callback{&train.Stopwatch{}, m},
		})
		perStep := m.allocated / m.steps
		t.Logf("%s: heap after epochs %d; %d bytes a step", net.Name, m.heap, perStep)
		if perStep >= 64<<10 {
			t.Errorf("%s: a step allocates %d bytes", net.Name, perStep)
		}
		if grown := int64(m.heap[9]) - int64(m.heap[1]); grown > 32<<10 {
			t.Errorf("%s: %d bytes more in use after epoch 10 than after epoch 2", net.Name, grown)
		}
	}
}

// TestAStepMakesFewAllocations, and small ones: regions of parallel work, which
// Gorgonia's own machine would add some seventy to.
func TestAStepMakesFewAllocations(t *testing.T) {
	const most = 60
	for _, network := range []func([3]int, int) nets.Network{nets.MLP, nets.CNN} {
		net := network([3]int{28, 28, 1}, 10)
		fewest, last := uint64(math.MaxUint64), uint64(0)
		count := func(*train.Stats) error {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			fewest, last = min(fewest, s.Mallocs-last), s.Mallocs
			return nil
		}
		fit(t, newModel(t, net, tensor.Float32), images(128*6, net.Input, 10), train.Plan{Epochs: 1, Batch: 128, Callbacks: []train.Callback{each{Batch: count}}})
		t.Logf("%s: %d allocations a step", net.Name, fewest)
		if fewest > most {
			t.Errorf("%s: %d allocations a step, want at most %d", net.Name, fewest, most)
		}
	}
}
