package run_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// toyDropout draws noise in each step of training.
var toyDropout = nets.Network{Name: "toydropout", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
	nets.Dense{Units: 8, Activation: nets.ReLU},
	nets.Dropout{Rate: 0.25},
	nets.Dense{Units: 3},
}}

// recipe is what a run is made from, again and again.
type recipe struct {
	net    nets.Network
	dtype  tensor.Dtype
	rows   int
	batch  int
	epochs int
	every  int // steps between checkpoints within an epoch; 0 is none

	optimizer func() train.Optimizer // nil is Adam's
}

// The recipes have 64 steps, in epochs with a short last batch.
var (
	mlpRecipe  = recipe{net: toyDropout, dtype: tensor.Float32, rows: 62, batch: 4, epochs: 4}
	convRecipe = recipe{net: toyConv, dtype: tensor.Float32, rows: 38, batch: 5, epochs: 8}
)

const recipeSteps = 64

// trial is a run's parts, made anew as by a new process.
type trial struct {
	recipe
	folder     run.Folder
	set        *data.Set
	from       train.Position
	model      *nets.Model
	opt        train.Optimizer
	adam       *train.Adam // opt, if it is one
	steps      *run.StepLog
	history    *run.History
	board      *run.TensorBoard // nil without
	checkpoint *run.Checkpoint
	warnings   []error
}

// newTrial makes the parts; the weights are drawn from the seed, so that what a
// checkpoint must bring back is seen to come from it.
func newTrial(t testing.TB, r recipe, seed uint64) *trial {
	t.Helper()
	m, err := nets.New(r.net, r.dtype, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		t.Fatal(err)
	}
	p := &trial{recipe: r, set: images(r.rows, r.net.Input, 3), model: m, opt: train.NewAdam(0.01)}
	if r.optimizer != nil {
		p.opt = r.optimizer()
	}
	p.adam, _ = p.opt.(*train.Adam)
	p.steps, p.history = &run.StepLog{}, &run.History{}
	own, err := run.NewConfig(m)
	if err != nil {
		t.Fatal(err)
	}
	p.checkpoint = &run.Checkpoint{
		Parts: run.Parts{Model: m, Optimizer: p.opt, Callbacks: []train.Callback{&train.Stopwatch{}, p.steps, p.history}},
		Every: r.every,
		Warn:  func(err error) { p.warnings = append(p.warnings, err) },
		Config: run.Config{
			Format: own.Format, Network: own.Network, Model: own.Model, Params: own.Params, Optimizer: p.opt.State().Settings,
			Settings: run.Settings{Epochs: r.epochs, Batch: r.batch, Seed: 7, Shuffle: true, CheckpointEvery: r.every},
			Data:     run.Source{Folder: "toys", Train: r.rows, Test: r.rows, Image: r.net.Input, Classes: 3, Files: []run.SourceFile{{Name: "rows", Path: "rows.gz", SHA256: "ab"}}},
			Versions: map[string]string{"go": "go1.x <&>"},
		},
	}
	return p
}

// quick is a temporary folder in memory, where the system has such a thing: a
// disk takes milliseconds for each fsync.
func quick(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "stheno-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// begin is a new run in a new folder.
func begin(t testing.TB, r recipe) *trial {
	t.Helper()
	p := newTrial(t, r, 1)
	folder, err := run.CreateFolder(filepath.Join(quick(t), "run"), "toy", time.Time{}, p.checkpoint.Begin)
	if err != nil {
		t.Fatal(err)
	}
	p.in(folder)
	return p
}

// resume goes on with a folder's run, in parts that know nothing of it.
func resume(t testing.TB, r recipe, folder run.Folder) *trial {
	t.Helper()
	p := newTrial(t, r, 1000)
	s, passedOver, err := folder.LoadState()
	if err != nil || passedOver != nil {
		t.Fatalf("%v; passed over: %v", err, passedOver)
	}
	if err := s.Restore(p.checkpoint.Parts); err != nil {
		t.Fatal(err)
	}
	p.from = s.Position
	p.checkpoint.Resume(s)
	p.in(folder)
	return p
}

func (p *trial) in(folder run.Folder) {
	p.folder, p.steps.Folder, p.history.Folder, p.checkpoint.Folder = folder, folder, folder, folder
}

// fit trains until the end, an error or the callbacks' wish. A run that has
// ended has closed its files.
func (p *trial) fit(ctx context.Context, more ...train.Callback) (train.Stats, error) {
	callbacks := append(append([]train.Callback{}, p.checkpoint.Callbacks...), more...)
	stats, err := train.Fit(ctx, p.model, p.set, p.opt, train.Plan{
		Epochs: p.epochs, Batch: p.batch, Shuffle: true, Seed: 7, Validation: p.set,
		From: p.from, Callbacks: append(callbacks, p.checkpoint),
	})
	if closing := errors.Join(p.checkpoint.Close(), p.steps.Close()); closing != nil {
		err = errors.Join(err, closing)
	}
	return stats, err
}

// until trains until so many steps are done, and is then stopped from outside.
func (p *trial) until(t testing.TB, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := p.fit(ctx, each{Batch: func(s *train.Stats) error {
		if s.Step == step {
			cancel()
		}
		return nil
	}})
	if stop := (*train.Stop)(nil); !errors.As(err, &stop) || p.opt.State().Step != step {
		t.Fatalf("stopped at step %d of %d: %v", p.opt.State().Step, step, err)
	}
}

// fail trains until a step in which something fails.
func (p *trial) fail(t testing.TB, step int) {
	t.Helper()
	failure := errors.New("out of order")
	_, err := p.fit(t.Context(), each{Batch: func(s *train.Stats) error {
		if s.Step == step {
			return failure
		}
		return nil
	}})
	if !errors.Is(err, failure) {
		t.Fatalf("step %d: %v", step, err)
	}
}

// toTheEnd trains until all is done.
func (p *trial) toTheEnd(t testing.TB) {
	t.Helper()
	if _, err := p.fit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// remains is all that a run leaves behind, and all that it would go on with,
// but for the seconds.
type remains struct {
	Model    [32]byte
	Slots    map[string]any
	Settings string // the optimizer's
	Noise    []byte
	Steps    string
	Rows     []train.Row
}

func (p *trial) remains(t testing.TB) remains {
	t.Helper()
	own := p.opt.State()
	r := remains{Model: sum(t, p.model), Slots: map[string]any{"steps": own.Step}, Settings: string(own.Settings)}
	for _, w := range own.Tensors {
		r.Slots[w.Name] = w.Value.Data()
	}
	var err error
	if r.Noise, err = p.model.Noise.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	steps, err := os.ReadFile(p.folder.File(run.StepsFile))
	if err != nil {
		t.Fatal(err)
	}
	r.Steps = string(steps)
	for _, row := range p.history.Rows {
		row.Seconds = 0
		r.Rows = append(r.Rows, row)
	}
	return r
}

// same holds a run's remains against those of another one.
func (want remains) same(t testing.TB, got remains) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("remains (-want +got):\n%s", d)
	}
}

// file is the newest checkpoint as it is on the disk.
func (p *trial) file(t testing.TB) []byte {
	t.Helper()
	steps, err := p.folder.Generations()
	if err != nil || len(steps) == 0 {
		t.Fatalf("checkpoints %v, %v", steps, err)
	}
	content, err := os.ReadFile(p.folder.Generation(steps[0]))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// rewritten reads a checkpoint and writes it again.
func rewritten(t testing.TB, content []byte) []byte {
	t.Helper()
	s, err := run.ParseCheckpoint(content)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := s.Write(&again); err != nil {
		t.Fatal(err)
	}
	return again.Bytes()
}
