package run

import (
	"strconv"

	"stheno/nets/train"
)

// StepLog writes steps.csv: a row an optimizer step with the loss and the
// accuracy of its batch before the update, in the shortest decimals that
// restore the float32. It is flushed at each epoch's end, at each checkpoint
// and by Close. What cannot be written waits in memory for the next time.
type StepLog struct {
	train.Hooks
	Folder Folder
	Warn   func(error) // of rows that cannot be written now; nil leaves it to Sync and Close

	log logFile
	row []byte
}

// TrainBegin creates the file, or opens it behind the last step that is done.
func (l *StepLog) TrainBegin(*train.Stats) error {
	l.log.warn = l.Warn
	if err := l.log.open(l.Folder.File(StepsFile)); err != nil {
		return err
	}
	if l.log.size == 0 {
		l.log.write([]byte(stepsHeader))
	}
	return nil
}

// BatchEnd adds a row.
func (l *StepLog) BatchEnd(s *train.Stats) error {
	l.row = strconv.AppendInt(l.row[:0], int64(s.Step), 10)
	for _, v := range [...]float64{s.BatchLoss, s.BatchAccuracy} {
		l.row = strconv.AppendFloat(append(l.row, ','), v, 'g', -1, 32)
	}
	l.row = append(l.row, '\n')
	l.log.write(l.row)
	return nil
}

// EpochEnd flushes.
func (l *StepLog) EpochEnd(*train.Stats) error { l.log.flush(); return nil }

// Close flushes and closes the file, also after a failure of training.
func (l *StepLog) Close() error { return l.log.close() }

// Name is "StepLog".
func (l *StepLog) Name() string { return "StepLog" }

// State is the size of the file.
func (l *StepLog) State() (train.CallbackState, error) {
	l.log.flush()
	return train.StateOf(logState{l.log.size})
}

// Restore has TrainBegin cut the file to that size.
func (l *StepLog) Restore(s train.CallbackState) error { return l.log.restore(l.Name(), s) }

// Sync makes the rows durable.
func (l *StepLog) Sync() error { return l.log.sync() }
