package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/data/augment"
	"stheno/data/digit"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
	"stheno/nets/train/progress"
)

// Main runs the command as a process and returns its exit code.
func Main() int {
	return Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// Run runs the command line and returns the exit code: 0 if every picture has
// got its answer, 1 for a failure, 2 for a wrong command line. Answers go to
// stdout, everything else to stderr; a picture that cannot be read stops none of
// the others.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := carryOut(ctx, args, stdin, stdout, stderr)
	if errors.Is(err, errTold) {
		return shell.Failure
	}
	return shell.Code(err, "predict", stderr)
}

// errTold is the failure of inputs of which each has had its line.
var errTold = errors.New("some inputs have failed")

func carryOut(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	s, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if err := kernel.EnvironmentError(); err != nil {
		return shell.Usage(err.Error())
	}
	terminal, err := progress.Detect(stdout, "auto", nil)
	if err != nil {
		return err
	}
	prose, err := progress.Detect(stderr, "auto", nil)
	if err != nil {
		return err
	}
	folder, err := chooseRun(s.model, stderr)
	if err != nil {
		return err
	}
	l, err := folder.Load()
	if err != nil {
		return err
	}
	if l.Note != "" {
		fmt.Fprintln(stderr, prose.Lines(l.Note))
	}
	model, config := l.Model, l.Config
	e := &examiner{settings: s, folder: folder, predictor: nets.NewPredictor(model), classes: model.Classes, stdin: stdin}
	if e.spec, err = s.views.Spec(config.Settings); err != nil {
		return shell.Usage(err.Error())
	}
	if s.views.On() {
		fmt.Fprintln(stderr, prose.Lines(fmt.Sprintf("-tta %d: probabilities are means over each image as it is and %d distorted by %s", s.views.Count, s.views.Count-1, e.spec)))
	}
	if e.preparation, err = s.preparation(config); err != nil {
		return err
	}
	e.out = newAnswers(s, folder, config.Data, model.Input, terminal, stdout, stderr)
	e.out.prose = prose
	for _, input := range s.inputs {
		if err := e.input(ctx, input); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if e.out.failed {
		return errTold
	}
	return nil
}

// examiner asks a network about inputs.
type examiner struct {
	*settings
	folder    run.Folder
	predictor *nets.Predictor
	classes   int
	spec      augment.Spec // how -tta distorts
	preparation
	stdin io.Reader
	out   *answers
}

// picture asks about one picture, whose class is known or -1, and returns the
// answer's class, or noClass if it is blank; ok is false if the picture cannot be read or prepared, which is
// told.
func (e *examiner) picture(name string, r io.Reader, label int) (class int, ok bool, err error) {
	picture, err := digit.Decode(r, digit.Limits{})
	if err != nil {
		return 0, false, e.out.failure(name, err)
	}
	network := e.predictor.Network()
	pixels, ink, err := picture.Row(network.Input, e.by)
	if err != nil {
		return 0, false, e.out.failure(name, err)
	}
	e.out.prepares(&e.preparation)
	probabilities := make([]float64, e.classes)
	if ink {
		one, err := data.NewSet(pixels, []int{0}, network.Input, 0)
		if err != nil {
			return 0, false, err
		}
		if probabilities, err = e.predict(one.Pick(0)); err != nil {
			return 0, false, err
		}
	} else {
		for i := range probabilities {
			probabilities[i] = 1 / float64(len(probabilities))
		}
	}
	top := nets.Likeliest(probabilities, e.top)
	if class = top[0].Class; !ink {
		class = noClass
	}
	return class, true, e.out.prediction(name, label, ink, top, pixels)
}

// predict asks about rows, of each in as many views as -tta wants.
func (e *examiner) predict(rows data.Batch) ([]float64, error) {
	return train.PredictViews(e.predictor, rows, e.spec, max(1, e.views.Count))
}
