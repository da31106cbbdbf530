package train

import (
	"context"
	"encoding/json"
	"fmt"

	"stheno/nets"
	"stheno/nets/internal/strict"
)

// Stats is what training knows of itself at the moment a callback is called.
// Epochs, batches and steps count from 1. Callbacks share one Stats: they read
// it during the call and keep copies, never the pointer.
type Stats struct {
	Phase          string // of a run that has more than one; else empty
	Epoch, Epochs  int    // this epoch, and how many are planned
	Batch, Batches int    // this batch of the epoch, and how many an epoch has
	Step, Steps    int    // optimizer steps done in all, and those after which training ends; 0 is no such end
	Rows           int    // rows in this batch

	BatchLoss, BatchAccuracy float64 // of this batch, before its update
	Loss, Accuracy           float64 // sample-weighted means over the epoch so far
	ValLoss, ValAccuracy     float64 // over the validation rows; valid where Validated says so
	Validated                bool    // whether this epoch has been validated
	LearningRate             float64 // of the step just done
	Whole                    bool    // whether all of the epoch is done: batches, validation, and its EpochEnd begun

	TestBatch, TestBatches int // progress of the validation that is running

	Stopped string // why a callback or Plan.Steps has ended training; empty if neither has

	Seconds        float64 // since the epoch began; kept by Stopwatch
	SecondsPerStep float64 // mean time of the epoch's training steps; kept by Stopwatch

	mean  mean // behind Loss and Accuracy
	final bool // whether it is a callback that has ended training: then nothing is left to resume
}

// Callback is called at fixed moments of training, under Keras's names. An
// error ends training and is returned by Fit; a *Stop ends it as planned, and
// its reason is in Fit's Stats.
// Callbacks are called in the order in which they were given.
type Callback interface {
	TrainBegin(*Stats) error   // before the first epoch
	EpochBegin(*Stats) error   // before an epoch's first batch
	BatchEnd(*Stats) error     // after each optimizer step
	TestBatchEnd(*Stats) error // after each batch of a validation
	EpochEnd(*Stats) error     // after a whole epoch and its validation
	TrainEnd(*Stats) error     // after the last epoch, or after the step that was stopped at
}

// Hooks is a Callback that does nothing: embed it and write only the methods
// that matter.
type Hooks struct{}

func (Hooks) TrainBegin(*Stats) error   { return nil }
func (Hooks) EpochBegin(*Stats) error   { return nil }
func (Hooks) BatchEnd(*Stats) error     { return nil }
func (Hooks) TestBatchEnd(*Stats) error { return nil }
func (Hooks) EpochEnd(*Stats) error     { return nil }
func (Hooks) TrainEnd(*Stats) error     { return nil }

// Failing is a Callback that puts something in order, such as a line that is still
// open, when training ends with an error, and so without TrainEnd. It is called at
// most once, also where its TrainBegin was not.
type Failing interface {
	Callback
	TrainFailed(*Stats)
}

// Stateful is a Callback with something to remember across an interruption.
type Stateful interface {
	Callback
	Name() string                  // its key in a checkpoint; one of each name at most
	State() (CallbackState, error) // called between two steps; files are flushed first
	Restore(CallbackState) error   // called before TrainBegin, also of a run that begins
}

// CallbackState is what a Stateful remembers.
type CallbackState struct {
	Values  json.RawMessage // whatever the callback makes of it
	Tensors []nets.Weight   // lent by State, given to Restore
}

// StateOf is a state of values alone, as JSON has them.
func StateOf(v any) (CallbackState, error) {
	values, err := json.Marshal(v)
	return CallbackState{Values: values}, err
}

// RestoreState is the way back from StateOf, into what v points at, for the callback
// of a name.
func RestoreState(name string, s CallbackState, v any) error {
	if err := strict.Decode(s.Values, v); err != nil {
		return fmt.Errorf("train: state of %s: %w", name, err)
	}
	return nil
}

// Stop is the error with which a callback ends training in good order, and with
// which Fit, Evaluate and Embed return when ctx is done.
type Stop struct {
	Reason string // why, as a sentence for the user
	Cause  error  // why ctx is done; nil in a callback's Stop
	Others bool   // it is another rank of the group that was told to end, and not this one
}

func (s *Stop) Error() string { return s.Reason }

// Unwrap is the cause, so that errors.Is finds context.Canceled.
func (s *Stop) Unwrap() error { return s.Cause }

// interruption is the Stop of a ctx that is done.
func interruption(ctx context.Context) *Stop {
	cause := context.Cause(ctx)
	return &Stop{Reason: cause.Error(), Cause: cause}
}
