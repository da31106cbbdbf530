// Package command is cmd/compare, which reads finished runs: the report of one,
// or a comparison of several, as text, JSON or a page.
//
// Runs that differ only in their seed are one entry, with mean, deviation and
// confidence interval. Only runs of the same data are compared: their test
// images must be the same.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stheno/cmd/internal/shell"
	"stheno/cmd/internal/views"
	"stheno/data"
	"stheno/nets/durable"
	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train/progress"
)

// The version of the JSON. It grows when a reader of the old form could be
// misled.
const version = 1

// pageFile is the name of the page in a folder that -out names.
const pageFile = "compare.html"

const example = `
Example: the MLP and the CNN beside each other, as text and as a page

  %[1]s -out compare.html runs/mlp runs/cnn

and what three runs say together, by the mean of their softmax

  %[1]s -committee runs/cnn-1 runs/cnn-2 runs/mlp
`

// options are the flags and the runs.
type options struct {
	runs  []string
	data  string
	out   string
	color string
	json  bool
	write bool

	committee bool
	heldOut   bool
	views     views.Flags
}

// Main runs the command as a process and returns its exit code.
func Main() int { return Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr) }

// Run runs the command line and returns the exit code: 0 for success, 1
// for a failure, 2 for a wrong command line.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return shell.Code(command(ctx, args, stdout, stderr), "compare", stderr)
}

func command(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	terminal, err := progress.Detect(stdout, o.color, nil)
	if err != nil {
		return shell.Usage("-" + err.Error())
	}
	if err := o.choose(stderr); err != nil {
		return err
	}
	reports, err := o.reports(ctx)
	if err != nil {
		return err
	}
	if o.write {
		for _, r := range reports {
			if err := r.Write(); err != nil {
				return err
			}
		}
	}
	if o.committee {
		return o.show(newCommittee(reports), stdout, terminal)
	}
	if len(reports) == 1 {
		return o.one(reports[0], stdout, terminal)
	}
	return o.show(newComparison(reports), stdout, terminal)
}

// parse reads flags and runs, in any order.
func parse(args []string, stdout io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.data, "data", "", "`folder` with the runs' data, where it is not where they found it")
	f.StringVar(&o.out, "out", "", "also write a page to this `file` (.html), or as "+pageFile+" into this folder")
	f.BoolVar(&o.write, "write", false, "also write each run's "+report.HTMLFile+", "+report.CurvesFile+" and "+report.ConfusionFile+" anew")
	f.BoolVar(&o.committee, "committee", false, "take the runs for one model, the mean of their softmax, and hold it against each of them")
	f.BoolVar(&o.heldOut, "held-out", false, "test on the training images that the runs held out with -validation-split, to choose without the test images")
	o.views.Define(f)
	f.BoolVar(&o.json, "json", false, "write one JSON object, on one line, instead of text")
	f.StringVar(&o.color, "color", "auto", "auto, always or never")
	f.Usage = func() {}
	for rest := args; ; rest = f.Args()[1:] {
		switch err := f.Parse(rest); {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprintf(stdout, "compare says what runs have learned and what they cost.\n\nUsage: %s [flags] [RUN...]\n\nOne run: its report. Several: which is more accurate, on which classes, at\nwhich cost; runs that differ only in their seed are taken together. Without a\nRUN: the two newest below runs/ of the same data.\n\n", shell.GoRun("compare"))
			f.SetOutput(stdout)
			f.PrintDefaults()
			fmt.Fprintf(stdout, example, shell.GoRun("compare"))
			return nil, err
		case err != nil:
			return nil, shell.Usage(err.Error())
		}
		if f.NArg() == 0 {
			return o, o.check()
		}
		o.runs = append(o.runs, f.Arg(0))
	}
}

func (o *options) check() error {
	if o.committee && len(o.runs) == 1 {
		return shell.Usagef("-committee: %s alone is no committee: give two or more runs", o.runs[0])
	}
	if err := o.views.Check(); err != nil {
		return shell.Usage(err.Error())
	}
	if o.write && (o.views.On() || o.heldOut) {
		return shell.Usage("-write: what a run leaves is of each test image as it is, without -tta and -held-out")
	}
	for i, dir := range o.runs {
		o.runs[i] = filepath.Clean(dir)
		if slices.Contains(o.runs[:i], o.runs[i]) {
			return shell.Usagef("%s is given twice", dir)
		}
	}
	return nil
}

// reports loads all runs before it tests any, so that what is wrong is said at
// once.
func (o *options) reports(ctx context.Context) ([]*report.Report, error) {
	var runs []*report.Run
	for _, dir := range o.runs {
		run, err := report.Load(run.Folder(dir))
		if err != nil {
			return nil, err
		}
		if len(runs) > 0 {
			if err := sameClasses(runs[0], run); err != nil {
				return nil, err
			}
			if err := sameData(runs[0], run); err != nil {
				return nil, err
			}
		}
		if o.heldOut {
			if err := sameHeldOut(runs, run); err != nil {
				return nil, err
			}
		}
		run.Model = nil // a hundred CNNs take gigabytes: each is read again when its turn comes
		runs = append(runs, run)
	}
	set, err := runs[0].Config.OpenData(o.data)
	if err != nil && o.data == "" {
		return nil, fmt.Errorf("%s: its data: %w; if they have moved, say with -data where they are", runs[0].Folder, err)
	}
	if err != nil {
		return nil, err
	}
	held, err := runs[0].Config.Settings.HoldOut(set)
	if err != nil {
		return nil, err
	}
	images := set.Test
	if o.heldOut {
		images = held
	}
	var reports []*report.Report
	for _, run := range runs {
		if err := report.CheckData(run.Config, run.Folder, set); err != nil {
			return nil, err
		}
		if run, err = report.Load(run.Folder); err != nil {
			return nil, err
		}
		spec, err := o.views.Spec(run.Config.Settings)
		if err != nil {
			return nil, shell.Usage(err.Error())
		}
		r, err := report.Take(ctx, run, report.Exam{Images: images, HeldOut: o.heldOut, Views: o.views.Count, Distort: spec})
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
		run.Model = nil // the filters are made by now
	}
	return reports, nil
}

// sameClasses refuses two runs whose classes are others, or in another order.
func sameClasses(a, b *report.Run) error {
	x, y := a.Config.Data, b.Config.Data
	for label := range max(x.Classes, y.Classes) {
		if label >= min(x.Classes, y.Classes) {
			return fmt.Errorf("%s and %s are not of the same classes: there are %d and %d", a.Folder, b.Folder, x.Classes, y.Classes)
		}
		if x.Class(label) != y.Class(label) {
			return fmt.Errorf("%s and %s are not of the same classes: number %d is %q and %q", a.Folder, b.Folder, label, x.Class(label), y.Class(label))
		}
	}
	return nil
}

// sameData refuses two runs that were tested on different images.
func sameData(a, b *report.Run) error {
	files := make(map[string]run.SourceFile)
	for _, f := range a.Config.Data.Files {
		files[f.Name] = f
	}
	for _, f := range b.Config.Data.Files {
		switch its, ok := files[f.Name]; {
		case !ok:
			return fmt.Errorf("%s and %s are not of the same data: only runs that were tested on the same images can be compared", a.Folder, b.Folder)
		case !its.Same(f):
			return fmt.Errorf("%s and %s are not of the same data: the SHA-256 of their %s are %.12s and %.12s", a.Folder, b.Folder, f.Name, its.SHA256, f.SHA256)
		}
	}
	if x, y := a.Config.Preparation(), b.Config.Preparation(); files[data.TrainFolder].SHA256 != "" && x != y {
		return fmt.Errorf("%s and %s are not of the same images: their pictures were prepared by -prepare %s and %s", a.Folder, b.Folder, x.Method, y.Method)
	}
	return nil
}

// sameHeldOut refuses a run that held out no images, or others than the runs before.
func sameHeldOut(before []*report.Run, run *report.Run) error {
	split := run.Config.Settings.ValidationSplit
	if split == 0 {
		return shell.Usagef("-held-out: %s held no images out: it was trained without -validation-split", run.Folder)
	}
	if len(before) > 0 && before[0].Config.Settings.ValidationSplit != split {
		return shell.Usagef("-held-out: %s and %s held out different images: -validation-split was %v and %v",
			before[0].Folder, run.Folder, before[0].Config.Settings.ValidationSplit, split)
	}
	return nil
}

func (o *options) one(r *report.Report, stdout io.Writer, t progress.Terminal) error {
	if err := o.page(r.HTML); err != nil {
		return err
	}
	if o.json {
		return emit(stdout, struct {
			Type    string `json:"type"`
			Version int    `json:"version"`
			*report.Report
		}{"report", version, r})
	}
	return r.Text(stdout, t.Color)
}

// answer is what there is to say about several runs.
type answer interface {
	Text(w io.Writer, t progress.Terminal) error
	HTML(w io.Writer) error
}

func (o *options) show(c answer, stdout io.Writer, t progress.Terminal) error {
	if err := o.page(c.HTML); err != nil {
		return err
	}
	if o.json {
		return emit(stdout, c)
	}
	return c.Text(stdout, t)
}

// page writes the page that -out asks for.
func (o *options) page(write func(io.Writer) error) error {
	path := o.out
	switch {
	case path == "":
		return nil
	case !strings.HasSuffix(path, ".html"):
		if err := os.MkdirAll(path, 0o777); err != nil {
			return fmt.Errorf("-out: %w", err)
		}
		path = filepath.Join(path, pageFile)
	}
	if err := durable.WriteFile(path, write); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	return nil
}

func emit(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
