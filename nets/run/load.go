package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/filekind"
	"stheno/nets/safetensors"
	"stheno/nets/train"
)

// Loaded is a run's model, and what it was read from. Any number of goroutines may
// ask it to predict.
type Loaded struct {
	Model  *nets.Model
	Config Config
	File   string          // model.safetensors, or a checkpoint
	At     *train.Position // where training stood; nil where model.safetensors is what the run has ended with
	Note   string          // a sentence for the user, where File is not what one would expect; else empty

	predictor *nets.Predictor // of Model
}

// LoadModel is Load without a word on which weights were read.
func (f Folder) LoadModel() (*nets.Model, Config, error) {
	l, err := f.Load()
	return l.Model, l.Config, err
}

// Load makes the network that config.json names, with the weights that the run
// means. They are those of model.safetensors, if the run has ended with it
// (result.json says so) or the newest checkpoint has the same. Otherwise training
// has gone on since model.safetensors was written, or has not written it yet, and
// they are the newest checkpoint's: those that it validates, which are the average
// where the run keeps one. A folder that is no run, or a run that has learnt
// nothing yet, is refused.
func (f Folder) Load() (Loaded, error) {
	if err := filekind.NotRun(string(f)); err != nil {
		return Loaded{}, fmt.Errorf("run: %w", err)
	}
	c, err := f.ReadConfig()
	if err != nil {
		return Loaded{}, err
	}
	l := Loaded{Config: c}
	if c.Phase != "" {
		return l, fmt.Errorf("run: %s: is the %s of the run in %s, and classifies nothing: name that run", f, c.Phase, filepath.Dir(filepath.Clean(string(f))))
	}
	if err := f.choose(&l); err != nil {
		return l, fmt.Errorf("run: %s: %w", f, err)
	}
	l.predictor = nets.NewPredictor(l.Model)
	return l, nil
}

// choose reads the weights that a run means.
func (f Folder) choose(l *Loaded) error {
	_, err := os.Stat(f.File(ModelFile))
	written := !errors.Is(err, fs.ErrNotExist)
	if written && f.ended() {
		return f.loadFinal(l)
	}
	state, damaged, err := f.LoadState()
	switch {
	case err == nil && state.Position.Step > 0:
	case !written:
		return fmt.Errorf("the run is not finished: there is no %s yet", ModelFile)
	default:
		if err != nil && !errors.Is(err, errNoCheckpoint) && !errors.Is(err, fs.ErrNotExist) {
			l.Note = fmt.Sprintf("%s: no checkpoint can be read, so this is %s, which may be older than what the run has learnt", f, ModelFile)
		}
		return f.loadFinal(l)
	}
	if written {
		if same, err := f.same(state); err != nil {
			return err
		} else if same {
			l.At = &state.Position
			return f.loadFinal(l)
		}
	}
	l.File, l.At = f.generation(state.Position.Step), &state.Position
	l.Note = fmt.Sprintf("%s: the run is not finished: this is its checkpoint after step %d (epoch %d)", f, state.Position.Step, state.Position.Epoch)
	if written {
		l.Note += fmt.Sprintf(", and not %s, which has other weights", ModelFile)
	}
	if damaged != nil {
		l.Note += "; a newer checkpoint is damaged"
	}
	net, err := l.Config.Net()
	if err != nil {
		return err
	}
	l.Model, err = nets.WithWeights(net, tensor.Float32, state.meant())
	return l.Config.compute(l.Model, err)
}

// ended says whether model.safetensors is what the run has ended with: whether
// result.json is there, and no checkpoint is of a later step, which one has that
// was resumed when a power cut brings a removed result.json back.
func (f Folder) ended() bool {
	o, ok, err := f.ReadOutcome()
	if err != nil || !ok {
		return false
	}
	steps, err := f.generations()
	return err != nil || len(steps) == 0 || steps[0] <= o.Steps
}

// loadFinal reads model.safetensors.
func (f Folder) loadFinal(l *Loaded) error {
	l.File = f.File(ModelFile)
	net, err := l.Config.Net()
	if err != nil {
		return err
	}
	l.Model, err = nets.Load(net, tensor.Float32, l.File)
	return l.Config.compute(l.Model, err)
}

// same says whether model.safetensors has the weights that a state means.
func (f Folder) same(s *State) (bool, error) {
	written, _, err := safetensors.ReadFile(f.File(ModelFile))
	if err != nil {
		return false, err
	}
	return slices.EqualFunc(written, s.meant(), func(a, b safetensors.Tensor) bool {
		return a.Name == b.Name && string(a.Data) == string(b.Data)
	}), nil
}

// meant are the weights that the run would end with if it ended at this state.
func (s *State) meant() (weights []safetensors.Tensor) {
	prefix := callbackPrefix + (*train.Average)(nil).Name() + "/"
	for _, t := range s.tensors {
		if name, ok := strings.CutPrefix(t.Name, prefix); ok {
			t.Name = name
			weights = append(weights, t)
		}
	}
	if len(weights) > 0 {
		return weights
	}
	for _, t := range s.tensors {
		if !strings.HasPrefix(t.Name, callbackPrefix) && !strings.HasPrefix(t.Name, optimizerPrefix) {
			weights = append(weights, t)
		}
	}
	return weights
}

// compute has a model that could be read compute as the run does.
func (c Config) compute(m *nets.Model, err error) error {
	if err != nil {
		return err
	}
	if m.Classes != c.Data.Classes {
		return fmt.Errorf("%s: model: it tells %d classes, the data have %d", ConfigFile, m.Classes, c.Data.Classes)
	}
	algorithm, err := kernel.ParseAlgorithm(c.Settings.Conv)
	if err != nil {
		return fmt.Errorf("%s: conv: %w", ConfigFile, err)
	}
	m.Ops = graph.FusedWith(algorithm)
	return nil
}
