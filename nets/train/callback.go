package train

import (
	"context"
	"encoding/json"
	"fmt"

	"stheno/nets"
	"stheno/nets/internal/strict"
)

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
