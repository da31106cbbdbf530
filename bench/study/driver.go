package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// driver trains what is open.
type driver struct {
	settings
	machine  machine
	jobs     []job
	hard     context.Context
	stderr   io.Writer
	programs string // the folder of those that were built

	mu      sync.Mutex // over what follows
	open    []job      // not begun yet
	lines   results
	running map[string]*attempt // by the job's name
	pace    map[string]float64  // seconds of a run, by its kind, and by study and network
	done    int
	failed  []error
}

// attempt is a job that is being trained.
type attempt struct {
	job  job
	left float64 // seconds; below 0 is unknown
	told time.Time
}

// work trains all open jobs, then lets the committees judge. A job that fails is
// told and left open, and the others go on.
func (d *driver) work(ctx context.Context) (err error) {
	var committees []job
	for _, j := range d.jobs {
		switch _, done := d.lines.of(j); {
		case done:
		case j.seed == 0:
			committees = append(committees, j)
		default:
			d.open = append(d.open, j)
		}
	}
	if len(d.open)+len(committees) == 0 {
		fmt.Fprintf(d.stderr, "all %d are done; -summary shows what they reached\n", len(d.jobs))
		return nil
	}
	if d.budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d.budget, stopped{})
		defer cancel()
	}
	if d.programs, err = os.MkdirTemp("", "study"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.programs)) }()
	d.machine = thisMachine(d.settings)
	switch err := build(ctx, d.programs, append(committees, d.open...)); {
	case ctx.Err() != nil: // which stops the compiler, too
		return d.end(ctx)
	case err != nil:
		return err
	}
	d.begin()
	var workers sync.WaitGroup
	for range d.settings.jobs {
		workers.Go(func() { d.take(ctx) })
	}
	workers.Wait()
	for _, j := range committees {
		if ctx.Err() == nil && d.ready(j) {
			d.say("%s: its %d members look at the test images", j, j.seeds)
			d.keep(j)(d.elect(ctx, j))
		}
	}
	return d.end(ctx)
}

// begin learns from the lines how long runs take.
func (d *driver) begin() {
	d.running, d.pace = make(map[string]*attempt), make(map[string]float64)
	for _, l := range d.lines {
		if l.Seed > 0 {
			d.learn(l.job(), l.Seconds)
		}
	}
	d.say("runs to train: %d of %d; %s", len(d.open), len(d.jobs), d.remains())
}

// take trains one job after the other until there are none, or no time.
func (d *driver) take(ctx context.Context) {
	for {
		d.mu.Lock()
		if len(d.open) == 0 || ctx.Err() != nil {
			d.mu.Unlock()
			return
		}
		j := d.open[0]
		d.open = d.open[1:]
		d.running[j.String()] = &attempt{job: j, left: -1, told: time.Now()}
		d.say("%s begins: %s %s", j, j.network, j.flags)
		d.mu.Unlock()

		var l line
		err := d.train(ctx, j)
		if err == nil {
			l, err = d.read(j)
		}
		d.keep(j)(l, err)
	}
}

// keep appends a job's line, or says what went wrong.
func (d *driver) keep(j job) func(line, error) {
	return func(l line, err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.running, j.String())
		if err == nil {
			err = appendResult(d.results, l)
		}
		var end stopped
		switch {
		case errors.As(err, &end):
			d.say("%s is saved and goes on next time", j)
		case err != nil:
			d.failed = append(d.failed, fmt.Errorf("%s: %w", j, err))
			d.say("%s has failed: %v", j, err)
		default:
			d.lines = append(d.lines, l)
			d.done++
			if j.seed > 0 {
				d.learn(j, l.Seconds)
			}
			d.say("%s is done: %s; %s", j, l.figure(), d.remains())
		}
	}
}

// end says what was done and why it is over.
func (d *driver) end(ctx context.Context) error {
	left := 0
	for _, j := range d.jobs {
		if _, done := d.lines.of(j); !done {
			left++
		}
	}
	d.say("%d done now, %d still open", d.done, left)
	if ctx.Err() != nil {
		d.say("%v: the same command goes on", context.Cause(ctx))
	}
	if len(d.failed) > 0 {
		return fmt.Errorf("%d of the runs have failed, the first is %w", len(d.failed), d.failed[0])
	}
	return context.Cause(ctx)
}

func (d *driver) say(format string, args ...any) {
	fmt.Fprintf(d.stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
