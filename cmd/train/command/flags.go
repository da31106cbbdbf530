package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"

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

// settings are the flags.
type settings struct {
	run.Settings

	program  Program // with its network, if that is known yet
	net      string
	resume   string
	repair   bool
	out      string
	verbose  int
	json     bool
	color    string
	summary  bool
	given    map[string]bool   // the flags that stood on the command line
	held     *data.Set         // what is validated on
	terminal progress.Terminal // what stderr is
	assumed  string            // what -init's file does not say
	phase    string            // of the job of a part of a run; else empty
	sketch   sketch
	sheet    sheet
}

// parse reads the command line. It returns flag.ErrHelp after having written
// the help to stdout, and a shell.Usage for what is wrong.
func parse(app Program, args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet(app.Name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	s.define(f)
	if app.Network == nil {
		f.StringVar(&s.net, "net", "", "`name` of the network: "+strings.Join(nets.NetworkNames(), ", "))
	}
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help(app, f, stdout)
		return nil, err
	case err != nil:
		return nil, shell.Usage(err.Error())
	case f.NArg() > 0:
		return nil, shell.Usagef("unexpected argument %q: everything is a flag", f.Arg(0))
	}
	s.given = make(map[string]bool)
	f.Visit(func(f *flag.Flag) { s.given[f.Name] = true })
	switch {
	case s.given["resume"] && s.resume == "":
		return nil, shell.Usage("-resume '': name the folder of the run")
	case s.repair && s.resume == "":
		return nil, shell.Usage("-repair: says nothing without -resume")
	}
	s.program = app
	if s.resume != "" {
		return s, nil // is checked with the run's settings, once they are read: see stored
	}
	if app.Network == nil && s.net == "" {
		return nil, shell.Usagef("-net NAME is missing: there are %s", strings.Join(nets.NetworkNames(), ", "))
	}
	var err error
	if s.program, err = app.named(s.net); err != nil {
		return nil, err
	}
	if err := s.follow(s.program.net, f); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	s.normalize()
	return s, nil
}

func (s *settings) define(f *flag.FlagSet) {
	f.StringVar(&s.Data, "data", "", "`folder` with the IDX files of MNIST, Fashion-MNIST, KMNIST or EMNIST, plain or .gz, or with train/CLASS/*.png and test/CLASS/*.png (default: MNIST, as the GoMNIST module brings it)")
	f.StringVar((*string)(&s.Preparation.Method), "prepare", "", "`how` pictures become images, here and whenever the network is asked later: raw, only scaled, or mnist, their ink found and placed as in MNIST (default: raw; mnist for IDX files whose images look like MNIST's)")
	f.IntVar(&s.Epochs, "epochs", 10, "passes over the training images, or with -repeat so many times as many")
	f.IntVar(&s.Batch, "batch", 128, "images of an optimizer step")
	f.Float64Var(&s.LearningRate, "lr", 0.001, "learning `rate` of the optimizer; in Keras sgd's default is 0.01")
	f.StringVar(&s.RateScale, "lr-scale", unscaled, fmt.Sprintf("how -lr, meant for a batch of %d, follows -batch: %s; sqrt multiplies it by the root of batch/%[1]d", train.ReferenceBatch, train.RateScaleForms))
	f.Uint64Var(&s.Seed, "seed", 1, "`seed` of the initial weights, of the order of the images and of their distortions")
	f.BoolVar(&s.Shuffle, "shuffle", true, "new order each epoch; -shuffle=false is the files' order")
	f.IntVar(&s.Steps, "steps", 0, "stop after so many optimizer steps in all, without those of -pretrain; 0 is no limit")
	f.StringVar(&s.Init, "init", "", "start from the weights in this `file`: safetensors of ours, Keras's or PyTorch's, or Keras's model.keras")
	f.StringVar(&s.resume, "resume", "", "resume the interrupted run in this `folder`, exactly; all its settings hold")
	f.BoolVar(&s.repair, "repair", false, "with -resume: if steps.csv is missing, older than every checkpoint or changed, make it anew of the rows that are left")
	f.IntVar(&s.CheckpointEvery, "checkpoint-every", 0, "save a checkpoint every so many `steps` too; 0 is at each epoch's end and when training stops")
	f.StringVar(&s.out, "out", "", "run `folder` to write (default: runs/NET-DATE-TIME)")
	f.Float64Var(&s.ValidationSplit, "validation-split", 0, "validate on this last `part` of the training images, in the files' order, instead of the test images")
	f.StringVar(&s.Augment, "augment", "", "distort the training images at random, anew each epoch, by this `spec`: "+augment.Forms+" (default none)")
	f.IntVar(&s.Labels, "labels", 0, "train on so many `images` alone, as many of each class, drawn by the seed; 0 is all")
	f.IntVar(&s.Repeat, "repeat", 1, "`passes` over the training images in an epoch: more of them where they are few, so that an epoch is worth its validation and its checkpoint")
	f.StringVar(&s.Pretrain, "pretrain", "", "pre-train all layers but the last by metric learning with this `loss`, then train with a last layer that is fresh, or -init's: "+run.PretrainForms)
	f.IntVar(&s.PretrainEpochs, "pretrain-epochs", 5, "`epochs` of the pre-training, before the -epochs")
	f.IntVar(&s.Embedding, "embedding", 64, "`dimensions` of the points that -pretrain makes of images")
	f.IntVar(&s.Patience, "patience", 0, "end training when val_loss has not improved for so many `epochs`, and keep the best epoch's weights; 0 is off")
	f.StringVar(&s.Schedule, "schedule", "constant", "the learning rate over the run: "+train.ScheduleForms)
	f.StringVar(&s.Recipe, "recipe", notebook, "settings by `name`: notebook, these defaults; fast, the most that one epoch gives; best, the most accurate; flags that are given go before the recipe's")
	f.StringVar(&s.Optimizer, "optimizer", "adam", optimizerForms+", as in Keras; say with -weight-decay how fast adamw's kernels decay")
	f.Float64Var(&s.Momentum, "momentum", 0, "`part` of a step that sgd and rmsprop carry over into the next, such as 0.9; 0 is none")
	f.BoolVar(&s.Nesterov, "nesterov", false, "sgd's -momentum in Nesterov's form")
	f.Float64Var(&s.WeightDecay, "weight-decay", 0, "at each step take learning rate times this `part` of every kernel away; adam has none")
	f.Float64Var(&s.L2, "l2", 0, "add this `factor` times the sum of the squares of all kernels to the loss, as Keras's regularizers.l2")
	f.Float64Var(&s.LabelSmoothing, "label-smoothing", 0, "spread this `part` of each label over all classes, as Keras's label_smoothing")
	f.Float64Var(&s.Dropout, "dropout", 0, "`rate` of dropout before each dense layer but one that sees the images; 0 leaves a network its own, and the notebook's have none")
	f.Float64Var(&s.EMA, "ema", 0, "validate and keep a moving average of the weights with this `decay`, such as 0.999; 0 is off")
	f.IntVar(&s.SWA, "swa", 0, "validate and keep the mean of the weights at the ends of the last so many `epochs`; 0 is off; with batch normalization each of them takes one more pass over the training images")
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

// normalize writes checked settings as a run's files have them.
func (s *settings) normalize() {
	s.Augment = canonical(s.Augment)
	if s.Pretrain == "" {
		s.PretrainEpochs, s.Embedding = 0, 0
	}
	if s.RateScale == unscaled {
		s.RateScale = ""
	}
}

// canonical is -augment as a run's settings have it; what cannot be read stays.
func canonical(text string) string {
	spec, err := augment.Parse(text)
	switch {
	case err != nil:
		return text
	case spec.Off():
		return ""
	}
	return spec.String()
}

// check refuses values that no run can have.
func (s *settings) check() error {
	switch {
	case s.Epochs < 1:
		return shell.Usagef("-epochs %d: must be at least 1", s.Epochs)
	case s.Batch < 1:
		return shell.Usagef("-batch %d: must be at least 1", s.Batch)
	case !(s.LearningRate > 0) || math.IsInf(s.LearningRate, 0):
		return shell.Usagef("-lr %v: must be a number above 0", s.LearningRate)
	case s.rateError() != nil:
		return s.rateError()
	case s.Steps < 0:
		return shell.Usagef("-steps %d: must be 0 or more", s.Steps)
	case s.CheckpointEvery < 0:
		return shell.Usagef("-checkpoint-every %d: must be 0 or more", s.CheckpointEvery)
	case !(s.ValidationSplit >= 0 && s.ValidationSplit < 1):
		return shell.Usagef("-validation-split %v: must be at least 0 and below 1", s.ValidationSplit)
	case s.Labels < 0:
		return shell.Usagef("-labels %d: must be 0 or more", s.Labels)
	case s.Repeat < 1:
		return shell.Usagef("-repeat %d: must be at least 1", s.Repeat)
	case s.pretrainError() != nil:
		return s.pretrainError()
	case s.Patience < 0:
		return shell.Usagef("-patience %d: must be 0 or more", s.Patience)
	case s.Threads < 0:
		return shell.Usagef("-threads %d: must be 0 or more", s.Threads)
	case s.scheduleError() != nil:
		return shell.Usagef("-schedule: %v", s.scheduleError())
	case s.augmentError() != nil:
		return shell.Usagef("-augment: %v", s.augmentError())
	case s.convError() != nil:
		return shell.Usagef("-conv: %v", s.convError())
	case s.Preparation != digit.Preparation{} && s.Preparation.Method != digit.Raw && s.Preparation.Method != digit.MNIST:
		return shell.Usagef("-prepare %s: must be %s or %s", shell.Quoted(string(s.Preparation.Method)), digit.Raw, digit.MNIST)
	case s.verbose < 0 || s.verbose > 2:
		return shell.Usagef("-verbose %d: must be 0, 1 or 2", s.verbose)
	}
	if err := s.checkRegularization(); err != nil {
		return err
	}
	if err := s.sheet.check(canonical(s.Augment) != ""); err != nil {
		return err
	}
	return s.sketch.check()
}

// pretrainError reads -pretrain; what belongs to it is nothing without it.
func (s *settings) pretrainError() error {
	if s.Pretrain == "" {
		for _, name := range []string{"pretrain-epochs", "embedding"} {
			if s.given[name] && s.resume == "" {
				return shell.Usagef("-%s: says nothing without -pretrain", name)
			}
		}
		return nil
	}
	loss, err := run.ParsePretraining(s.Pretrain)
	if err != nil {
		return shell.Usagef("-pretrain: %v", err)
	}
	_, single := loss.(nets.CosFace)
	switch {
	case s.Batch < 4 && !single:
		return shell.Usagef("-batch %d: -pretrain %s compares images of a class with each other and with those of another: must be at least 4", s.Batch, s.Pretrain)
	case s.PretrainEpochs < 1:
		return shell.Usagef("-pretrain-epochs %d: must be at least 1", s.PretrainEpochs)
	case s.Embedding < 2:
		return shell.Usagef("-embedding %d: must be at least 2", s.Embedding)
	}
	return nil
}

// checkRegularization is check for what keeps a network from learning by heart.
func (s *settings) checkRegularization() error {
	switch {
	case s.optimizerError() != nil:
		return s.optimizerError()
	case !(s.L2 >= 0) || math.IsInf(s.L2, 0):
		return shell.Usagef("-l2 %v: must be a number of at least 0", s.L2)
	case !(s.LabelSmoothing >= 0 && s.LabelSmoothing < 1):
		return shell.Usagef("-label-smoothing %v: must be at least 0 and below 1", s.LabelSmoothing)
	case !(s.Dropout >= 0 && s.Dropout < 1):
		return shell.Usagef("-dropout %v: must be at least 0 and below 1", s.Dropout)
	}
	return s.checkAverages()
}

func (s *settings) checkAverages() error {
	switch {
	case !(s.EMA >= 0 && s.EMA < 1):
		return shell.Usagef("-ema %v: must be at least 0 and below 1", s.EMA)
	case s.SWA < 0 || s.SWA > s.Epochs:
		return shell.Usagef("-swa %d: must be from 0 to the number of -epochs, %d", s.SWA, s.Epochs)
	case s.EMA > 0 && s.SWA > 0:
		return shell.Usagef("-ema %v and -swa %d: a run keeps one average: take one of them, and 0 for the other", s.EMA, s.SWA)
	case s.SWA > 0 && s.Patience > 0:
		return shell.Usagef("-swa %d and -patience %d: which epochs are the last is not known while -patience may end the run: take -ema", s.SWA, s.Patience)
	case s.SWA > 0 && s.Steps > 0:
		return shell.Usagef("-swa %d and -steps %d: -steps may end the run before its last epochs: plan its length by -epochs, or take -ema", s.SWA, s.Steps)
	}
	return nil
}

func (s *settings) augmentError() error {
	_, err := augment.Parse(s.Augment)
	return err
}

func (s *settings) convError() error {
	_, err := kernel.ParseAlgorithm(s.Conv)
	return err
}

func (s *settings) scheduleError() error {
	_, err := train.ParseSchedule(s.Schedule, s.Rate(), 1, 1)
	return err
}

// unscaled is -lr-scale for a rate that holds for every batch.
const unscaled = "none"

func (s *settings) rateError() error {
	rate, err := train.ScaledRate(s.RateScale, s.LearningRate, s.Batch)
	switch {
	case err != nil || s.RateScale == "":
		return shell.Usagef("-lr-scale %s: must be %s", shell.Quoted(s.RateScale), train.RateScaleForms)
	case !(rate > 0) || math.IsInf(rate, 0):
		return shell.Usagef("-lr %v: -lr-scale %s makes %v of it at -batch %d: must be a number above 0", s.LearningRate, s.RateScale, rate, s.Batch)
	}
	return nil
}

func help(app Program, f *flag.FlagSet, w io.Writer) {
	usage, begin := shell.GoRun(app.Name), ""
	if app.Network == nil {
		usage, begin = usage+" -net NAME", " -net cnn"
	}
	fmt.Fprintf(w, "%s trains %s.\n\nUsage: %s [flags]\n\n", app.Name, app.About, usage)
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprintf(w, "\nExample: train for two epochs, a line each, into a folder of your choice\n\n  %s%s -epochs 2 -verbose 2 -out runs/%s\n\nand resume it after Ctrl-C or a crash\n\n  %[1]s -resume runs/%[3]s\n", shell.GoRun(app.Name), begin, strings.ToLower(app.Name))
}
