package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"stheno/cmd/internal/progress"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

// job is a run that is about to train: everything that can be refused has been.
type job struct {
	settings *settings
	model    *nets.Model
	set      *data.Dataset
	adam     *train.Adam
	folder   train.Folder
	display  progress.Display
	events   *progress.Events // nil without -json
	stdout   io.Writer
	stderr   io.Writer
	began    time.Time
}

// newJob creates the run folder.
func newJob(app App, s *settings, m *nets.Model, set *data.Dataset, display progress.Display, stdout, stderr io.Writer) (*job, error) {
	j := &job{settings: s, model: m, set: set, adam: train.NewAdam(s.LearningRate), display: display, stdout: stdout, stderr: stderr, began: time.Now()}
	c, err := newConfig(m, s, j.adam, set)
	if err != nil {
		return nil, err
	}
	if j.folder, err = train.CreateFolder(s.out, app.Name, j.began); err != nil {
		return nil, err
	}
	if err := j.folder.WriteJSON(train.ConfigFile, c); err != nil {
		return nil, err
	}
	if !s.json {
		j.note("%s: %d parameters; %d images to train on, %d to test on; into %s", m.Name, m.Params(), set.Train.Len(), set.Test.Len(), j.folder)
		if s.verbose == 2 {
			j.note("%s", computing(c))
		}
		return j, nil
	}
	j.events = &progress.Events{Out: stdout}
	_ = j.events.Emit(newRunStart(c, j.folder)) // that nobody reads is said at the end: run_end fails too
	return j, nil
}

// note says something on stderr, unless -verbose 0 asked for silence.
func (j *job) note(format string, args ...any) {
	if j.settings.verbose > 0 {
		fmt.Fprintf(j.stderr, format+"\n", args...)
	}
}

// run trains, writes the model and reports.
func (j *job) run(ctx context.Context) error {
	steps := &train.StepLog{Folder: j.folder}
	history := &train.History{Folder: j.folder}
	plan := train.Plan{
		Epochs: j.settings.Epochs, Batch: j.settings.Batch, Steps: j.settings.Steps,
		Shuffle: j.settings.Shuffle, Seed: j.settings.Seed, Validation: j.set.Test,
		Callbacks: []train.Callback{&train.Stopwatch{}, steps, history},
	}
	if j.events != nil {
		plan.Callbacks = append(plan.Callbacks, &progress.JSON{Events: j.events})
	}
	plan.Callbacks = append(plan.Callbacks, j.display)
	stats, err := train.Fit(ctx, j.model, j.set.Train, j.adam, plan)
	j.display.Close() // a display that cannot write is no reason to lose a run
	stop := (*train.Stop)(nil)
	if closing := steps.Close(); closing != nil || err != nil && !errors.As(err, &stop) {
		return errors.Join(err, closing)
	}
	if err := j.folder.WriteModel(j.model); err != nil {
		return err
	}
	return j.report(ctx, stats, stop, len(history.Rows))
}

// report says how the run ended, on stdout.
func (j *job) report(ctx context.Context, s train.Stats, stop *train.Stop, epochs int) error {
	end := runEnd{Type: "run_end", Reason: "all epochs are done", Complete: true, Epochs: epochs, Steps: s.Step, Out: string(j.folder)}
	if stop != nil {
		end.Reason = stop.Reason
	}
	var result train.Result
	var err error
	if context.Cause(ctx) == nil {
		result, err = j.test(ctx, s)
	}
	cause := context.Cause(ctx) // a signal may have ended the test as well
	switch {
	case cause != nil:
		end.Reason, end.Complete = cause.Error(), false
	case err != nil:
		return err
	default:
		accuracy, loss := progress.Float(result.Accuracy), progress.Float(result.Loss)
		end.TestAccuracy, end.TestLoss = &accuracy, &loss
	}
	end.Seconds = time.Since(j.began).Seconds()
	if j.events != nil {
		return errors.Join(j.events.Emit(end), cause)
	}
	if cause != nil {
		j.note("%v after step %d (%s); the weights so far are in %s", cause, s.Step, position(s), j.folder.File(train.ModelFile))
		return cause
	}
	_, err = fmt.Fprintf(j.stdout, "test accuracy %.4f, test loss %.4f after %d steps; run folder %s\n", *end.TestAccuracy, *end.TestLoss, s.Step, j.folder)
	return err
}

// test is the last epoch's validation, or one of its own if training ended in
// the middle of an epoch.
func (j *job) test(ctx context.Context, s train.Stats) (train.Result, error) {
	if s.Validated {
		return train.Result{Loss: s.ValLoss, Accuracy: s.ValAccuracy}, nil
	}
	defer j.display.Close()
	return train.Evaluate(ctx, j.model, j.set.Test, func(batch, batches int) error {
		s.TestBatch, s.TestBatches = batch, batches
		return j.display.TestBatchEnd(&s)
	})
}

// position is where in an epoch training has ended.
func position(s train.Stats) string {
	return fmt.Sprintf("epoch %d of %d, batch %d of %d", s.Epoch, s.Epochs, s.Batch, s.Batches)
}
