package traintest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
)

// Script replaces what an epoch has measured by what a test wants: value i
// belongs to epoch i+1. It comes before the callbacks that look.
type Script struct {
	train.Hooks
	ValLoss, Accuracy []float64
}

func (c Script) EpochEnd(s *train.Stats) error {
	if c.ValLoss != nil {
		s.ValLoss, s.Validated = c.ValLoss[s.Epoch-1], true
	}
	if c.Accuracy != nil {
		s.Accuracy = c.Accuracy[s.Epoch-1]
	}
	return nil
}

// snapshot is what a checkpoint would hold.
type snapshot struct {
	at      train.Position
	weights []nets.Weight
	adam    train.OptimizerState
	states  map[string]train.CallbackState
}

// Cloned copies weights.
func Cloned(weights []nets.Weight) []nets.Weight {
	weights = slices.Clone(weights)
	for i := range weights {
		weights[i].Value = weights[i].Value.Clone().(*tensor.Dense)
	}
	return weights
}

// snapshots takes one at the beginning, after each step, after each epoch and at the end. It
// comes last, as a checkpoint does.
type snapshots struct {
	train.Hooks
	t         *testing.T
	model     *nets.Model
	adam      *train.Adam
	callbacks []train.Callback
	taken     []snapshot
}

func (c *snapshots) TrainBegin(s *train.Stats) error { c.take(s); return nil }
func (c *snapshots) BatchEnd(s *train.Stats) error   { c.take(s); return nil }
func (c *snapshots) EpochEnd(s *train.Stats) error   { c.take(s); return nil }
func (c *snapshots) TrainEnd(s *train.Stats) error   { c.take(s); return nil }

func (c *snapshots) take(s *train.Stats) {
	weights := c.model.Weights
	for _, callback := range c.callbacks {
		if a, ok := callback.(*train.Average); ok {
			weights = a.Trained()
		}
	}
	shot := snapshot{at: s.Position(), weights: Cloned(weights), adam: c.adam.State(), states: make(map[string]train.CallbackState)}
	shot.adam.Tensors = Cloned(shot.adam.Tensors)
	for _, callback := range c.callbacks {
		if stateful, ok := callback.(train.Stateful); ok {
			state, err := stateful.State()
			if err != nil {
				c.t.Fatal(err)
			}
			state.Values, state.Tensors = slices.Clone(state.Values), Cloned(state.Tensors)
			shot.states[stateful.Name()] = state
		}
	}
	c.taken = append(c.taken, shot)
}

// ending is how a run has ended, and what its callbacks say of that.
type ending struct {
	weights [32]byte
	rate    float64
	stats   string
	err     string
	states  string
}

// runTo trains a network for six epochs of three steps, from the beginning or from
// a snapshot, and takes snapshots.
func runTo(t *testing.T, net nets.Network, build func(*nets.Model, *train.Adam) []train.Callback, from *snapshot) (ending, []snapshot) {
	t.Helper()
	m, adam := NewModel(t, net, tensor.Float32), train.NewAdam(0.01)
	callbacks := build(m, adam)
	plan := train.Plan{Epochs: 6, Batch: 4, Shuffle: true, Seed: 5}
	if from != nil {
		plan.From = from.at
		for i, w := range from.weights {
			copy(m.Weights[i].Value.Float32s(), w.Value.Float32s())
		}
		state := from.adam
		state.Tensors = Cloned(state.Tensors)
		if err := adam.Restore(state); err != nil {
			t.Fatal(err)
		}
		for _, c := range callbacks {
			if stateful, ok := c.(train.Stateful); ok {
				if err := stateful.Restore(from.states[stateful.Name()]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	shots := &snapshots{t: t, model: m, adam: adam, callbacks: callbacks}
	plan.Callbacks = append(slices.Clone(callbacks), shots)
	stats, err := train.Fit(t.Context(), m, Images(10, net.Input, 3), adam, plan)
	if err != nil {
		t.Fatal(err)
	}
	states := make(map[string]json.RawMessage)
	for name, state := range shots.taken[len(shots.taken)-1].states {
		states[name] = state.Values
	}
	values, _ := json.Marshal(states)
	position, _ := json.Marshal(stats.Position())
	return ending{Sum(t, m), adam.Rate, string(position), fmt.Sprint(err), string(values)}, shots.taken
}

// CheckResume interrupts a run after every step and at the end of every epoch,
// and holds what becomes of it against the run that was left alone. check, if
// there is one, looks at the files after each.
func CheckResume(t *testing.T, build func(*nets.Model, *train.Adam) []train.Callback, check func()) {
	t.Helper()
	CheckResumeOf(t, Toy, build, check)
}

// CheckResumeOf is that for another network than the toy.
func CheckResumeOf(t *testing.T, net nets.Network, build func(*nets.Model, *train.Adam) []train.Callback, check func()) {
	t.Helper()
	want, shots := runTo(t, net, build, nil)
	if check != nil {
		check()
	}
	for _, shot := range shots {
		got, _ := runTo(t, net, build, &shot)
		if got != want {
			t.Errorf("from %+v:\n%+v, alone\n%+v", shot.at, got, want)
		}
		if check != nil {
			check()
		}
	}
}
