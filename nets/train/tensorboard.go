package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// TensorBoard writes event files that TensorBoard shows, as Keras's callback of
// this name does with its settings: after each epoch, counted from 0, the
// curves epoch_loss, epoch_accuracy and, for training, epoch_learning_rate, in
// the folders train and validation of Dir. With Every, batch_loss and
// batch_accuracy are added, each of its batch alone.
//
// A training that goes on continues its files, so that no point is doubled. The
// time of day in them is the one thing that differs between two equal runs.
type TensorBoard struct {
	Hooks
	Dir   string // of the files; missing folders are made
	Every int    // a point of the batch each so many steps (Keras: update_freq); 0 is none

	file              string // the name of both files
	train, validation logFile
	restored          bool // whether these are a checkpoint's, which may be of step 0
}

// boardState is what a checkpoint keeps of it.
type boardState struct {
	File       string `json:"file"`
	Train      int64  `json:"train"`      // bytes
	Validation int64  `json:"validation"` // bytes; 0 before there is a file
}

const (
	trainDir      = "train"
	validationDir = "validation"
)

// TrainBegin creates the file of training, or opens what there is of both
// behind the last point.
func (b *TensorBoard) TrainBegin(s *Stats) error {
	if b.Dir == "" {
		return errors.New("train: TensorBoard has no Dir")
	}
	if err := b.Close(); err != nil {
		return err
	}
	if s.Step == 0 && !b.restored {
		b.file, b.train.size, b.validation.size = "", 0, 0
	}
	if b.restored = false; b.file == "" {
		b.file = b.newName()
	}
	err := b.open(&b.train, trainDir)
	if err == nil && b.validation.size > 0 {
		err = b.open(&b.validation, validationDir)
	}
	return err
}

// BatchEnd adds the points of a batch, at its step.
func (b *TensorBoard) BatchEnd(s *Stats) error {
	if b.Every <= 0 || s.Step%b.Every != 0 {
		return nil
	}
	return add(&b.train, s.Step, scalar{"batch_loss", s.BatchLoss}, scalar{"batch_accuracy", s.BatchAccuracy})
}

// EpochEnd adds the points of an epoch and flushes.
func (b *TensorBoard) EpochEnd(s *Stats) error {
	epoch := s.Epoch - 1
	err := add(&b.train, epoch, scalar{"epoch_loss", s.Loss}, scalar{"epoch_accuracy", s.Accuracy}, scalar{"epoch_learning_rate", s.LearningRate})
	if err == nil && s.Validated && b.validation.size == 0 {
		err = b.open(&b.validation, validationDir)
	}
	if err == nil && s.Validated {
		err = add(&b.validation, epoch, scalar{"epoch_loss", s.ValLoss}, scalar{"epoch_accuracy", s.ValAccuracy})
	}
	return errors.Join(err, b.flush())
}

func add(l *logFile, step int, points ...scalar) error {
	return l.write(appendScalars(nil, time.Now(), step, points...))
}

// open opens one of the files; a new one begins with the version.
func (b *TensorBoard) open(l *logFile, dir string) error {
	dir = filepath.Join(b.Dir, dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("train: TensorBoard: %w", err)
	}
	if err := l.open(filepath.Join(dir, b.file)); err != nil || l.size > 0 {
		return err
	}
	return l.write(appendVersion(nil, time.Now()))
}

// newName is a name that TensorBoard knows for an event file and that no file
// has. It reads the files of a folder in the order of their names. TensorFlow's
// end with the name of the host, which is nobody's business.
func (b *TensorBoard) newName() string {
	for second := time.Now().Unix(); ; second++ {
		name := fmt.Sprintf("events.out.tfevents.%010d.stheno", second)
		_, inTrain := os.Lstat(filepath.Join(b.Dir, trainDir, name))
		_, inValidation := os.Lstat(filepath.Join(b.Dir, validationDir, name))
		if inTrain != nil && inValidation != nil {
			return name
		}
	}
}

func (b *TensorBoard) flush() error { return errors.Join(b.train.flush(), b.validation.flush()) }

// Close closes the files, also after a failure of training.
func (b *TensorBoard) Close() error { return errors.Join(b.train.close(), b.validation.close()) }

// Sync makes the points durable.
func (b *TensorBoard) Sync() error { return errors.Join(b.train.sync(), b.validation.sync()) }

// Name is "TensorBoard".
func (b *TensorBoard) Name() string { return "TensorBoard" }

// State is the name of the files and their sizes.
func (b *TensorBoard) State() (CallbackState, error) {
	if err := b.flush(); err != nil {
		return CallbackState{}, err
	}
	return valuesOf(boardState{b.file, b.train.size, b.validation.size})
}

// Restore has TrainBegin cut the files to these sizes.
func (b *TensorBoard) Restore(s CallbackState) error {
	var state boardState
	if err := restoreValues(b.Name(), s, &state); err != nil {
		return err
	}
	named := state.File != "" && !strings.ContainsAny(state.File, `/\`)
	if state.Train < 0 || state.Validation < 0 || !named && state.Train+state.Validation > 0 {
		return fmt.Errorf("train: state of TensorBoard: %s names no file of the folder, or a size below 0", s.Values)
	}
	b.file, b.train.size, b.validation.size = state.File, state.Train, state.Validation
	b.restored = true
	return nil
}
