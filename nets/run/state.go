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
	Name     string          `json:"name"` // Keras's class
	Settings json.RawMessage `json:"settings,omitempty"`
	Step     int             `json:"step"`
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
	Optimizer train.Optimizer
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
	own := p.Optimizer.State()
	s = State{Config: c, Position: at, callbacks: make(map[string]json.RawMessage)}
	s.optimizer = optimizerState{own.Name, own.Settings, own.Step}
	if s.noise, err = p.Model.Noise.MarshalBinary(); err != nil {
		return s, nil, err
	}
	weights := p.Model.Weights
	if a := train.AverageOf(p.Callbacks); a != nil {
		weights = a.Trained()
	}
	tensors = append(tensors, weights...)
	if err := canBeSaved(own.Tensors); err != nil {
		return s, nil, fmt.Errorf("run: the state of the optimizer %.60q: %w", own.Name, err)
	}
	tensors = append(tensors, prefixed(optimizerPrefix, own.Tensors)...)
	for _, callback := range p.stateful() {
		state, err := callback.State()
		if err != nil {
			return s, nil, err
		}
		if _, twice := s.callbacks[callback.Name()]; twice {
			return s, nil, fmt.Errorf("run: there are two callbacks %s: a checkpoint keeps the state of one of each name", callback.Name())
		}
		if err := canBeSaved(state.Tensors); err != nil {
			return s, nil, fmt.Errorf("run: the state of the callback %.60q: %w", callback.Name(), err)
		}
		s.callbacks[callback.Name()] = state.Values
		tensors = append(tensors, prefixed(callbackPrefix+callback.Name()+"/", state.Tensors)...)
	}
	return s, tensors, nil
}

// canBeSaved refuses tensors that a checkpoint has no place for.
func canBeSaved(tensors []nets.Weight) error {
	for _, t := range tensors {
		switch {
		case t.Value == nil:
			return fmt.Errorf("its tensor %.60q is nil", t.Name)
		case t.Value.Dtype() != tensor.Float32 && t.Value.Dtype() != tensor.Float64:
			return fmt.Errorf("its tensor %.60q is of %v: make it float32 or float64, or put it into what is kept as JSON", t.Name, t.Value.Dtype())
		}
	}
	return nil
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
	var weights, slots []safetensors.Tensor
	kept := make(map[string][]safetensors.Tensor)
	for _, t := range s.tensors {
		name := t.Name
		if rest, ok := strings.CutPrefix(name, callbackPrefix); ok {
			owner, bare, _ := strings.Cut(rest, "/")
			t.Name = bare
			kept[owner] = append(kept[owner], t)
		} else if bare, ok := strings.CutPrefix(name, optimizerPrefix); ok {
			t.Name = bare
			slots = append(slots, t)
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
	if err := s.restoreOptimizer(p, slots); err != nil {
		return err
	}
	return s.restoreCallbacks(p, kept)
}

// restoreOptimizer asks the optimizer whether what it is given is of the model.
func (s *State) restoreOptimizer(p Parts, tensors []safetensors.Tensor) error {
	if is := p.Optimizer.State().Name; s.optimizer.Name != is {
		return fmt.Errorf("run: checkpoint: is of the optimizer %.40q, this run trains with %s", s.optimizer.Name, is)
	}
	own, err := owned(tensors)
	if err != nil {
		return fmt.Errorf("run: checkpoint: %w", err)
	}
	err = p.Optimizer.Restore(train.OptimizerState{Name: s.optimizer.Name, Settings: s.optimizer.Settings, Step: s.optimizer.Step, Tensors: own})
	if bound, ok := p.Optimizer.(train.Bound); ok && err == nil {
		err = bound.Belongs(p.Model)
	}
	if err != nil {
		return fmt.Errorf("run: checkpoint: %w", err)
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
