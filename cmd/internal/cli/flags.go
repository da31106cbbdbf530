package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"

	"stheno/data"
	"stheno/data/augment"
	"stheno/graph/kernel"
	"stheno/nets/train"
)

// settings are the flags.
type settings struct {
	train.Settings

	resume  string
	out     string
	verbose int
	json    bool
	color   string
	summary bool
	given   map[string]bool // the flags that stood on the command line
	held    *data.Set       // what is validated on
	phase   string          // of the job of a part of a run; else empty
	sketch  sketch
	sheet   sheet
}

// usageError is a wrong command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// parse reads the command line. It returns flag.ErrHelp after having written
// the help to stdout, and a usageError for what is wrong.
func parse(app App, args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet(app.Name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	s.define(f)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help(app, f, stdout)
		return nil, err
	case err != nil:
		return nil, usageError{err.Error()}
	case f.NArg() > 0:
		return nil, usageError{fmt.Sprintf("unexpected argument %q: everything is a flag", f.Arg(0))}
	}
	s.given = make(map[string]bool)
	f.Visit(func(f *flag.Flag) { s.given[f.Name] = true })
	return s, s.check()
}

func (s *settings) define(f *flag.FlagSet) {
	f.StringVar(&s.Data, "data", "", "`folder` with the IDX files of MNIST, Fashion-MNIST, KMNIST or EMNIST, plain or .gz, or with train/CLASS/*.png and test/CLASS/*.png (default: MNIST, as the GoMNIST module brings it)")
	f.IntVar(&s.Epochs, "epochs", 10, "passes over the training images, or with -repeat so many times as many")
	f.IntVar(&s.Batch, "batch", 128, "images of an optimizer step")
	f.Float64Var(&s.LearningRate, "lr", 0.001, "Adam's learning `rate`")
	f.Uint64Var(&s.Seed, "seed", 1, "`seed` of the initial weights, of the order of the images and of their distortions")
	f.BoolVar(&s.Shuffle, "shuffle", true, "new order each epoch; -shuffle=false is the files' order")
	f.IntVar(&s.Steps, "steps", 0, "stop after so many optimizer steps in all, without those of -pretrain; 0 is no limit")
	f.StringVar(&s.Init, "init", "", "start from the weights in this safetensors `file`, of ours, Keras's or PyTorch's")
	f.StringVar(&s.resume, "resume", "", "go on with the interrupted run in this `folder`, exactly; all its settings hold")
	f.IntVar(&s.CheckpointEvery, "checkpoint-every", 0, "save a checkpoint every so many `steps` too; 0 is at each epoch's end and when training stops")
	f.StringVar(&s.out, "out", "", "run `folder` to write (default: runs/NET-DATE-TIME)")
	f.Float64Var(&s.ValidationSplit, "validation-split", 0, "validate on this last `part` of the training images, in the files' order, instead of the test images")
	f.StringVar(&s.Augment, "augment", "", "distort the training images at random, anew each epoch, by this `spec`: "+augment.Forms+" (default none)")
	f.IntVar(&s.Labels, "labels", 0, "train on so many `images` alone, as many of each class, drawn by the seed; 0 is all")
	f.IntVar(&s.Repeat, "repeat", 1, "`passes` over the training images in an epoch: more of them where they are few, so that an epoch is worth its validation and its checkpoint")
	f.StringVar(&s.Pretrain, "pretrain", "", "pre-train all layers but the last by metric learning with this `loss`, then train with a fresh last layer: "+train.PretrainForms)
	f.IntVar(&s.PretrainEpochs, "pretrain-epochs", 5, "`epochs` of the pre-training, before the -epochs")
	f.IntVar(&s.Embedding, "embedding", 64, "`dimensions` of the points that -pretrain makes of images")
	f.IntVar(&s.Patience, "patience", 0, "end training when val_loss has not improved for so many `epochs`, and keep the best epoch's weights; 0 is off")
	f.StringVar(&s.Schedule, "schedule", "constant", "the learning rate over the run: "+train.ScheduleForms)
	f.BoolVar(&s.TensorBoard, "tensorboard", false, "write TensorBoard's event files into the run folder")
	f.IntVar(&s.Threads, "threads", 0, "threads of the kernels; 0 is GOMAXPROCS; results do not depend on it")
	f.StringVar(&s.Conv, "conv", "auto", "how to convolve: direct, winograd (3 x 3 only) or auto, the faster of them")
	f.IntVar(&s.verbose, "verbose", 1, "0 silent, 1 progress bar, 2 a line an epoch; as in Keras")
	f.BoolVar(&s.json, "json", false, "write JSON Lines to stdout, and nothing else there")
	f.StringVar(&s.color, "color", "auto", "auto, always or never")
	s.sketch.define(f)
	s.sheet.define(f)
	f.BoolVar(&s.summary, "summary", false, "print the table of layers and stop")
}

// check refuses values that no run can have.
func (s *settings) check() error {
	switch {
	case s.Epochs < 1:
		return usageError{fmt.Sprintf("-epochs %d: must be at least 1", s.Epochs)}
	case s.Batch < 1:
		return usageError{fmt.Sprintf("-batch %d: must be at least 1", s.Batch)}
	case !(s.LearningRate > 0) || math.IsInf(s.LearningRate, 0):
		return usageError{fmt.Sprintf("-lr %v: must be a number above 0", s.LearningRate)}
	case s.Steps < 0:
		return usageError{fmt.Sprintf("-steps %d: must be 0 or more", s.Steps)}
	case s.CheckpointEvery < 0:
		return usageError{fmt.Sprintf("-checkpoint-every %d: must be 0 or more", s.CheckpointEvery)}
	case !(s.ValidationSplit >= 0 && s.ValidationSplit < 1):
		return usageError{fmt.Sprintf("-validation-split %v: must be at least 0 and below 1", s.ValidationSplit)}
	case s.Labels < 0:
		return usageError{fmt.Sprintf("-labels %d: must be 0 or more", s.Labels)}
	case s.Repeat < 1:
		return usageError{fmt.Sprintf("-repeat %d: must be at least 1", s.Repeat)}
	case s.pretrainError() != nil:
		return s.pretrainError()
	case s.Patience < 0:
		return usageError{fmt.Sprintf("-patience %d: must be 0 or more", s.Patience)}
	case s.Threads < 0:
		return usageError{fmt.Sprintf("-threads %d: must be 0 or more", s.Threads)}
	case s.scheduleError() != nil:
		return usageError{fmt.Sprintf("-schedule: %v", s.scheduleError())}
	case s.augmentError() != nil:
		return usageError{fmt.Sprintf("-augment: %v", s.augmentError())}
	case s.convError() != nil:
		return usageError{fmt.Sprintf("-conv: %v", s.convError())}
	case s.verbose < 0 || s.verbose > 2:
		return usageError{fmt.Sprintf("-verbose %d: must be 0, 1 or 2", s.verbose)}
	}
	if err := s.sheet.check(s.Augment != ""); err != nil {
		return err
	}
	return s.sketch.check()
}

// augmentError reads -augment, and writes it as a run's settings have it.
func (s *settings) augmentError() error {
	spec, err := augment.Parse(s.Augment)
	if err != nil {
		return err
	}
	if s.Augment = ""; !spec.Off() {
		s.Augment = spec.String()
	}
	return nil
}

func (s *settings) pretrainError() error {
	if s.Pretrain == "" {
		for _, name := range []string{"pretrain-epochs", "embedding"} {
			if s.given[name] && s.resume == "" {
				return usageError{fmt.Sprintf("-%s: says nothing without -pretrain", name)}
			}
		}
		return nil
	}
	if _, err := train.ParsePretraining(s.Pretrain); err != nil {
		return usageError{fmt.Sprintf("-pretrain: %v", err)}
	}
	switch {
	case s.PretrainEpochs < 1:
		return usageError{fmt.Sprintf("-pretrain-epochs %d: must be at least 1", s.PretrainEpochs)}
	case s.Embedding < 2:
		return usageError{fmt.Sprintf("-embedding %d: must be at least 2", s.Embedding)}
	}
	return nil
}

func (s *settings) convError() error {
	_, err := kernel.ParseAlgorithm(s.Conv)
	return err
}

func (s *settings) scheduleError() error {
	_, err := train.ParseSchedule(s.Schedule, s.LearningRate, 1, 1)
	return err
}

func help(app App, f *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "%s trains %s.\n\nUsage: go run ./cmd/%s [flags]\n\n", app.Name, app.About, app.Name)
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprintf(w, "\nExample: train for two epochs, a line each, into a folder of your choice\n\n  go run ./cmd/%s -epochs 2 -verbose 2 -out runs/%s\n\nand go on with it after Ctrl-C or a crash\n\n  go run ./cmd/%[1]s -resume runs/%[2]s\n", app.Name, strings.ToLower(app.Name))
}
