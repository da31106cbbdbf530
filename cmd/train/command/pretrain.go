package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train"
)

// A run that is pre-trained has a run of its own in its folder, which goes
// before: DIR/pretrain, with settings, steps, history and checkpoints as any
// run's. Its trunk is what the run's own training, the fine-tuning, begins with.
// So a run whose own training stands before its first step takes the trunk, and
// goes on with the pre-training if that is not done; one that stands behind it
// has everything in its own checkpoints.

// pretrain gives the model its pre-trained trunk, and trains that if need be. It
// returns the signal's cause if that has ended it.
func (j *job) pretrain(ctx context.Context) error {
	if !j.pretrains() || j.from.Step > 0 {
		return nil
	}
	p, err := j.pretraining()
	if err != nil {
		return err
	}
	p.folder, p.events = run.Folder(j.folder.File(run.PretrainDir)), j.events
	if _, done := j.outcome(p.folder); done {
		err = p.model.ReadWeights(p.folder.File(run.ModelFile))
	} else {
		err = p.pretrainItself(ctx, j)
	}
	if err != nil {
		return err
	}
	if err := nets.CopyTrunk(j.model.Network, j.model, p.model); err != nil {
		return err
	}
	head := "a fresh last layer"
	if file := j.settings.Init; file != "" {
		head = "the last layer of " + file
	}
	j.note("fine-tuning: %s on the pre-trained layers", head)
	return nil
}

// pretrains says whether this is a run that is pre-trained, not a pre-training.
func (j *job) pretrains() bool {
	return j.settings.Pretrain != "" && j.settings.phase != run.PretrainPhase
}

// pretraining is the job of the run's pre-training, which begins with the trunk
// that the run was given. It has no folder yet.
func (j *job) pretraining() (*job, error) {
	s := *j.settings
	s.Settings, s.phase, s.held = j.settings.Pretraining(), run.PretrainPhase, nil
	loss, err := run.ParsePretraining(s.Pretrain)
	if err != nil {
		return nil, err
	}
	net := s.PretrainNetwork(j.model.Network, loss, j.set.Classes)
	if err := checkWeights(net); err != nil {
		return nil, fmt.Errorf("-pretrain %s -embedding %d: %w", s.Pretrain, s.Embedding, err)
	}
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(s.Seed, pretrainWeights)))
	if err != nil {
		return nil, err
	}
	m.Ops, m.Objective = j.model.Ops, nets.Objective{Loss: loss, L2: s.L2}
	if err := nets.CopyTrunk(j.model.Network, m, j.model); err != nil {
		return nil, err
	}
	p, err := newJob(j.app, &s, m, j.set, j.display, j.stdout, j.stderr)
	if err != nil {
		return nil, fmt.Errorf("-pretrain %s: %w", s.Pretrain, err)
	}
	return p, nil
}

// The pre-training draws on sources that the fine-tuning, which has the same
// seed, does not.
const (
	pretrainWeights = math.MaxUint64 - 1 // the second half of the weights' source: no pass's number, and not that of -labels
	pretrainOrder   = 1 << 63            // a bit of the seed of orders and distortions
)

// pretrainItself begins or goes on in the folder, trains to the end, and leaves
// there what the run needs. of is the run.
func (j *job) pretrainItself(ctx context.Context, of *job) error {
	if err := j.open(); err != nil {
		return err
	}
	j.note("pre-training (%s) for %s: a point of %d dimensions for each image; into %s", j.settings.Pretrain, report.Number(j.settings.Epochs, "epoch"), j.settings.Embedding, j.folder)
	if j.from.Step > 0 {
		j.note("resuming after step %d of the pre-training", j.from.Step)
	}
	s, _, err := j.train(ctx)
	if err != nil {
		return err
	}
	quality, err := train.MeasureEmbedding(ctx, j.model, j.set.Train, of.settings.held)
	if cause := context.Cause(ctx); cause != nil {
		fmt.Fprintln(j.stderr, j.settings.terminal.Lines(fmt.Sprintf("%v after step %d of the pre-training (%s); everything is saved; resume with\n\n  %s\n", cause, s.Step, position(s), of.resumeLine())))
		if j.events == nil {
			return cause
		}
		end := of.end(run.Outcome{Reason: cause.Error() + " in the pre-training"})
		end.TestLoss, end.TestAccuracy = nil, nil
		return errors.Join(j.events.Emit(end), cause)
	}
	if err != nil {
		return err
	}
	j.note("the embedding tells %.4f of the images validated on by their %d nearest neighbours, %.4f by a linear map", quality.Neighbours, quality.K, quality.Probe)
	if err := j.folder.WriteModel(j.model); err != nil {
		return err
	}
	if err := j.folder.WriteJSON(run.EmbeddingFile, quality); err != nil {
		return err
	}
	return j.folder.WriteJSON(run.OutcomeFile, run.Outcome{
		Reason: "all epochs are done", Complete: true, Epochs: len(j.history.Rows), Steps: s.Step, Seconds: j.seconds(s),
	})
}

// open makes the pre-training's folder, or takes its state from there.
func (j *job) open() error {
	if _, err := os.Stat(string(j.folder)); errors.Is(err, fs.ErrNotExist) {
		j.settings.out = string(j.folder)
		unlock, err := j.create()
		if err != nil {
			return err
		}
		return unlock() // the run's folder is ours, and this one with it
	}
	return j.goOn()
}
