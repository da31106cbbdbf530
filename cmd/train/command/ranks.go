package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"syscall"

	"stheno/cmd/internal/shell"
	"stheno/nets/group"
	"stheno/nets/run"
	"stheno/nets/train"
)

// ranks is this process among those that train one model together. A nil one is
// a process alone. Ranks meet twice before they train, and none goes on unless
// all do: when the command line is read, and when nothing is left to refuse.
type ranks struct {
	group.Group
	meetings int
	over     bool // some rank has failed, or all have nothing left to do
	training bool // ranks depend on each other: an error of one is the end of all
	speaks   bool // whether this rank is the one that tells of a failure
}

const meetings = 2

// What a rank says at a meeting.
const (
	goesOn = iota
	hasFailed
	isDone
)

// errElsewhere is the failure of a rank whose failure another one tells of.
var errElsewhere = errors.New("another rank has failed")

// errDone is no failure: there is nothing to train.
var errDone = errors.New("there is nothing left to do")

// first says whether this is the rank that writes and shows.
func (r *ranks) first() bool { return r == nil || r.Rank() == 0 }

func (r *ranks) size() int {
	if r == nil {
		return 1
	}
	return r.Size()
}

// processes is the group for the trainer.
func (r *ranks) processes() group.Group {
	if r == nil {
		return nil
	}
	return r.Group
}

// meet tells the others of an error, or hears of theirs.
func (r *ranks) meet(err error) error {
	if r.size() == 1 {
		return err
	}
	word := goesOn
	switch {
	case err == errDone:
		word = isDone
	case err != nil:
		word = hasFailed
	}
	r.meetings++
	words, broken := group.Gather(r, float64(word))
	if broken != nil {
		r.speaks, r.training = true, true
		return broken
	}
	for rank, word := range words {
		if word == hasFailed {
			r.over, r.speaks = true, rank == r.Rank()
			if err == nil {
				err = errElsewhere
			}
			return err
		}
	}
	for _, word := range words {
		if word == isDone {
			r.over = true
			return errDone
		}
	}
	return nil
}

// finish has a rank that ends early come to the meetings that are left.
func (r *ranks) finish(err error) error {
	if r.size() == 1 {
		return err
	}
	for !r.over && r.meetings < meetings {
		if err == nil || errors.Is(err, flag.ErrHelp) {
			err = errDone
		}
		err = r.meet(err)
	}
	return err
}

// tells says whether this rank is the one to tell of an error: of one that all
// know of the first that has it, and of one that ends the others every rank.
func (r *ranks) tells() bool { return r.size() == 1 || r.speaks || r.training }

// name says who speaks, where that is not rank 0.
func (r *ranks) name() string {
	if r.first() {
		return ""
	}
	return r.Name(r.Rank()) + ": "
}

// quiet are the streams of a rank: only rank 0 has some.
func (r *ranks) quiet(stdout, stderr io.Writer) (io.Writer, io.Writer) {
	if r.first() {
		return stdout, stderr
	}
	return io.Discard, io.Discard
}

// threads are those of the kernels: where several ranks share a machine, 0 is
// this one's part of its processors.
func (r *ranks) threads(asked int) int {
	if asked == 0 && r.size() > 1 && r.Local() > 1 {
		return max(1, runtime.GOMAXPROCS(0)/r.Local())
	}
	return asked
}

// readConfig is what rank 0 reads of a run that goes on; other ranks may be on
// machines that do not have its folder.
func (r *ranks) readConfig(folder run.Folder) (c run.Config, err error) {
	if r.first() {
		c, err = folder.ReadConfig()
	}
	if r.size() == 1 {
		return c, err
	}
	told, broken := r.tell(c, err)
	if err != nil {
		return c, err
	}
	return told, broken
}

// tell gives every rank rank 0's config, unless it has none.
func (r *ranks) tell(c run.Config, err error) (run.Config, error) {
	var text []byte
	if r.first() && err == nil {
		if text, err = json.Marshal(c); err != nil {
			return c, err
		}
	}
	text, err = group.BroadcastAll(r, text)
	if err != nil || len(text) == 0 {
		return c, errors.Join(err, errElsewhere)
	}
	return c, json.Unmarshal(text, &c)
}

// join is the last meeting before training: all ranks are about to train the
// same, and have rank 0's state then.
func (j *job) join() error {
	r := j.app.ranks
	if r.size() == 1 {
		return nil
	}
	if err := r.meet(nil); err != nil {
		return err
	}
	first, err := r.tell(j.config, nil)
	if err == nil {
		err = unlike(j.config, first)
	}
	if err := r.meet(err); err != nil {
		return err
	}
	r.training = true
	j.from, err = run.HandOut(r, j.checkpoint.Parts, j.config, j.from)
	return err
}

// unlike says why a rank cannot train with rank 0. All must stop after the same
// step, so that the length of training is not free here, as it is on -resume.
func unlike(c, first run.Config) error {
	d := c.Differs(first)
	switch mine, its := c.Settings, first.Settings; {
	case d != "":
	case mine.Epochs != its.Epochs:
		d = fmt.Sprintf("settings.epochs is %d, not %d", mine.Epochs, its.Epochs)
	case mine.Steps != its.Steps:
		d = fmt.Sprintf("settings.steps is %d, not %d", mine.Steps, its.Steps)
	}
	if d != "" {
		return fmt.Errorf("has another command line or other data than rank 0: its %s", d)
	}
	if c.Kernels != first.Kernels {
		return fmt.Errorf("computes with the kernels %s, rank 0 with %s, which round in another way: set STHENO_CPU to one that all machines have (mpirun -x STHENO_CPU=avx2 ...)", c.Kernels, first.Kernels)
	}
	return nil
}

// together takes note of how training ended: whether all ranks know.
func (r *ranks) together(err error) {
	if r == nil {
		return
	}
	stop, diverged, unequal := (*train.Stop)(nil), (*train.DivergedError)(nil), (*train.UnequalError)(nil)
	if err == nil || errors.As(err, &stop) || errors.As(err, &diverged) || errors.As(err, &unequal) {
		r.training, r.speaks = false, r.first()
	}
}

// told is ctx, ended if a signal of another rank has ended training.
func told(ctx context.Context, stop *train.Stop) context.Context {
	if stop == nil || !stop.Others {
		return ctx
	}
	ctx, cancel := context.WithCancelCause(ctx)
	cancel(interrupted{syscall.SIGTERM})
	return ctx
}

// follow trains as a rank that writes nothing.
func (j *job) follow(ctx context.Context) error {
	plan := j.plan()
	plan.Callbacks = j.checkpoint.Callbacks
	_, err := train.Fit(ctx, j.model, j.set.Train, j.opt, plan)
	j.app.ranks.together(err)
	stop := (*train.Stop)(nil)
	if err != nil && !errors.As(err, &stop) {
		return err
	}
	return context.Cause(told(ctx, stop))
}

// leave is a rank's last word. A launcher ends all ranks when one has ended with
// a failure, so that each waits for the others, rank 0 with its files among them;
// but a failure that the others do not know of ends them at once.
func (r *ranks) leave(code int, stderr io.Writer) int {
	if r.training {
		r.Abort(code)
	}
	if err := r.Close(); err != nil {
		fmt.Fprintln(stderr, err)
		return shell.Failure
	}
	return code
}
