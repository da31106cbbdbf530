package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"stheno/nets"
	"stheno/nets/durable"
	"stheno/nets/train"
)

// ModelCheckpoint is Keras's: it saves the model's weights after each epoch, or
// every few steps, or where the monitored metric is better than ever. With
// Model and Path set, the other settings are Keras's. It writes safetensors,
// weights only (Keras: save_weights_only), and replaces a file whole or not at
// all. In Path, {epoch} and {step} stand for the numbers of what is saved, both
// from 1; a path without them always names the best, or the newest, model.
type ModelCheckpoint struct {
	train.Hooks
	Model     *nets.Model
	Path      string   // of the files; missing folders are made
	Every     int      // steps; 0 is after each epoch
	BestOnly  bool     // save only what is better than all before
	Monitor   string   // by this metric; empty is val_loss
	Mode      string   // auto, min or max is better; empty is auto
	Threshold *float64 // save only what is better than that, too; nil is none

	monitor train.Monitor
	state   savedState
}

// savedState is what a checkpoint keeps of it.
type savedState struct {
	Best *float64 `json:"best,omitempty"` // the best value; absent before there is one
}

// TrainBegin checks the settings.
func (c *ModelCheckpoint) TrainBegin(s *train.Stats) (err error) {
	if c.Model == nil || c.Path == "" {
		return errors.New("run: ModelCheckpoint has no Model or no Path")
	}
	if left := c.path(s); strings.ContainsAny(left, "{}") {
		return fmt.Errorf("run: ModelCheckpoint: path %q; braces are for {epoch} and {step}", c.Path)
	}
	if c.monitor, err = train.NewMonitor(c.Name(), c.Monitor, c.Mode, 0); err != nil {
		return err
	}
	if err = c.monitor.Number("threshold", c.Threshold); err != nil {
		return err
	}
	if c.BestOnly && c.Every > 0 && c.monitor.Validates() {
		return fmt.Errorf("run: ModelCheckpoint saves the best every %d steps, but %s is known at an epoch's end only: monitor loss or accuracy", c.Every, c.monitor.Metric())
	}
	if s.Step == 0 {
		c.state = savedState{}
	}
	return nil
}

// BatchEnd saves every few steps. The loss and the accuracy by which it then
// judges are means over the epoch so far.
func (c *ModelCheckpoint) BatchEnd(s *train.Stats) error {
	if c.Every <= 0 || s.Step%c.Every != 0 {
		return nil
	}
	return c.save(s)
}

// EpochEnd saves after each epoch.
func (c *ModelCheckpoint) EpochEnd(s *train.Stats) error {
	if c.Every > 0 {
		return nil
	}
	return c.save(s)
}

func (c *ModelCheckpoint) save(s *train.Stats) error {
	best := c.state.Best
	if c.BestOnly {
		value, err := c.monitor.Value(s)
		if err != nil {
			return err
		}
		if !c.monitor.Improves(value, best) || !c.monitor.Improves(value, c.Threshold) {
			return nil
		}
		best = &value
	}
	path := c.path(s)
	if err := stillOurs(path); err != nil {
		return err
	}
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("run: ModelCheckpoint: %w", err)
	}
	if err := durable.WriteFile(path, c.Model.WriteWeights); err != nil {
		return fmt.Errorf("run: ModelCheckpoint: %w", err)
	}
	c.state.Best = best // once the file has it
	return nil
}

// path is that of the model as it is now.
func (c *ModelCheckpoint) path(s *train.Stats) string {
	return strings.NewReplacer("{epoch}", strconv.Itoa(s.Epoch), "{step}", strconv.Itoa(s.Step)).Replace(c.Path)
}

// WorksOn is the model that is saved.
func (c *ModelCheckpoint) WorksOn() (*nets.Model, train.Optimizer) { return c.Model, nil }

// Name is "ModelCheckpoint".
func (c *ModelCheckpoint) Name() string { return "ModelCheckpoint" }

// State is the best value.
func (c *ModelCheckpoint) State() (train.CallbackState, error) { return train.StateOf(c.state) }

// Restore takes it back.
func (c *ModelCheckpoint) Restore(s train.CallbackState) error {
	var state savedState
	err := train.RestoreState(c.Name(), s, &state)
	c.state = state
	return err
}
