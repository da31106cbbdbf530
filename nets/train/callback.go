package train

// Stats is what training knows of itself at the moment a callback is called.
// Epochs, batches and steps count from 1. Callbacks share one Stats: they read
// it during the call and keep copies, never the pointer.
type Stats struct {
	Epoch, Epochs  int // this epoch, and how many are planned
	Batch, Batches int // this batch of the epoch, and how many an epoch has
	Step           int // optimizer steps done in all
	Rows           int // rows in this batch

	BatchLoss, BatchAccuracy float64 // of this batch, before its update
	Loss, Accuracy           float64 // sample-weighted means over the epoch so far
	ValLoss, ValAccuracy     float64 // over the validation rows; valid where Validated says so
	Validated                bool    // whether this epoch has been validated
	LearningRate             float64 // of the step just done

	TestBatch, TestBatches int // progress of the validation that is running

	Seconds        float64 // since the epoch began; kept by Stopwatch
	SecondsPerStep float64 // mean time of the epoch's training steps; kept by Stopwatch
}

// Callback is called at fixed moments of training, under Keras's names. An
// error ends training and is returned by Fit; a *Stop ends it as planned.
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

// Stop is the error with which a callback ends training in good order.
type Stop struct {
	Reason string // why, as a sentence for the user
}

func (s *Stop) Error() string { return s.Reason }
