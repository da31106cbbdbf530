package run

import (
	"errors"
	"fmt"
	"strconv"

	"stheno/nets/train"
)

// CSVLogger writes Keras's file: a row an epoch with the epoch, counted from 0,
// and the metrics in the order of their names, flushed at once. A training that
// begins replaces the file, one that goes on continues it (Keras: append).
// Numbers are the shortest that restore the float64.
type CSVLogger struct {
	train.Hooks
	Path string      // of the file, in a folder that is there
	Warn func(error) // of rows that cannot be written now and wait in memory; nil leaves it to Sync and Close

	log       logFile
	validated bool // whether there are columns of the validation
}

// csvState is what a checkpoint keeps of it.
type csvState struct {
	logState
	Validated bool `json:"validated"`
}

// TrainBegin creates the file, or opens it behind the last epoch that is done.
func (c *CSVLogger) TrainBegin(s *train.Stats) error {
	if c.Path == "" {
		return errors.New("run: CSVLogger has no Path")
	}
	if err := c.log.close(); err != nil {
		return err
	}
	if s.Step == 0 {
		c.log.size = 0
	}
	c.log.warn = c.Warn
	return c.log.open(c.Path)
}

// EpochEnd adds a row and flushes it. The first one decides on the columns; a
// validation that is missing later is NA, as in Keras.
func (c *CSVLogger) EpochEnd(s *train.Stats) error {
	if c.log.size == 0 {
		c.validated = s.Validated
		c.log.write([]byte(c.header()))
	}
	row := strconv.AppendInt(nil, int64(s.Epoch-1), 10)
	for _, v := range [...]float64{s.Accuracy, s.LearningRate, s.Loss} {
		row = strconv.AppendFloat(append(row, ','), v, 'g', -1, 64)
	}
	switch {
	case c.validated && s.Validated:
		for _, v := range [...]float64{s.ValAccuracy, s.ValLoss} {
			row = strconv.AppendFloat(append(row, ','), v, 'g', -1, 64)
		}
	case c.validated:
		row = append(row, ",NA,NA"...)
	}
	c.log.write(append(row, '\n'))
	c.log.flush()
	return nil
}

func (c *CSVLogger) header() string {
	if c.validated {
		return "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"
	}
	return "epoch,accuracy,learning_rate,loss\n"
}

// Close closes the file, also after a failure of training.
func (c *CSVLogger) Close() error { return c.log.close() }

// Name is "CSVLogger".
func (c *CSVLogger) Name() string { return "CSVLogger" }

// State is the size of the file, and its columns.
func (c *CSVLogger) State() (train.CallbackState, error) {
	c.log.flush()
	return train.StateOf(csvState{logState{c.log.size}, c.validated})
}

// Restore has TrainBegin cut the file to that size.
func (c *CSVLogger) Restore(s train.CallbackState) error {
	var state csvState
	if err := train.RestoreState(c.Name(), s, &state); err != nil {
		return err
	}
	if state.Bytes < 0 {
		return fmt.Errorf("run: state of %s: %d bytes", c.Name(), state.Bytes)
	}
	c.log.size, c.validated = state.Bytes, state.Validated
	return nil
}

// Sync makes the rows durable.
func (c *CSVLogger) Sync() error { return c.log.sync() }
