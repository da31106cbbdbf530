package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/data/augment"
	"stheno/nets"
	"stheno/nets/onnx"
	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train"
	"stheno/nets/train/progress"
)

// job is a run that is about to train: everything that can be refused has been.
type job struct {
	app      Program
	settings *settings
	config   run.Config
	model    *nets.Model
	set      *data.Dataset
	opt      train.Optimizer
	folder   run.Folder
	from     train.Position // where a run that was interrupted goes on
	augment  augment.Spec   // how the training images are distorted
	display  progress.Display
	events   *progress.Events // nil without -json
	stdout   io.Writer
	stderr   io.Writer

	steps      *run.StepLog
	history    *run.History
	board      *run.TensorBoard     // nil without -tensorboard
	early      *train.EarlyStopping // nil without -patience
	checkpoint *run.Checkpoint
}

// newJob makes the parts of a run.
func newJob(app Program, s *settings, m *nets.Model, set *data.Dataset, display progress.Display, stdout, stderr io.Writer) (*job, error) {
	j := &job{app: app, settings: s, model: m, set: set, opt: s.optimizer(), display: display, stdout: stdout, stderr: stderr}
	if s.json {
		j.events = &progress.Events{Out: stdout}
	}
	var err error
	if j.config, err = newConfig(app, m, s, j.opt, set); err != nil {
		return nil, err
	}
	if j.augment, err = augment.Parse(s.Augment); err != nil {
		return nil, fmt.Errorf("-augment: %w", err) // of a config.json that somebody has written
	}
	if n := app.ranks.size(); n > 1 {
		if s.Pretrain != "" {
			return nil, shell.Usagef("-pretrain %s: its loss compares all images of a batch, of which each of %d ranks has a part: train in one process", s.Pretrain, n)
		}
		j.config.Ranks = n
	}
	callbacks, err := j.callbacks()
	if err != nil {
		return nil, err
	}
	j.checkpoint = &run.Checkpoint{
		Parts:  run.Parts{Model: m, Optimizer: j.opt, Callbacks: callbacks},
		Config: j.config, Every: s.CheckpointEvery, Warn: j.warn,
	}
	n := needs{model: m, train: set.Train.Len(), test: set.Test.Len(), views: s.Views(m.Loss), ranks: app.ranks.size()}
	return j, checkMemory(n, s.Batch)
}

// callbacks are those that train: what a checkpoint remembers, in their order.
func (j *job) callbacks() ([]train.Callback, error) {
	s := j.settings
	batches := j.set.Train.BatchCount(s.Batch)
	if most := math.MaxInt / batches; s.Repeat > most {
		return nil, shell.Usagef("-repeat %d: must be at most %d", s.Repeat, most)
	}
	perEpoch := max(1, s.Repeat) * batches
	if most := math.MaxInt / perEpoch; s.Epochs > most {
		return nil, shell.Usagef("-epochs %d: must be at most %d, of %d steps each", s.Epochs, most, perEpoch)
	}
	schedule, err := train.ParseSchedule(s.Schedule, s.Rate(), perEpoch, s.Epochs*perEpoch)
	if err != nil {
		return nil, err
	}
	j.steps, j.history = &run.StepLog{Warn: j.warn}, &run.History{Warn: j.warn}
	rate := &train.LearningRateSchedule{Optimizer: j.opt, Schedule: schedule}
	list := []train.Callback{&train.Stopwatch{}, rate}
	if !j.app.ranks.first() {
		list = []train.Callback{rate} // and below what changes training: the others are rank 0's
	}
	if s.EMA > 0 || s.SWA > 0 {
		list = append(list, &train.Average{Model: j.model, Decay: s.EMA, Last: s.SWA})
	}
	if j.app.ranks.first() {
		list = append(list, j.steps, j.history)
	}
	if s.TensorBoard && j.app.ranks.first() {
		j.board = &run.TensorBoard{Warn: j.warn}
		list = append(list, j.board)
	}
	if s.Patience > 0 {
		j.early = &train.EarlyStopping{Model: j.model, Patience: s.Patience, KeepLast: true} // until the checkpoint is saved
		list = append(list, j.early)
	}
	return list, nil
}

// create makes the folder of a new run, once its pre-training is known not to be
// refused, and leaves it locked.
func (j *job) create() (unlock func() error, err error) {
	if j.pretrains() {
		if _, err := j.pretraining(); err != nil {
			return nil, err
		}
	}
	if _, err := j.writes(); err != nil {
		return nil, err
	}
	if out := run.Folder(j.settings.out); out != "" && out.IsCutOff() {
		j.note("%s has what is left of a run that was cut off while it began: beginning anew", out)
	}
	j.folder, unlock, err = run.BeginFolder(j.settings.out, j.app.net, time.Now(), func(f run.Folder) error {
		j.in(f)
		if err := j.checkpoint.Begin(f); err != nil {
			return err
		}
		return f.WriteJSON(run.ConfigFile, j.config)
	})
	return unlock, err
}

// in has the job's parts write into a folder.
func (j *job) in(f run.Folder) {
	j.steps.Folder, j.history.Folder, j.checkpoint.Folder = f, f, f
	if j.board != nil {
		j.board.Dir = f.File("tensorboard")
	}
}

// reopen goes on with the run in an existing folder, unless it is finished.
func (j *job) reopen(ctx context.Context, c run.Config) error {
	if !j.app.ranks.first() {
		if err := j.join(); err != nil {
			return err
		}
		return j.follow(ctx)
	}
	j.folder = run.Folder(j.settings.resume)
	unlock, err := j.folder.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := j.goOn(); err != nil {
		return err
	}
	if finished, err := j.finished(); finished || err != nil {
		return err
	}
	if j.config.Kernels != c.Kernels {
		j.note("the run was begun with the kernels %s and resumes with %s: other rounding, not the same bits", c.Kernels, j.config.Kernels)
	}
	if changes := rebuilt(c.Versions, j.config.Versions); changes != "" {
		j.note("the run was begun by another build of this program, and may round in another way: %s", changes)
	}
	if j.config.Ranks != c.Ranks {
		j.note("the run was begun with %d ranks and resumes with %d: the same mathematics, not the same bits", max(1, c.Ranks), max(1, j.config.Ranks))
	}
	if err := j.join(); err != nil {
		return err
	}
	c.Ranks = j.config.Ranks
	c.Settings = j.settings.Settings // those that are free may be other ones
	if err := j.folder.WriteJSON(run.ConfigFile, c); err != nil {
		return err
	}
	if err := os.Remove(j.folder.File(run.OutcomeFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: %w", err) // it would tell of an end that is none
	}
	return j.run(ctx)
}

// note says something on stderr, unless -verbose 0 asked for silence.
func (j *job) note(format string, args ...any) { j.settings.tell(j.stderr, format, args...) }

// tell writes a line for a person, who may want none.
func (s *settings) tell(stderr io.Writer, format string, args ...any) {
	if s.verbose > 0 {
		fmt.Fprintln(stderr, s.terminal.Lines(fmt.Sprintf(format, args...)))
	}
}

// warn says aloud what went wrong and did not end the run.
func (j *job) warn(err error) { fmt.Fprintf(j.stderr, "\nwarning: %s\n", shell.Words(err)) }

// announce says what begins.
func (j *job) announce() {
	if j.events != nil {
		_ = j.events.Emit(newRunStart(j.config, j.folder, j.from.Step)) // that nobody reads is said at the end: run_end fails too
		return
	}
	j.note("%s with %s parameters, on %s: %s images to train on, %s to test on; into %s", j.model.Name, report.Thousands(j.model.Params()),
		j.set.Title(), report.Thousands(j.set.Train.Len()), report.Thousands(j.set.Test.Len()), j.folder)
	if j.config.Settings.Data != "" {
		j.note("%s", preparing(j.config.Preparation()))
	}
	if j.settings.assumed != "" {
		j.note("-init: %s", j.settings.assumed)
	}
	if beyond := j.config.Settings.Beyond(); beyond != "" {
		j.note("%s", beyond)
	}
	if n := j.app.ranks.size(); n > 1 {
		j.note("%d ranks, %d of them on this host; each has up to %d images of a batch", n, j.app.ranks.Local(), (j.settings.Batch+n-1)/n)
	}
	if j.from.Step > 0 {
		j.note("resuming after step %d", j.from.Step)
	}
	if j.settings.verbose == 2 {
		j.note("%s", computing(j.config))
	}
}

// run trains, writes the model and reports.
func (j *job) run(ctx context.Context) error {
	j.announce()
	writable, err := j.writable()
	if err != nil {
		return err
	}
	if err := j.pretrain(ctx); err != nil {
		return err
	}
	stats, stop, err := j.train(ctx)
	if err != nil {
		return err
	}
	ctx = told(ctx, stop)
	if j.early != nil && context.Cause(ctx) == nil {
		j.early.RestoreBest()
	}
	if err := j.folder.WriteModel(j.model); err != nil {
		return err
	}
	if writable {
		if err := j.folder.WriteONNX(j.model, j.config); err != nil {
			return err
		}
	}
	return j.report(ctx, stats)
}

// writable says whether the model can be written as ONNX. A layer that has no words
// for that is no reason not to train; one that fails at it is found before training.
func (j *job) writable() (bool, error) {
	unwritable, err := j.writes()
	if unwritable != nil {
		j.note("no %s will be written: %s", run.ONNXFile, shell.Words(unwritable))
	}
	return unwritable == nil && err == nil, err
}

// writes is writable without a word: which layer has none.
func (j *job) writes() (unwritable *onnx.UnwritableError, err error) {
	if err = onnx.Check(j.model); errors.As(err, &unwritable) {
		err = nil
	}
	return unwritable, err
}

// train trains in the job's folder; stop says that ctx has ended that, here or on
// another rank.
func (j *job) train(ctx context.Context) (stats train.Stats, stop *train.Stop, err error) {
	j.in(j.folder)
	stats, err = train.Fit(ctx, j.model, j.set.Train, j.opt, j.plan())
	j.app.ranks.together(err)
	j.display.Close() // a display that cannot write is no reason to lose a run
	if closing := j.close(); closing != nil || err != nil && !errors.As(err, &stop) {
		return stats, nil, errors.Join(err, closing)
	}
	return stats, stop, nil
}

// close closes what training has written to.
func (j *job) close() error {
	err := errors.Join(j.checkpoint.Close(), j.steps.Close())
	if j.board != nil {
		err = errors.Join(err, j.board.Close())
	}
	return err
}

func (j *job) plan() train.Plan {
	plan := train.Plan{
		Epochs: j.settings.Epochs, Batch: j.settings.Batch, Steps: j.settings.Steps,
		Shuffle: j.settings.Shuffle, Seed: j.settings.Seed, Augment: j.augment, Validation: j.settings.held,
		From: j.from, Callbacks: j.checkpoint.Callbacks, Group: j.app.ranks.processes(),
		Repeat: j.settings.Repeat, Views: j.settings.Views(j.model.Loss),
	}
	switch {
	case j.settings.phase == run.PretrainPhase:
		plan.Phase, plan.Balanced = run.PretrainPhase, true
		plan.Seed ^= pretrainOrder
	case j.settings.Pretrain != "":
		plan.Phase = run.FinetunePhase
	}
	if j.events != nil {
		plan.Callbacks = append(plan.Callbacks, &progress.JSON{Events: j.events})
	}
	plan.Callbacks = append(plan.Callbacks, j.display, j.checkpoint)
	return plan
}
