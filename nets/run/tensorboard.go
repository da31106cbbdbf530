package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stheno/nets/durable"
	"stheno/nets/internal/disk"
	"stheno/nets/train"
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
	train.Hooks
	Dir   string      // of the files; missing folders are made
	Every int         // a point of the batch each so many steps (Keras: update_freq); 0 is none
	Warn  func(error) // of points that cannot be written now and wait in memory; nil leaves it to Sync and Close

	file              string // the name of both files
	train, validation logFile
	settled           bool // whether these are a checkpoint's, which may be of step 0
	begun             bool // between TrainBegin and Close
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
func (b *TensorBoard) TrainBegin(s *train.Stats) error {
	if b.Dir == "" {
		return errors.New("run: TensorBoard has no Dir")
	}
	if err := b.Close(); err != nil {
		return err
	}
	if s.Step == 0 && !b.settled || b.file == "" {
		b.start()
	}
	b.settled, b.begun = false, true
	b.train.warn, b.validation.warn = b.Warn, b.Warn
	err := b.open(&b.train, trainDir)
	if err == nil && b.validation.size > 0 {
		err = b.open(&b.validation, validationDir)
	}
	return err
}

// start settles on files that are not there yet.
func (b *TensorBoard) start() {
	b.file, b.train.size, b.validation.size = b.newName(), 0, 0
}

// BatchEnd adds the points of a batch, at its step.
func (b *TensorBoard) BatchEnd(s *train.Stats) error {
	if b.Every <= 0 || s.Step%b.Every != 0 {
		return nil
	}
	add(&b.train, s.Step, scalar{"batch_loss", s.BatchLoss}, scalar{"batch_accuracy", s.BatchAccuracy})
	return nil
}

// EpochEnd adds the points of an epoch and flushes.
func (b *TensorBoard) EpochEnd(s *train.Stats) error {
	epoch := s.Epoch - 1
	add(&b.train, epoch, scalar{"epoch_loss", s.Loss}, scalar{"epoch_accuracy", s.Accuracy}, scalar{"epoch_learning_rate", s.LearningRate})
	if s.Validated {
		if b.validation.size == 0 {
			b.validation.prepare = b.makeFolder(validationDir)
			b.validation.later(filepath.Join(b.Dir, validationDir, b.file))
			b.validation.write(appendVersion(nil, time.Now()))
		}
		add(&b.validation, epoch, scalar{"epoch_loss", s.ValLoss}, scalar{"epoch_accuracy", s.ValAccuracy})
	}
	b.flush()
	return nil
}

func add(l *logFile, step int, points ...scalar) {
	l.write(appendScalars(nil, time.Now(), step, points...))
}

// open opens one of the files; a new one begins with the version.
func (b *TensorBoard) open(l *logFile, dir string) error {
	l.prepare = b.makeFolder(dir)
	if err := l.open(filepath.Join(b.Dir, dir, b.file)); err != nil {
		return err
	}
	if l.size == 0 {
		l.write(appendVersion(nil, time.Now()))
	}
	return nil
}

// makeFolder makes a folder of the files. Each of its names, up to the one in
// which Dir is, is then as durable as the points that a checkpoint speaks of, also
// where a process made it that was killed before it had them synced.
func (b *TensorBoard) makeFolder(dir string) func() error {
	return func() error {
		if err := durable.MkdirAll(filepath.Join(b.Dir, dir)); err != nil {
			return err
		}
		if err := disk.SyncFolder(b.Dir); err != nil {
			return err
		}
		return disk.SyncFolder(filepath.Dir(b.Dir))
	}
}

// newName is a name that TensorBoard knows for an event file and that no file
// has, behind those that are there: it reads the files of a folder in the order of
// their names. TensorFlow's have the time and the name of the host, which are
// nobody's business.
func (b *TensorBoard) newName() string {
	for n := 0; ; n++ {
		name := fmt.Sprintf("events.out.tfevents.%010d.stheno", n)
		_, inTrain := os.Lstat(filepath.Join(b.Dir, trainDir, name))
		_, inValidation := os.Lstat(filepath.Join(b.Dir, validationDir, name))
		if inTrain != nil && inValidation != nil {
			return name
		}
	}
}

func (b *TensorBoard) flush() {
	b.train.flush()
	b.validation.flush()
}

// Close closes the files, also after a failure of training.
func (b *TensorBoard) Close() error {
	b.begun = false
	return errors.Join(b.train.close(), b.validation.close())
}

// Sync makes the points durable.
func (b *TensorBoard) Sync() error { return errors.Join(b.train.sync(), b.validation.sync()) }

// Name is "TensorBoard".
func (b *TensorBoard) Name() string { return "TensorBoard" }

// State is the name of the files and their sizes. Before training it settles on
// the name, so that whoever goes on from there continues the files that this
// training writes.
func (b *TensorBoard) State() (train.CallbackState, error) {
	if !b.begun && !b.settled {
		if b.Dir == "" {
			return train.CallbackState{}, errors.New("run: TensorBoard has no Dir")
		}
		b.start()
		b.settled = true
	}
	b.flush()
	return train.StateOf(boardState{b.file, b.train.size, b.validation.size})
}

// Restore has TrainBegin cut the files to these sizes.
func (b *TensorBoard) Restore(s train.CallbackState) error {
	var state boardState
	if err := train.RestoreState(b.Name(), s, &state); err != nil {
		return err
	}
	named := state.File != "" && !strings.ContainsAny(state.File, `/\`)
	if state.Train < 0 || state.Validation < 0 || !named && state.Train+state.Validation > 0 {
		return fmt.Errorf("run: state of TensorBoard: %s names no file of the folder, or a size below 0", s.Values)
	}
	b.file, b.train.size, b.validation.size = state.File, state.Train, state.Validation
	b.settled = true
	return nil
}
