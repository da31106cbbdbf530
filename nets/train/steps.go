package train

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// StepLog writes steps.csv: a row an optimizer step with the loss and the
// accuracy of its batch before the update, in the shortest decimals that
// restore the float32. It is flushed at each epoch's end and
// by Close.
type StepLog struct {
	Hooks
	Folder Folder

	file *os.File
	w    *bufio.Writer
	row  []byte
}

// TrainBegin creates the file.
func (l *StepLog) TrainBegin(*Stats) (err error) {
	if l.file, err = os.Create(l.Folder.File(StepsFile)); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	l.w = bufio.NewWriter(l.file)
	_, err = l.w.WriteString("step,loss,accuracy\n")
	return l.named(err)
}

// BatchEnd adds a row.
func (l *StepLog) BatchEnd(s *Stats) error {
	l.row = strconv.AppendInt(l.row[:0], int64(s.Step), 10)
	for _, v := range [...]float64{s.BatchLoss, s.BatchAccuracy} {
		l.row = strconv.AppendFloat(append(l.row, ','), v, 'g', -1, 32)
	}
	_, err := l.w.Write(append(l.row, '\n'))
	return l.named(err)
}

// EpochEnd flushes.
func (l *StepLog) EpochEnd(*Stats) error { return l.named(l.w.Flush()) }

// Close flushes and closes the file, also after a failure of training.
func (l *StepLog) Close() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.w.Flush(), l.file.Close())
	l.file = nil
	return l.named(err)
}

func (l *StepLog) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("train: %s: %w", l.Folder.File(StepsFile), err)
}
