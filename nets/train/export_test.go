package train

import "io"

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
