package run

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// Checkpoint saves the run's state: at each epoch's end, every so many steps,
// and when training ends. It comes last among the callbacks, so that it saves
// what the others know after the step.
//
// The state is copied between two steps; one goroutine writes it while training
// goes on, one save at a time. A save that fails is told to Warn, leaves the last
// good one, and training goes on; only the last save, when training ends, a
// state that is not finite and a folder that is no longer the run's are errors.
type Checkpoint struct {
	train.Hooks
	Parts
	Folder Folder
	Config Config
	Every  int         // steps; 0 saves at the ends of epochs alone
	Warn   func(error) // of a save that has failed; nil keeps silent

	copied []safetensors.Tensor // memory for the copy, used again
	saving chan error           // of the save that is running; nil without
	at     train.Position       // of the last save that was begun
	good   int                  // the step of the last save that is whole
	failed error                // of the last save, if it has failed
}

// Begin saves the state before the first step, into a folder that nobody knows
// of yet.
func (c *Checkpoint) Begin(folder Folder) error {
	c.good = 0
	return c.saveInto(folder, train.Position{})
}

// WorksOn is what is saved.
func (c *Checkpoint) WorksOn() (*nets.Model, train.Optimizer) { return c.Model, c.Optimizer }

// Resume says from which state the run goes on.
func (c *Checkpoint) Resume(s *State) { c.good, c.at = s.Position.Step, s.Position }

// TrainBegin checks the settings.
func (c *Checkpoint) TrainBegin(*train.Stats) error {
	if o := reflect.ValueOf(c.Optimizer); c.Model == nil || !o.IsValid() || o.Kind() == reflect.Pointer && o.IsNil() {
		return errors.New("run: Checkpoint has no Model or no Optimizer")
	}
	return nil
}

// BatchEnd saves every so many steps, but not where the epoch's end will.
func (c *Checkpoint) BatchEnd(s *train.Stats) error {
	if c.Every == 0 || s.Step%c.Every != 0 || s.Batch == s.Batches {
		return c.poll()
	}
	return c.save(s.Position())
}

// EpochEnd saves.
func (c *Checkpoint) EpochEnd(s *train.Stats) error { return c.save(s.Position()) }

// TrainEnd saves what is not saved yet, and waits.
func (c *Checkpoint) TrainEnd(s *train.Stats) error {
	at := s.Position()
	if at != c.at {
		if err := c.save(at); err != nil {
			return err
		}
	}
	if err := c.wait(); err != nil {
		return err
	}
	if c.failed != nil { // once more, aloud
		return c.saveInto(c.Folder, at)
	}
	return nil
}

// Close waits for the save that may be running after a failure of training. That
// its state is not finite, or its folder lost, is no news then: the failure says it.
func (c *Checkpoint) Close() error {
	err := c.wait()
	if fatal(err) {
		return nil
	}
	return err
}

// fatal says whether a save's failure ends training.
func fatal(err error) bool {
	infinite := (*notFiniteError)(nil)
	_, lost := isLost(err)
	return lost || errors.As(err, &infinite)
}

// save begins to save, after the save before is done.
func (c *Checkpoint) save(at train.Position) error {
	if err := c.wait(); err != nil {
		return err
	}
	state, err := c.copy(at)
	if err != nil {
		return err
	}
	good := c.good
	c.at, c.saving = at, make(chan error, 1)
	go func(done chan<- error) { done <- c.write(c.Folder, state, good) }(c.saving)
	return nil
}

// saveInto saves here and now.
func (c *Checkpoint) saveInto(folder Folder, at train.Position) error {
	state, err := c.copy(at)
	if err != nil {
		return err
	}
	if err := c.write(folder, state, c.good); err != nil {
		return err
	}
	c.at, c.good, c.failed = at, at.Step, nil
	return nil
}

// poll takes note of a save that is done.
func (c *Checkpoint) poll() error {
	if len(c.saving) == 0 {
		return nil
	}
	return c.wait()
}

// wait waits until no save is running.
func (c *Checkpoint) wait() error {
	if c.saving == nil {
		return nil
	}
	err := <-c.saving
	c.saving, c.failed = nil, err
	if err == nil {
		c.good = c.at.Step
		return nil
	}
	if fatal(err) {
		return err
	}
	if c.Warn != nil {
		c.Warn(fmt.Errorf("%w; training goes on, and the checkpoint of step %d stays", err, c.good))
	}
	return nil
}

// copy takes the state as it is now.
func (c *Checkpoint) copy(at train.Position) (*State, error) {
	state, tensors, err := c.lend(c.Config, at)
	if err != nil {
		return nil, err
	}
	if len(c.copied) > len(tensors) {
		c.copied = c.copied[:len(tensors)]
	}
	for i, w := range tensors {
		if i == len(c.copied) {
			c.copied = append(c.copied, safetensors.Tensor{})
		}
		take(&c.copied[i], w)
	}
	state.tensors = c.copied
	return &state, nil
}

// take copies a tensor, on all threads.
func take(t *safetensors.Tensor, w nets.Weight) {
	t.Name, t.Shape = w.Name, w.Value.Shape()
	if size := int(w.Value.MemSize()); len(t.Data) != size {
		t.Data = make([]byte, size)
	}
	if w.Value.Dtype() == tensor.Float64 {
		t.DType = "F64"
		put(t.Data, graph.Slice[float64](w.Value), 8)
	} else {
		t.DType = "F32"
		put(t.Data, graph.Slice[float32](w.Value), 4)
	}
}

func put[T graph.Float](dst []byte, src []T, size int) {
	const part = 1 << 16 // elements
	kernel.Rows((len(src)+part-1)/part, func(i int) {
		from, to := i*part, min((i+1)*part, len(src))
		safetensors.Put(dst[from*size:to*size], src[from:to])
	})
}

// write writes a copied state, if it is finite and all that it speaks of is on
// the disk.
func (c *Checkpoint) write(folder Folder, s *State, good int) error {
	for _, t := range s.tensors {
		if !finiteBytes(t) {
			return &notFiniteError{t.Name, s.Position.Step}
		}
	}
	for _, callback := range c.Callbacks {
		if file, ok := callback.(interface{ Sync() error }); ok {
			if err := file.Sync(); err != nil {
				return err
			}
		}
	}
	err := folder.save(s, good)
	if lost, ok := isLost(err); ok && lost.now != "" {
		if inside, err := filepath.Rel(string(lost.folder), string(folder)); err == nil { // a pre-training is in its run's folder
			_ = Folder(lost.now.File(inside)).save(s, good) // the run can still be resumed from here, there
		}
	}
	return err
}

// notFiniteError is a state that must not be saved.
type notFiniteError struct {
	tensor string
	step   int
}

func (e *notFiniteError) Error() string {
	return fmt.Sprintf("run: %s is not finite after step %d: training has diverged; try a smaller learning rate", e.tensor, e.step)
}

// finiteBytes looks at the exponents.
func finiteBytes(t safetensors.Tensor) bool {
	if t.DType == "F64" {
		const exponent = 0x7ff << 52
		for i := 0; i < len(t.Data); i += 8 {
			if binary.LittleEndian.Uint64(t.Data[i:])&exponent == exponent {
				return false
			}
		}
		return true
	}
	const exponent = 0xff << 23
	for i := 0; i < len(t.Data); i += 4 {
		if binary.LittleEndian.Uint32(t.Data[i:])&exponent == exponent {
			return false
		}
	}
	return true
}
