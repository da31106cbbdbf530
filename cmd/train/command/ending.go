package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"stheno/cmd/internal/shell"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train"
	"stheno/nets/train/progress"
)

// report tests the model, writes how the run ended, and says so on stdout; of
// an interrupted run it says how to go on.
func (j *job) report(ctx context.Context, s train.Stats) error {
	o := run.Outcome{Reason: "all epochs are done", Complete: true, Epochs: len(j.history.Rows), Steps: s.Step, Seconds: j.seconds(s)}
	if s.Stopped != "" {
		o.Reason = s.Stopped
	}
	if j.early != nil && j.early.Kept() > 0 {
		o.Kept, s.Validated = j.early.Kept(), false // of the last epoch's weights
	}
	var err error
	if context.Cause(ctx) == nil {
		err = j.test(ctx, s, &o)
	}
	if cause := context.Cause(ctx); cause != nil { // a signal may have ended the test as well
		return j.interrupted(cause, s, o)
	}
	if err != nil {
		return err
	}
	if err := report.Write(ctx, j.folder, o, j.model, j.set); context.Cause(ctx) != nil {
		return j.interrupted(context.Cause(ctx), s, o)
	} else if err != nil {
		return err
	}
	if err := j.folder.WriteJSON(run.OutcomeFile, o); err != nil {
		return err
	}
	if j.events != nil {
		return j.events.Emit(j.end(o))
	}
	if why := s.Position().Stopped; why != "" {
		j.note("%s", why)
	}
	if o.Kept > 0 {
		j.note("the model has the weights of epoch %d", o.Kept)
	}
	if _, err := fmt.Fprintf(j.stdout, "test accuracy %.4f, test loss %.4f after %d steps; run folder %s\n", o.TestAccuracy, o.TestLoss, s.Step, j.folder); err != nil {
		return err
	}
	j.note("see %s; ask the model about a picture with\n\n  %s -model %s PICTURE.png\n", j.folder.File(report.HTMLFile), j.app.sibling("predict"), shell.Quoted(filepath.ToSlash(string(j.folder))))
	return nil
}

// interrupted says where the run stands and how to go on.
func (j *job) interrupted(cause error, s train.Stats, o run.Outcome) error {
	o.Reason, o.Complete = cause.Error(), false
	fmt.Fprintln(j.stderr, j.settings.terminal.Lines(fmt.Sprintf("%v after step %d (%s); everything is saved; resume with\n\n  %s\n", cause, s.Step, position(s), j.resumeLine())))
	if j.events == nil {
		return cause
	}
	end := j.end(o)
	end.TestLoss, end.TestAccuracy = nil, nil
	return errors.Join(j.events.Emit(end), cause)
}

// seconds is how long training has taken, the interrupted parts together.
func (j *job) seconds(s train.Stats) (sum float64) {
	for _, row := range j.history.Rows {
		sum += row.Seconds
	}
	if !s.Whole {
		sum += s.Seconds
	}
	return sum
}

// test is the last epoch's validation, or one of its own if there is none, or
// not of these weights.
func (j *job) test(ctx context.Context, s train.Stats, o *run.Outcome) error {
	plain := j.model.Objective == nets.Objective{} && !j.model.Penalized()
	if s.Validated && plain && j.settings.held == j.set.Test {
		o.TestLoss, o.TestAccuracy = s.ValLoss, s.ValAccuracy
		return nil
	}
	j.model.Objective = nets.Objective{Bare: j.model.Penalized()} // test_loss is the cross-entropy alone, so that runs can be compared
	defer j.display.Close()
	result, err := train.Evaluate(ctx, j.model, j.set.Test, func(batch, batches int) error {
		s.TestBatch, s.TestBatches = batch, batches
		return j.display.TestBatchEnd(&s)
	})
	o.TestLoss, o.TestAccuracy = result.Loss, result.Accuracy
	return err
}

// end is -json's last line.
func (j *job) end(o run.Outcome) runEnd {
	accuracy, loss := progress.Float(o.TestAccuracy), progress.Float(o.TestLoss)
	return runEnd{
		Type: "run_end", Reason: o.Reason, Complete: o.Complete, Epochs: o.Epochs, Steps: o.Steps,
		TestAccuracy: &accuracy, TestLoss: &loss, Seconds: o.Seconds, Out: string(j.folder),
	}
}

// position is where in an epoch training has ended.
func position(s train.Stats) string {
	return fmt.Sprintf("epoch %d of %d, batch %d of %d", s.Epoch, s.Epochs, s.Batch, s.Batches)
}
