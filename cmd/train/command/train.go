package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"golang.org/x/term"
	"gorgonia.org/tensor"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// Train runs app's command line and returns the exit code: 0 for a run that
// ended as planned, 1 for a failure, 2 for a wrong command line, 130 or 143
// for one that a signal has ended. Results go to stdout, everything else to
// stderr.
func Train(ctx context.Context, app Program, args []string, stdout, stderr io.Writer) int {
	out, notes := app.ranks.quiet(stdout, stderr)
	err := app.ranks.finish(carryOut(ctx, app, args, out, notes))
	if !app.ranks.tells() {
		stderr = io.Discard
	}
	var signal interrupted
	switch {
	case errors.Is(err, errDone):
		return shell.OK
	case errors.As(err, &signal):
		return 128 + int(signal.signal)
	case err != nil:
		err = fmt.Errorf("%s%w", app.ranks.name(), err)
	}
	return shell.Code(err, app.Name, stderr)
}

func carryOut(ctx context.Context, app Program, args []string, stdout, stderr io.Writer) error {
	s, err := parse(app, args, stdout)
	if err != nil {
		return err
	}
	app = s.program
	terminal, err := progress.Detect(stderr, s.color, nil)
	if err != nil {
		return shell.Usage("-" + err.Error())
	}
	s.terminal = terminal
	if err := kernel.EnvironmentError(); err != nil {
		return shell.Usage(err.Error())
	}
	if err := app.ranks.meet(nil); err != nil {
		return err
	}
	display := progress.New(s.verbose, stderr, terminal)
	if s.resume != "" {
		return resume(ctx, app, s, display, stdout, stderr)
	}
	return begin(ctx, app, s, display, stdout, stderr)
}

// begin is a new run.
func begin(ctx context.Context, app Program, s *settings, display progress.Display, stdout, stderr io.Writer) error {
	if !app.ranks.first() && (s.summary || s.sketch.path != "" || s.sheet.path != "") {
		return nil
	}
	if s.out != "" && app.ranks.first() {
		if err := run.CheckFolder(s.out); err != nil {
			return fmt.Errorf("-out: %w", err)
		}
	}
	set, err := data.OpenAs(s.Data, s.Preparation)
	if err != nil {
		return err
	}
	s.Preparation = set.Preparation
	if s.held, err = s.HoldOut(set); err != nil {
		return err
	}
	if s.sheet.path != "" {
		if err := s.writeSheet(set.Train); err != nil {
			return err
		}
		s.tell(stderr, "%s has images as training would see them, a row a class", s.sheet.path)
		if !s.summary && s.sketch.path == "" {
			return nil
		}
	}
	m, err := newModel(app, s, set)
	if err != nil {
		return err
	}
	if s.sketch.path != "" {
		if err := s.sketch.write(ctx, m, s.Batch); err != nil {
			return err
		}
		s.tell(stderr, "%s has the graph of a training step", s.sketch.path)
		if !s.summary {
			return nil
		}
	}
	if s.summary {
		return m.Summary(stdout, columns(stdout))
	}
	j, err := newJob(app, s, m, set, display, stdout, stderr)
	if err != nil {
		return err
	}
	if err := j.join(); err != nil {
		return err
	}
	if !app.ranks.first() {
		return j.follow(ctx)
	}
	unlock, err := j.create()
	if err != nil {
		return err
	}
	defer unlock()
	return j.run(ctx)
}

// resume is a run that goes on.
func resume(ctx context.Context, app Program, s *settings, display progress.Display, stdout, stderr io.Writer) error {
	c, err := stored(app, s)
	if err != nil {
		return err
	}
	app = app.resuming(c)
	set, err := openStored(s, c)
	if err != nil {
		return err
	}
	s.Init = "" // the weights come from the checkpoint; the file may be gone
	m, err := newModel(app, s, set)
	if err != nil {
		return err
	}
	s.Init = c.Settings.Init
	j, err := newJob(app, s, m, set, display, stdout, stderr)
	if err != nil {
		return err
	}
	return j.reopen(ctx, c)
}

// newModel draws the weights from the seed, or reads them.
func newModel(app Program, s *settings, set *data.Dataset) (*nets.Model, error) {
	net, err := app.network(s, set)
	if err != nil {
		return nil, err
	}
	if err := checkWeights(net); err != nil {
		return nil, err
	}
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(s.Seed, 0)))
	if err != nil {
		return nil, err
	}
	if err := madeFor(m, set); err != nil {
		return nil, err
	}
	m.Objective = nets.Objective{Smoothing: s.LabelSmoothing, L2: s.L2}
	algorithm, err := kernel.ParseAlgorithm(s.Conv)
	m.Ops = graph.FusedWith(algorithm)
	kernel.SetThreads(app.ranks.threads(s.Threads))
	if err == nil && s.Init != "" {
		err = s.readInit(m)
	}
	return m, err
}

// madeFor says what keeps a network of one's own from being that of a run on the data,
// which no command could read.
func madeFor(m *nets.Model, set *data.Dataset) error {
	switch image := set.Train.Shape(); {
	case m.Name == "":
		return errors.New("the program's network has no Name: give it one, by which its runs and its server call it")
	case m.Input != image:
		return fmt.Errorf("the network %s takes images of %s, the data have %s: have its function make it for the image that it is given", m.Name, shape(m.Input), shape(image))
	case m.Classes != set.Classes:
		return fmt.Errorf("the network %s tells %d classes, the data have %d: have its function make it for the classes that it is given", m.Name, m.Classes, set.Classes)
	}
	return nil
}

// shape is an image's, in words.
func shape(image [3]int) string { return fmt.Sprintf("%d x %d x %d", image[0], image[1], image[2]) }

// readInit has a model begin with the weights of -init.
func (s *settings) readInit(m *nets.Model) error {
	file, err := nets.ReadWeightFile(s.Init)
	if err == nil {
		err = m.Take(file)
	}
	if err != nil {
		return fmt.Errorf("-init: %w", err)
	}
	s.assumed = file.Assumed(m.Name)
	return nil
}

// columns is the width of the terminal that w is, or 80.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}
