package run

import (
	"encoding/json"
	"io"
	"maps"

	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// What the tests of package train_test see of the inside.

// ParseCheckpoint is parseCheckpoint.
var ParseCheckpoint = parseCheckpoint

// Write writes the state as a checkpoint.
func (s *State) Write(w io.Writer) error { return s.write(w) }

// Tensors are the names of the state's tensors, in their order.
func (s *State) Tensors() (names []string) {
	for _, t := range s.tensors {
		names = append(names, t.Name)
	}
	return names
}

// Generation is the path of the checkpoint after so many steps.
func (f Folder) Generation(step int) string { return f.generation(step) }

// Generations are the steps of which there are checkpoints, newest first.
func (f Folder) Generations() ([]int, error) { return f.generations() }

// Swap puts another tensor in the place of one of the state's.
func (s *State) Swap(name string, other safetensors.Tensor) {
	for i, t := range s.tensors {
		if t.Name == name {
			s.tensors[i] = other
		}
	}
}

// Set changes what the state knows beside its tensors.
func (s *State) Set(optimizer string, noise []byte, callbacks map[string]json.RawMessage) {
	s.optimizer.Name, s.noise, s.callbacks = optimizer, noise, callbacks
}

// Values are what Set sets.
func (s *State) Values() (optimizer string, noise []byte, callbacks map[string]json.RawMessage) {
	return s.optimizer.Name, s.noise, maps.Clone(s.callbacks)
}

// Add adds a tensor to the state's.
func (s *State) Add(t safetensors.Tensor) { s.tensors = append(s.tensors, t) }

// Copy takes the parts' state as it is now.
func (c *Checkpoint) Copy(at train.Position) (*State, error) { return c.copy(at) }
