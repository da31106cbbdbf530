package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// State is all of a run between two steps. Whoever restores it goes on with the
// bits of a run that was never interrupted.
type State struct {
	Config   Config // the settings and the data
	Position train.Position

	optimizer optimizerState
	noise     []byte // the state of the model's source of dropout
	callbacks map[string]json.RawMessage
	tensors   []safetensors.Tensor
}

// optimizerState is what an optimizer knows beside its tensors.
type optimizerState struct {
	Name     string     `json:"name"` // "Adam"
	Settings train.Adam `json:"settings"`
	Step     int        `json:"step"`
}

// The tensors of a State are named by who they belong to: the model's weights
// have their own names, those of others a prefix that no layer's name has.
const (
	optimizerPrefix = "optimizer/"
	callbackPrefix  = "callback/"
)

// Parts are those whose state a run consists of.
type Parts struct {
	Model     *nets.Model
	Optimizer *train.Adam
	Callbacks []train.Callback // those that are Stateful count
}

// stateful are the callbacks with a state.
func (p Parts) stateful() (list []train.Stateful) {
	for _, c := range p.Callbacks {
		if s, ok := c.(train.Stateful); ok {
			list = append(list, s)
		}
	}
	return list
}

// lend collects the parts' state. The tensors are lent: they change with the
// next step.
func (p Parts) lend(c Config, at train.Position) (s State, tensors []nets.Weight, err error) {
	adam := p.Optimizer.State()
	s = State{Config: c, Position: at, callbacks: make(map[string]json.RawMessage)}
	s.optimizer = optimizerState{"Adam", *p.Optimizer, adam.Step}
	if s.noise, err = p.Model.Noise.MarshalBinary(); err != nil {
		return s, nil, err
	}
	weights := p.Model.Weights
	if a := train.AverageOf(p.Callbacks); a != nil {
		weights = a.Trained()
	}
	tensors = append(tensors, weights...)
	tensors = append(tensors, prefixed(optimizerPrefix, adam.Moments)...)
	for _, callback := range p.stateful() {
		state, err := callback.State()
		if err != nil {
			return s, nil, err
		}
		if _, twice := s.callbacks[callback.Name()]; twice {
			return s, nil, fmt.Errorf("run: there are two callbacks %s: a checkpoint keeps the state of one of each name", callback.Name())
		}
		s.callbacks[callback.Name()] = state.Values
		tensors = append(tensors, prefixed(callbackPrefix+callback.Name()+"/", state.Tensors)...)
	}
	return s, tensors, nil
}

func prefixed(prefix string, weights []nets.Weight) []nets.Weight {
	named := make([]nets.Weight, len(weights))
	for i, w := range weights {
		named[i] = nets.Weight{Name: prefix + w.Name, Value: w.Value}
	}
	return named
}

// Restore gives the parts their state back. The parts must be those of the run:
// the same network, and the same callbacks.
func (s *State) Restore(p Parts) error {
	var weights, moments []safetensors.Tensor
	kept := make(map[string][]safetensors.Tensor)
	for _, t := range s.tensors {
		name := t.Name
		if rest, ok := strings.CutPrefix(name, callbackPrefix); ok {
			owner, bare, _ := strings.Cut(rest, "/")
			t.Name = bare
			kept[owner] = append(kept[owner], t)
		} else if bare, ok := strings.CutPrefix(name, optimizerPrefix); ok {
			t.Name = bare
			moments = append(moments, t)
		} else {
			weights = append(weights, t)
		}
	}
	if err := p.Model.SetWeights(weights); err != nil {
		return fmt.Errorf("run: checkpoint: %w", err)
	}
	if err := p.Model.Noise.UnmarshalBinary(s.noise); err != nil {
		return fmt.Errorf("run: checkpoint: the source of dropout: %w", err)
	}
	if err := s.restoreOptimizer(p, moments); err != nil {
		return err
	}
	return s.restoreCallbacks(p, kept)
}

func (s *State) restoreOptimizer(p Parts, tensors []safetensors.Tensor) error {
	if s.optimizer.Name != "Adam" {
		return fmt.Errorf("run: checkpoint: is of the optimizer %q, this is Adam", s.optimizer.Name)
	}
	moments, err := owned(tensors)
	if err == nil && (len(moments) > 0 || s.Position.Step > 0) {
		err = momentsOf(p.Model, moments)
	}
	if err != nil {
		return fmt.Errorf("run: checkpoint: %w", err)
	}
	_ = p.Optimizer.LearningRate() // defaults are in place, so that a zero of the file stays one
	a := s.optimizer.Settings
	p.Optimizer.Rate, p.Optimizer.Beta1, p.Optimizer.Beta2, p.Optimizer.Epsilon, p.Optimizer.WeightDecay = a.Rate, a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay
	return p.Optimizer.Restore(train.AdamState{Step: s.optimizer.Step, Moments: moments})
}

// momentsOf says what keeps these from being the moments of the model's weights.
func momentsOf(m *nets.Model, moments []nets.Weight) error {
	byName := make(map[string]*tensor.Dense, len(moments))
	for _, w := range moments {
		byName[w.Name] = w.Value
	}
	for _, w := range m.Weights {
		for _, name := range []string{"m." + w.Name, "v." + w.Name} {
			switch found := byName[name]; {
			case found == nil:
				return fmt.Errorf("moment %q is missing", name)
			case !found.Shape().Eq(w.Value.Shape()):
				return fmt.Errorf("moment %q has shape %v, the %s's has %v", name, found.Shape(), m.Name, w.Value.Shape())
			case found.Dtype() != w.Value.Dtype():
				return fmt.Errorf("moment %q has element type %v, the %s's has %v", name, found.Dtype(), m.Name, w.Value.Dtype())
			}
		}
	}
	if want := 2 * len(m.Weights); len(moments) != want {
		return fmt.Errorf("there are %d moments, the %s has %d", len(moments), m.Name, want)
	}
	return nil
}

func (s *State) restoreCallbacks(p Parts, kept map[string][]safetensors.Tensor) error {
	left := maps.Clone(s.callbacks)
	for _, c := range p.stateful() {
		values, ok := left[c.Name()]
		if !ok {
			return fmt.Errorf("run: checkpoint: knows nothing of the callback %s", c.Name())
		}
		tensors, err := owned(kept[c.Name()])
		if err != nil {
			return fmt.Errorf("run: checkpoint: callback %s: %w", c.Name(), err)
		}
		delete(left, c.Name())
		delete(kept, c.Name())
		if err := c.Restore(train.CallbackState{Values: values, Tensors: tensors}); err != nil {
			return fmt.Errorf("run: checkpoint: %w", err)
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(left)), slices.Sorted(maps.Keys(kept))...) {
		return fmt.Errorf("run: checkpoint: has the state of a callback %s, which this run does not have", name)
	}
	return nil
}

// owned copies tensors of a file into memory as the kernels like it.
func owned(tensors []safetensors.Tensor) ([]nets.Weight, error) {
	weights := make([]nets.Weight, len(tensors))
	for i, t := range tensors {
		if len(t.Data) == 0 {
			return nil, fmt.Errorf("tensor %.60q has shape %v, and no element", t.Name, t.Shape)
		}
		arena := graph.NewArena(len(t.Data))
		switch t.DType {
		case "F32":
			weights[i] = nets.Weight{Name: t.Name, Value: arena.Tensor(tensor.Float32, t.Shape)}
			safetensors.Get(weights[i].Value.Float32s(), t.Data)
		case "F64":
			weights[i] = nets.Weight{Name: t.Name, Value: arena.Tensor(tensor.Float64, t.Shape)}
			safetensors.Get(weights[i].Value.Float64s(), t.Data)
		default:
			return nil, fmt.Errorf("tensor %.60q has element type %s, expected F32 or F64", t.Name, t.DType)
		}
	}
	return weights, nil
}
