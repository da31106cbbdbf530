// Package registry holds the models that a server serves: each is read from a
// run's folder, proved, and replaced while it serves when the folder has changed.
//
// A model that replaces another one has finite weights and has predicted; one
// that has not leaves the old one serving. Who predicts meanwhile gets an answer
// of the one or of the other, never an error.
package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"stheno/cmd/serve/internal/batcher"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// Options are what all models have in common.
type Options struct {
	Batch   int           // see batcher.Options
	Wait    time.Duration // see batcher.Options
	Queue   int           // see batcher.Options; for each model
	Log     *slog.Logger
	Observe func(model string, images int, queued []time.Duration, took time.Duration) // after each execution
	Loaded  func(model string, version int, err error)                                 // after each reading of a folder
}

// Registry is a list of models, which only grows.
type Registry struct {
	options Options

	mu     sync.RWMutex
	models []*Model // in the order of their folders
}

// Model is a name under which a run's newest model is served. All its methods
// may be called by any number of goroutines.
type Model struct {
	Name   string
	Folder run.Folder

	options *Options
	current atomic.Pointer[Version]

	loading  sync.Mutex // one at a time reads the folder; guards what is below
	seen     stamp      // of the files that were read last, good or bad
	versions int
	retired  sync.WaitGroup // versions that still answer their last requests
}

// Version is a model as it was read from its folder.
type Version struct {
	Number  int    // 1 for the first that was read, and so on; what is read again and is the same keeps it
	SHA256  string // of the file that the weights were read from
	Note    string // says which weights these are, where they are not what the run has ended with
	Network nets.Network
	Classes int
	Params  int
	Config  run.Config

	Predictor *nets.Predictor // for those who need no batching
	History   []train.Row     // empty where the run's folder has none
	batcher   *batcher.Batcher
}

// Size is how many values an image has.
func (v *Version) Size() int { return v.Network.Input[0] * v.Network.Input[1] * v.Network.Input[2] }

// Open reads the models of runs' folders. A model has its network's name, or its
// folder's where two have the same network.
func Open(folders []string, o Options) (*Registry, error) {
	r := &Registry{options: o}
	count := make(map[string]int)
	for _, dir := range folders {
		m := &Model{Folder: run.Folder(filepath.Clean(dir)), options: &r.options}
		if err := m.load(); err != nil {
			r.Close()
			return nil, err
		}
		m.Name = m.Current().Network.Name
		count[m.Name]++
		r.models = append(r.models, m)
	}
	for _, m := range r.models {
		if count[m.Name] > 1 {
			path, err := filepath.Abs(string(m.Folder))
			if err != nil {
				path = string(m.Folder)
			}
			m.Name = filepath.Base(path)
		}
	}
	named := make(map[string]*Model)
	for _, m := range r.models {
		if other, twice := named[m.Name]; twice {
			r.Close()
			return nil, fmt.Errorf("the runs %s and %s would both be served as %q", other.Folder, m.Folder, m.Name)
		}
		named[m.Name] = m
		m.say(nil)
	}
	return r, nil
}

// Add reads the model of one more run, whose network has no model yet.
func (r *Registry) Add(dir string) error {
	m := &Model{Folder: run.Folder(filepath.Clean(dir)), options: &r.options}
	if err := m.load(); err != nil {
		return err
	}
	m.Name = m.Current().Network.Name
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.models {
		if other.Name == m.Name {
			m.Current().batcher.Close()
			return fmt.Errorf("the runs %s and %s would both be served as %q", other.Folder, m.Folder, m.Name)
		}
	}
	r.models = append(r.models, m)
	m.say(nil)
	return nil
}

// Models are all models there are now.
func (r *Registry) Models() []*Model {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.models)
}

// Model is the model of a name, or nil.
func (r *Registry) Model(name string) *Model {
	for _, m := range r.Models() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Watch looks every so often whether a folder has changed, and then, or when
// something comes from force, reads it again. It returns when ctx ends.
func (r *Registry) Watch(ctx context.Context, every time.Duration, force <-chan os.Signal) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		forced := false
		select {
		case <-ctx.Done():
			return
		case <-force:
			forced = true
		case <-tick.C:
		}
		for _, m := range r.Models() {
			if forced || m.Changed() {
				_ = m.Reload() // it has been logged
			}
		}
	}
}

// Close ends all models. It returns when all requests have their answers.
func (r *Registry) Close() {
	for _, m := range r.Models() {
		m.Current().batcher.Close()
		m.retired.Wait()
	}
}

// Current is the version that serves.
func (m *Model) Current() *Version { return m.current.Load() }

// Changed says whether the folder's files are others than those read last.
func (m *Model) Changed() bool {
	m.loading.Lock()
	defer m.loading.Unlock()
	return stampOf(m.Folder) != m.seen
}

// Reload reads the folder again. If that fails, the version that serves stays.
func (m *Model) Reload() error {
	err := m.load()
	m.say(err)
	return err
}

// say tells the log, and whoever counts, how a load has ended.
func (m *Model) say(err error) {
	v := m.Current()
	if err != nil {
		m.options.Log.Error("model not loaded: the old one goes on serving", "model", m.Name, "version", v.Number, "run", string(m.Folder), "error", err)
	} else {
		m.options.Log.Info("model loaded", "model", m.Name, "version", v.Number, "run", string(m.Folder), "params", v.Params, "preparation", string(v.Config.Preparation().Method), "sha256", v.SHA256)
		if v.Note != "" {
			m.options.Log.Warn(v.Note)
		}
	}
	m.options.Loaded(m.Name, v.Number, err)
}

// load reads, proves and replaces.
func (m *Model) load() error {
	m.loading.Lock()
	defer m.loading.Unlock()
	m.seen = stampOf(m.Folder) // before reading: what is written meanwhile is a change
	v, err := m.read()
	if err != nil {
		return err
	}
	old := m.Current()
	switch {
	case old == nil || !v.sameModel(old):
		m.versions++
		v.Number = m.versions
	case v.Note == old.Note && reflect.DeepEqual(v.History, old.History):
		return nil // nothing has changed
	default:
		v.Number = old.Number // clients know it by this
	}
	v.batcher = batcher.New(batcher.Options{
		Size: v.Size(), Predict: v.Predictor.Predict, Batch: m.options.Batch, Wait: m.options.Wait, Queue: m.options.Queue,
		Observe: func(images int, queued []time.Duration, took time.Duration) {
			m.options.Observe(m.Name, images, queued, took)
		},
	})
	m.current.Store(v)
	if old != nil {
		m.retired.Go(old.batcher.Close)
	}
	return nil
}

// sameModel says whether two versions answer alike: to read a folder again whose
// files have been touched, or at SIGHUP, makes no new version of them.
func (v *Version) sameModel(other *Version) bool {
	return v.SHA256 == other.SHA256 && reflect.DeepEqual(v.Config, other.Config)
}

func (m *Model) read() (*Version, error) {
	l, sum, err := m.loadAndSum()
	if err != nil {
		return nil, err
	}
	loaded, config := l.Model, l.Config
	predictor := nets.NewPredictor(loaded)
	if err := prove(loaded, predictor, m.options.Batch); err != nil {
		return nil, fmt.Errorf("%s: %w", l.File, err)
	}
	history, _ := m.Folder.ReadHistory() // a picture more or less
	return &Version{
		SHA256: sum, Network: loaded.Network, Classes: loaded.Classes, Params: loaded.Params(), Config: config,
		Predictor: predictor, History: history, Note: l.Note,
	}, nil
}

// loadAndSum reads the weights that the run means, and the SHA-256 of their file. A
// run that is training may have removed a checkpoint in between: then once more.
func (m *Model) loadAndSum() (l run.Loaded, file string, err error) {
	for range 3 {
		if l, err = m.Folder.Load(); err != nil {
			return l, "", err
		}
		if file, err = sum(l.File); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return l, file, err
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// prove predicts black, white and grey images, in executions of each size that
// will be needed: the graphs are built before the first request comes.
func prove(m *nets.Model, p *nets.Predictor, batch int) error {
	size := m.Input[0] * m.Input[1] * m.Input[2]
	for rows := 1; rows <= batch && rows <= 256; rows *= 2 {
		images := make([]float32, rows*size)
		for i := range images {
			images[i] = float32(i/size%3) / 2
		}
		scores, err := p.Predict(images)
		if err != nil {
			return err
		}
		if err := Check(scores); err != nil {
			return err
		}
	}
	return nil
}

// Check refuses scores that no client could make sense of: JSON has no NaN.
func Check(s nets.Scores) error {
	for i, v := range s.Logits {
		if !finite(v) || !finite(s.Probabilities[i]) {
			return fmt.Errorf("class %d has logit %v and probability %v", i%s.Classes, v, s.Probabilities[i])
		}
	}
	return nil
}

func finite(v float32) bool { return v-v == 0 }

// Place is a place in a model's queue.
type Place struct {
	*batcher.Place
	Version *Version
}

// Enter takes a place in the queue of the version that serves; the caller must
// Leave it. The errors are those of the batcher.
func (m *Model) Enter() (Place, error) {
	for {
		v := m.Current()
		p, err := v.batcher.Enter()
		if errors.Is(err, batcher.ErrClosed) && v != m.Current() {
			continue // it was replaced just now
		}
		return Place{p, v}, err
	}
}

// Predict predicts images (N,H,W,C) with values from 0 to 1, for those who have
// no need of a place before they know their images.
func (m *Model) Predict(ctx context.Context, images []float32) (nets.Scores, *Version, error) {
	p, err := m.Enter()
	if err != nil {
		return nets.Scores{}, nil, err
	}
	defer p.Leave()
	s, err := p.Predict(ctx, images)
	return s, p.Version, err
}

// Full says whether Enter would refuse.
func (m *Model) Full() bool { return m.Current().batcher.Full() }

// Taken is how many images are decoded, wait or are computed.
func (m *Model) Taken() int { return m.Current().batcher.Taken() }

// VersionText is a version's name in the protocols.
func (v *Version) VersionText() string { return strconv.Itoa(v.Number) }

// stamp tells files from those that stood there before.
type stamp [3]struct {
	size    int64
	changed time.Time
}

func stampOf(f run.Folder) (s stamp) {
	for i, name := range []string{run.ConfigFile, run.ModelFile, run.OutcomeFile} {
		if info, err := os.Stat(f.File(name)); err == nil {
			s[i].size, s[i].changed = info.Size(), info.ModTime()
		}
	}
	return s
}
