package train_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/data/augment"
	"stheno/nets"
	"stheno/nets/train"
)

// doors are the ways in which rows come to a model of net.
func doors(t *testing.T, net nets.Network) map[string]func(*data.Set) error {
	good := images(10, net.Input, 3)
	return map[string]func(*data.Set) error{
		"Fit": func(s *data.Set) error {
			_, err := train.Fit(t.Context(), newModel(t, net, tensor.Float32), s, train.NewAdam(0.01), train.Plan{Epochs: 1, Batch: 4})
			return err
		},
		"Fit, balanced": func(s *data.Set) error {
			_, err := train.Fit(t.Context(), newModel(t, net, tensor.Float32), s, train.NewAdam(0.01), train.Plan{Epochs: 1, Batch: 4, Balanced: true})
			return err
		},
		"Plan.Validation": func(s *data.Set) error {
			if s == nil {
				return errors.New("none is nil") // nothing is validated
			}
			called := false
			_, err := train.Fit(t.Context(), newModel(t, net, tensor.Float32), good, train.NewAdam(0.01), train.Plan{Epochs: 1, Batch: 4, Validation: s,
				Callbacks: []train.Callback{each{Batch: func(*train.Stats) error { called = true; return nil }}}})
			if called && err != nil {
				t.Error("an epoch was trained before its validation was refused")
			}
			return err
		},
		"Evaluate": func(s *data.Set) error {
			_, err := train.Evaluate(t.Context(), newModel(t, net, tensor.Float32), s, nil)
			return err
		},
		"Embed": func(s *data.Set) error {
			_, err := train.Embed(t.Context(), newModel(t, nets.Embedding(net, 3), tensor.Float32), s, []int{0})
			return err
		},
		"PredictViews": func(s *data.Set) error {
			_, err := train.PredictViews(nets.NewPredictor(newModel(t, net, tensor.Float32)), s.Pick(0), augment.Spec{}, 1)
			return err
		},
	}
}

// TestImagesOfAnotherSizeAreRefused, also of one whose pixels are as many as
// those of some of the model's images.
func TestImagesOfAnotherSizeAreRefused(t *testing.T) {
	for _, net := range []nets.Network{toy, toyConv} {
		h, w := net.Input[0], net.Input[1]
		for name, door := range doors(t, net) {
			if err := door(images(10, net.Input, 3)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, size := range [][3]int{{h / 2, w, 1}, {h - 1, w, 1}, {h + 1, w, 1}, {2 * h, w, 1}, {w, h, 1}, {h, w, 3}} {
				err := door(images(10, size, 3))
				if err == nil || !strings.Contains(err.Error(), train.Size(size)) || !strings.Contains(err.Error(), train.Size(net.Input)) {
					t.Errorf("%s: images of %v for %v: error %v, want both sizes", name, size, net.Input, err)
				}
			}
		}
	}
}

// TestSetsThatDoNotFitAreRefused at every door, and labels beyond the classes
// where labels count.
func TestSetsThatDoNotFitAreRefused(t *testing.T) {
	change := func(change func(*data.Set)) *data.Set {
		s := images(10, toy.Input, 3)
		change(s)
		return s
	}
	for what, s := range map[string]*data.Set{
		"nil":            nil,
		"empty":          {Height: 4, Width: 3, Channels: 1},
		"zero":           {},
		"no pixels":      change(func(s *data.Set) { s.Pixels = nil }),
		"a pixel less":   change(func(s *data.Set) { s.Pixels = s.Pixels[1:] }),
		"an image more":  change(func(s *data.Set) { s.Pixels = append(s.Pixels, make([]uint8, 12)...) }),
		"a label less":   change(func(s *data.Set) { s.Labels = s.Labels[1:] }),
		"no width":       change(func(s *data.Set) { s.Width = 0 }),
		"a last label 3": change(func(s *data.Set) { s.Labels[9] = 3 }),
	} {
		for name, door := range doors(t, toy) {
			if what == "a last label 3" && name == "PredictViews" {
				continue
			}
			if err := door(s); err == nil {
				t.Errorf("%s: takes a set with %s", name, what)
			}
		}
	}
}

// TestLabelsOfPairsMayBeAny: a loss that asks which labels are equal takes more
// classes than its points have dimensions.
func TestLabelsOfPairsMayBeAny(t *testing.T) {
	m := newModel(t, nets.Embedding(toy, 2), tensor.Float32)
	m.Objective = nets.Objective{Loss: nets.Triplet{Margin: 0.2}}
	rows := images(20, toy.Input, 3)
	if _, err := train.Fit(t.Context(), m, rows, train.NewAdam(0.01), train.Plan{}); err != nil {
		t.Error(err)
	}
	m.Objective = nets.Objective{Loss: nets.CosFace{Scale: 16, Margin: 0.3}}
	if _, err := train.Evaluate(t.Context(), m, rows, nil); err == nil || !strings.Contains(err.Error(), "has 2 classes") {
		t.Errorf("error %v", err)
	}
}

// TestTheZeroPlanTrains an epoch in batches of 32, as Keras's fit does.
func TestTheZeroPlanTrains(t *testing.T) {
	stats, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float32), images(40, toy.Input, 3), train.NewAdam(0.001), train.Plan{})
	if err != nil || stats.Step != 2 || stats.Rows != 8 || !stats.Whole || stats.Epochs != 1 {
		t.Errorf("error %v, %+v", err, stats)
	}
}

func TestPlansThatCannotBeAreRefused(t *testing.T) {
	m, rows, adam := newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), train.NewAdam(0.001)
	for want, plan := range map[string]train.Plan{
		"Plan.Epochs is -1":        {Epochs: -1},
		"Plan.Repeat is -1":        {Repeat: -1},
		"Plan.Batch is -128":       {Batch: -128},
		"Plan.Steps is -1":         {Steps: -1},
		"Plan.Views is -2":         {Views: -2},
		"Plan.From.Batch is -1":    {From: train.Position{Batch: -1}},
		"behind batch 4":           {Batch: 4, From: train.Position{Step: 4, Epoch: 1, Batch: 4}},
		"Plan.Callbacks[1] is nil": {Callbacks: []train.Callback{train.Hooks{}, (*train.History)(nil)}},
		"Plan.Callbacks[0] is nil": {Callbacks: []train.Callback{nil}},
		"affine:rotate":            {Augment: augment.Spec{Affine: &augment.Affine{Rotate: math.NaN()}}},
	} {
		if _, err := train.Fit(t.Context(), m, rows, adam, plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for _, opt := range []train.Optimizer{nil, (*train.Adam)(nil)} {
		if _, err := train.Fit(t.Context(), m, rows, opt, train.Plan{}); err == nil || !strings.Contains(err.Error(), "optimizer is nil") {
			t.Errorf("error %v", err)
		}
	}
	if _, err := train.Fit(t.Context(), nil, rows, adam, train.Plan{}); err == nil {
		t.Error("a nil model is trained")
	}
	if _, err := train.Evaluate(t.Context(), nil, rows, nil); err == nil {
		t.Error("a nil model is evaluated")
	}
}

// TestWhatIsNilIsRefused, and what was never set.
func TestWhatIsNilIsRefused(t *testing.T) {
	m, rows := newModel(t, toy, tensor.Float32), images(10, toy.Input, 3)
	fit := func(ctx context.Context, m *nets.Model, callbacks ...train.Callback) error {
		_, err := train.Fit(ctx, m, rows, train.NewAdam(0.001), train.Plan{Callbacks: callbacks})
		return err
	}
	evaluate := func(ctx context.Context, m *nets.Model) error {
		_, err := train.Evaluate(ctx, m, rows, nil)
		return err
	}
	views := func(p *nets.Predictor) error {
		_, err := train.PredictViews(p, rows.Pick(0), augment.Spec{}, 1)
		return err
	}
	var none context.Context
	_, embed := train.Embed(none, m, rows, []int{0})
	_, measure := train.MeasureEmbedding(t.Context(), m, rows, nil)
	for i, c := range []struct {
		err  error
		want string
	}{
		{fit(none, m), "ctx is nil"},
		{evaluate(none, m), "ctx is nil"},
		{embed, "ctx is nil"},
		{measure, "the images unseen: data: not a valid set: it is nil"},
		{fit(t.Context(), &nets.Model{}), "there is no model"},
		{evaluate(t.Context(), &nets.Model{}), "there is no model"},
		{fit(t.Context(), m, &train.Average{}), "Average has no Model"},
		{views(&nets.Predictor{}), "there is no predictor"},
		{views(nets.NewPredictor(nil)), "there is no predictor"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%d: error %v, want %q", i, c.err, c.want)
		}
	}
}

// TestAStopThatWasNeverSetStopsNothing: a *Stop that is nil is no nil error.
func TestAStopThatWasNeverSetStopsNothing(t *testing.T) {
	var stop *train.Stop
	stats, err := train.Fit(t.Context(), newModel(t, toy, tensor.Float32), images(10, toy.Input, 3), train.NewAdam(0.001),
		train.Plan{Epochs: 2, Callbacks: []train.Callback{each{Batch: func(*train.Stats) error { return stop }}}})
	if err != nil || stats.Epoch != 2 || stats.Stopped != "" {
		t.Errorf("error %v, %+v", err, stats)
	}
}

// worker is a callback of another package that says what it works on.
type worker struct {
	train.Hooks
	model *nets.Model
	opt   train.Optimizer
}

func (w worker) WorksOn() (*nets.Model, train.Optimizer) { return w.model, w.opt }

// TestCallbacksOfAnotherModelAreRefused, and those of another optimizer.
func TestCallbacksOfAnotherModelAreRefused(t *testing.T) {
	m, other, adam := newModel(t, toy, tensor.Float32), newModel(t, toy, tensor.Float32), train.NewAdam(0.001)
	constant := train.Constant(0.1)
	for _, c := range []train.Callback{
		&train.EarlyStopping{Model: other},
		&train.Average{Model: other, Decay: 0.9},
		worker{model: other}, worker{model: m, opt: train.NewAdam(0.001)},
		&train.ReduceLROnPlateau{Optimizer: train.NewAdam(0.001)},
		train.LearningRateSchedule{Optimizer: train.NewAdam(0.001), Schedule: constant},
		&train.LearningRateSchedule{Optimizer: train.NewAdam(0.001), Schedule: constant},
	} {
		_, err := train.Fit(t.Context(), m, images(10, toy.Input, 3), adam, train.Plan{Callbacks: []train.Callback{c}})
		if err == nil || !strings.Contains(err.Error(), "than Fit: give both the same") {
			t.Errorf("%T: error %v", c, err)
		}
	}
}

func TestEmbedAndPredictViewsRefuse(t *testing.T) {
	rows, m, p := images(10, toy.Input, 3), newModel(t, nets.Embedding(toy, 3), tensor.Float32), nets.NewPredictor(newModel(t, toy, tensor.Float32))
	for _, which := range [][]int{nil, {10}, {0, -1}} {
		if _, err := train.Embed(t.Context(), m, rows, which); err == nil {
			t.Errorf("rows %v of 10 are embedded", which)
		}
		if _, err := train.PredictViews(p, rows.Pick(which...), augment.Spec{}, 1); err == nil {
			t.Errorf("rows %v of 10 are predicted", which)
		}
	}
	for _, c := range []struct {
		p     *nets.Predictor
		batch data.Batch
		spec  augment.Spec
		views int
	}{
		{nil, rows.Pick(0), augment.Spec{}, 1},
		{p, data.Batch{Rows: []int{0}}, augment.Spec{}, 1},
		{p, rows.Pick(0), augment.Spec{}, 0},
		{p, rows.Pick(0), augment.Spec{}, -1},
		{p, rows.Pick(0), augment.Spec{Affine: &augment.Affine{Scale: 7}}, 2},
	} {
		if mean, err := train.PredictViews(c.p, c.batch, c.spec, c.views); err == nil {
			t.Errorf("%+v: %v", c, mean)
		}
	}
}
