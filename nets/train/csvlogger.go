package train

import (
	"strconv"
	"strings"
)

// CSVLogger writes a row an epoch to a file as Keras's callback of that name
// does: sorted columns, and epochs that count from 0. A run's own history.csv
// is History's.
type CSVLogger struct {
	Hooks
	Path string

	log logFile
}

// TrainBegin creates the file, or opens it behind the last epoch.
func (l *CSVLogger) TrainBegin(*Stats) error { return l.log.open(l.Path) }

// EpochEnd adds a row, below a head if it is the first.
func (l *CSVLogger) EpochEnd(s *Stats) error {
	names, values := []string{"epoch", "accuracy", "learning_rate", "loss"}, []float64{s.Accuracy, s.LearningRate, s.Loss}
	if s.Validated {
		names, values = append(names, "val_accuracy", "val_loss"), append(values, s.ValAccuracy, s.ValLoss)
	}
	var text []byte
	if l.log.size == 0 {
		text = append(text, strings.Join(names, ",")+"\n"...)
	}
	text = strconv.AppendInt(text, int64(s.Epoch-1), 10)
	for _, v := range values {
		text = strconv.AppendFloat(append(text, ','), v, 'g', -1, 64)
	}
	if err := l.log.write(append(text, '\n')); err != nil {
		return err
	}
	return l.log.flush()
}

// Close closes the file.
func (l *CSVLogger) Close() error { return l.log.close() }

// Name is "CSVLogger".
func (l *CSVLogger) Name() string { return "CSVLogger" }

// State is the size of the file.
func (l *CSVLogger) State() (CallbackState, error) { return l.log.state() }

// Restore has TrainBegin cut the file to that size.
func (l *CSVLogger) Restore(s CallbackState) error { return l.log.restore(l.Name(), s) }

// Sync makes the rows durable.
func (l *CSVLogger) Sync() error { return l.log.sync() }
