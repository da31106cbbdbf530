package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stheno/data"
	"stheno/data/augment"
	"stheno/nets"
	"stheno/nets/embedding"
	"stheno/nets/run"
	"stheno/nets/train"
	"stheno/nets/train/progress"
)

// Run is a run, as its folder has it.
type Run struct {
	Folder  run.Folder
	Config  run.Config
	Model   *nets.Model
	History []train.Row
	Steps   []run.Step
	Outcome *run.Outcome // nil where the run has left none
	Weights string       // says which weights these are, where they are not what the run has ended with; else empty

	Embedding   *embedding.Quality // of the run's pre-training; nil without
	Pretraining *PretrainingCost   // the same
}

// Load reads a run from its folder.
func Load(folder run.Folder) (*Run, error) {
	l, err := folder.Load()
	if err != nil {
		return nil, err
	}
	r, err := load(folder, l.Config, l.Model)
	if err != nil {
		return nil, err
	}
	r.Weights = l.Note
	if l.At != nil {
		r.cut(*l.At)
	}
	return r, nil
}

// cut takes away what the run has written down since its weights were saved: the
// epochs and steps that are told are those of the model.
func (r *Run) cut(at train.Position) {
	whole := at.Epoch
	if !at.Whole {
		whole--
	}
	r.Outcome = nil
	r.History = slices.DeleteFunc(r.History, func(row train.Row) bool { return row.Epoch > whole })
	r.Steps = slices.DeleteFunc(r.Steps, func(s run.Step) bool { return s.Step > at.Step })
}

// load reads what stands beside the model.
func load(folder run.Folder, c run.Config, m *nets.Model) (*Run, error) {
	r := &Run{Folder: folder, Config: c, Model: m}
	outcome, ok, err := folder.ReadOutcome()
	if ok {
		r.Outcome = &outcome
	}
	if err == nil {
		r.History, err = folder.ReadHistory()
	}
	if err == nil {
		r.Steps, err = folder.ReadSteps()
	}
	if err == nil && c.Settings.Pretrain != "" {
		var q embedding.Quality
		if q, ok, err = folder.ReadEmbedding(); ok {
			r.Embedding = &q
		}
	}
	if err == nil && c.Settings.Pretrain != "" {
		r.Pretraining, err = r.pretraining()
	}
	return r, err
}

// Report is what there is to say about a run. A number that is not finite is
// null in JSON.
type Report struct {
	Run        string         `json:"run"` // the folder
	Network    string         `json:"network"`
	Seed       uint64         `json:"seed"`
	TestImages int            `json:"test_images"`
	Errors     int            `json:"errors"` // images that are classified wrong
	Accuracy   progress.Float `json:"accuracy"`
	Loss       progress.Float `json:"loss"` // mean cross-entropy of the test images, in nats
	Classes    []Class        `json:"classes"`
	Macro      Scores         `json:"macro"`     // the classes' means, each class counting once
	Confusion  [][]int        `json:"confusion"` // images of class [row] that were taken for [column]
	Pairs      []Pair         `json:"pairs"`     // the most confused, most frequent first
	Worst      []Image        `json:"worst"`     // the images of the highest loss, highest first
	Cost       Cost           `json:"cost"`
	HeldOut    bool           `json:"held_out,omitempty"` // tested on the images that the run held out, not on the test images
	Views      string         `json:"views,omitempty"`    // of each image whose mean counts, in words; absent for the image alone
	Kept       int            `json:"kept,omitempty"`     // the epoch whose weights the model has, where it is not the last
	Weights    string         `json:"weights,omitempty"`  // says which weights these are, where they are not what the run has ended with
	Settings   run.Settings   `json:"settings"`

	Embedding *embedding.Quality `json:"embedding,omitempty"` // what the pre-training has made; absent without

	run         *Run
	predictions *predictions
	filters     filters
	names       func(label int) string
}

// New tests a run's model on set.Test, in batches. It takes about as long as a
// validation. The set must be the run's: see CheckData.
func New(ctx context.Context, run *Run, set *data.Dataset) (*Report, error) {
	return Take(ctx, run, Exam{Images: set.Test})
}

// Exam is what a run is tested on, and how.
type Exam struct {
	Images  *data.Set
	HeldOut bool         // the images are those of -validation-split, not the test images
	Views   int          // of each image, whose mean counts, as train.PredictViews has them; 0 and 1 are the image alone
	Distort augment.Spec // for all views but the first
}

// Take tests a run's model by an exam.
func Take(ctx context.Context, run *Run, e Exam) (*Report, error) {
	p, err := predict(ctx, run.Model, e)
	if err != nil {
		return nil, err
	}
	names := run.Config.Data.Class
	r := &Report{
		Run: string(run.Folder), Network: run.Config.Network, Seed: run.Config.Settings.Seed,
		TestImages: e.Images.Len(), HeldOut: e.HeldOut, Settings: run.Config.Settings, Cost: cost(run),
		Embedding: run.Embedding, Weights: run.Weights,
		run: run, predictions: p, filters: firstFilters(run.Model), names: names,
	}
	if e.Views > 1 {
		r.Views = fmt.Sprintf("%d views of each image, %d of them distorted by %s", e.Views, e.Views-1, e.Distort)
	}
	if run.Outcome != nil {
		r.Kept = run.Outcome.Kept
	}
	r.count(run.Model.Classes)
	r.Worst = worst(p, e.Images, names)
	return r, nil
}

// Tested says how the figures came about, where not by each test image as it is:
// words that follow "tested".
func (r *Report) Tested() string {
	var how []string
	if r.HeldOut {
		how = append(how, "on "+Number(r.TestImages, "training image")+" that -validation-split held out, not on the test images")
	}
	if r.Views != "" {
		how = append(how, "by the mean of the probabilities of "+r.Views)
	}
	return strings.Join(how, ", ")
}

// count computes what the predictions say.
func (r *Report) count(classCount int) {
	p := r.predictions
	r.Confusion = confusion(p, classCount)
	r.Classes, r.Macro = classes(r.Confusion, r.names)
	r.Pairs = pairs(r.Confusion, r.names)
	for _, image := range p.images {
		r.Loss += progress.Float(image.loss / float64(len(p.images)))
		if image.predicted != image.label {
			r.Errors++
		}
	}
	r.Accuracy = progress.Float(float64(r.TestImages-r.Errors) / float64(r.TestImages))
}

// Right says of each test image, in the files' order, whether it is classified
// right.
func (r *Report) Right() []bool {
	right := make([]bool, len(r.predictions.images))
	for i, image := range r.predictions.images {
		right[i] = image.predicted == image.label
	}
	return right
}

// History are the run's epochs.
func (r *Report) History() []train.Row { return r.run.History }

// Config is the run's config.json.
func (r *Report) Config() run.Config { return r.run.Config }

// CheckData refuses data that are not those of a run, by the files' sums.
func CheckData(c run.Config, folder run.Folder, set *data.Dataset) error {
	if len(c.Data.Files) == 0 {
		return fmt.Errorf("%s does not say which data it was trained and tested on: write that into its %s, as Config.Data", folder, run.ConfigFile)
	}
	files := make(map[string]run.SourceFile)
	for _, f := range c.Data.Files {
		files[f.Name] = f
	}
	for _, f := range set.Files {
		if its := files[f.Name]; !its.Same(run.SourceFile(f)) {
			return fmt.Errorf("%s is not what %s was trained and tested on: its %s had the SHA-256 %.12s, this one has %.12s; name the folder with -data DIR",
				f.Path, folder, f.Name, its.SHA256, f.SHA256)
		}
	}
	return nil
}
