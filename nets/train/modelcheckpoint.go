package train

import (
	"strconv"
	"strings"

	"stheno/nets"
	"stheno/nets/durable"
)

// ModelCheckpoint writes the model's weights to a file while training goes on:
// each epoch, or only when the monitored metric is the best so far. It is
// Keras's callback of that name. What resumes a run is Checkpoint.
type ModelCheckpoint struct {
	Hooks
	Monitor
	Model        *nets.Model
	Path         string   // of the safetensors file; {epoch} and {step} stand for the numbers
	SaveBestOnly bool     // leave epochs out that are not the best so far
	SaveFreq     int      // save every so many steps, whatever the metric, and not at epochs' ends; 0 is each epoch
	Initial      *float64 // a value that has to be beaten; nil is none

	best *float64
}

// TrainBegin refuses a metric that is none.
func (c *ModelCheckpoint) TrainBegin(*Stats) error {
	if c.best == nil {
		c.best = c.Initial
	}
	return c.check()
}

// BatchEnd saves every SaveFreq steps.
func (c *ModelCheckpoint) BatchEnd(s *Stats) error {
	if c.SaveFreq <= 0 || s.Step%c.SaveFreq != 0 {
		return nil
	}
	return c.save(s)
}

// EpochEnd saves.
func (c *ModelCheckpoint) EpochEnd(s *Stats) error {
	if c.SaveFreq > 0 {
		return nil
	}
	if !c.SaveBestOnly {
		return c.save(s)
	}
	value, err := c.value(s)
	if err != nil || !c.better(value, c.best) {
		return err
	}
	c.best = &value
	return c.save(s)
}

func (c *ModelCheckpoint) save(s *Stats) error {
	path := strings.NewReplacer("{epoch}", strconv.Itoa(s.Epoch), "{step}", strconv.Itoa(s.Step)).Replace(c.Path)
	return durable.WriteFile(path, c.Model.WriteWeights)
}

// Name is "ModelCheckpoint".
func (c *ModelCheckpoint) Name() string { return "ModelCheckpoint" }

// bestState is what a checkpoint keeps of it.
type bestState struct {
	Best *float64 `json:"best"`
}

// State is the best value so far.
func (c *ModelCheckpoint) State() (CallbackState, error) { return valuesOf(bestState{c.best}) }

// Restore takes it back.
func (c *ModelCheckpoint) Restore(s CallbackState) error {
	var state bestState
	err := restoreValues(c.Name(), s, &state)
	c.best = state.Best
	return err
}
