package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"stheno/cmd/internal/shell"
	"stheno/cmd/serve/internal/page"
	"stheno/cmd/train/command"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// Run is one training.
type Run struct {
	Program command.Program
	Args    []string         // flags of its command
	Done    func(run.Folder) // called when it is complete; nil is nothing
}

// Notebook is the notebook's two networks: the one that learns in seconds first.
// dir is the folder of the data as the user gave it, empty for Stheno's choice.
func Notebook(dir string) []Run {
	args := func(epochs, save string) []string {
		return []string{"-data", dir, "-epochs", epochs, "-checkpoint-every", save, "-verbose", "0"}
	}
	return []Run{ // a program that is killed loses a second or two
		{Program: command.Program{Name: "mlp", Network: nets.MLP}, Args: args("5", "200")},
		{Program: command.Program{Name: "cnn", Network: nets.CNN}, Args: args("3", "50")},
	}
}

// Trainer trains. It is both a page's source of models and its training.
type Trainer struct {
	set    *data.Dataset
	runs   []Run
	stderr io.Writer
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed when nothing is trained any more

	mu     sync.Mutex
	models []page.Model
	state  page.State
	mayGo  chan struct{} // closed while training may go on
	past   page.Past
	hub    hub
}

var errStopped = errors.New("stopped by the user")

// Start begins to train the runs, in order, until all are done, Stop is called or
// ctx is done. A run of the same settings that has ended is shown instead, and one
// that was interrupted is resumed. Warnings go to stderr.
func Start(ctx context.Context, set *data.Dataset, runs []Run, stderr io.Writer) *Trainer {
	t := &Trainer{set: set, runs: runs, stderr: stderr, ended: make(chan struct{}), mayGo: make(chan struct{})}
	close(t.mayGo)
	t.state = page.State{State: "training", Text: "training begins"}
	ctx, t.cancel = context.WithCancelCause(ctx)
	go t.train(ctx)
	return t
}

// Wait waits until nothing is trained any more and all files are written.
func (t *Trainer) Wait() { <-t.ended }

// Models are the snapshots, in the order of the runs.
func (t *Trainer) Models() []page.Model {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.models)
}

// Test are the test images.
func (t *Trainer) Test() *data.Set { return t.set.Test }

func (t *Trainer) train(ctx context.Context) {
	defer close(t.ended)
	defer t.cancel(nil)
	for _, r := range t.runs {
		w := command.Watched{Program: r.Program, Args: r.Args, Data: t.set, Stderr: t.stderr}
		var where run.Folder
		w.Watch = func(m *nets.Model, c run.Config, f run.Folder) progress.Display {
			where = f
			return &watcher{trainer: t, ctx: ctx, model: m, config: c, folder: f}
		}
		w.Ended = func(f run.Folder) error {
			where = f
			return t.show(f)
		}
		err := w.Run(ctx)
		switch {
		case context.Cause(ctx) != nil && where != "":
			t.say("stopped", "", fmt.Sprintf("%s is stopped; all is saved: %s -resume %s", strings.ToUpper(r.Program.Name), shell.GoRunCommand(r.Program.Name), filepath.ToSlash(string(where))))
			return
		case context.Cause(ctx) != nil:
			t.say("stopped", "", "training is stopped")
			return
		case err != nil:
			fmt.Fprintf(t.stderr, "%s: %v\n", r.Program.Name, err)
			t.say("failed", "", fmt.Sprintf("%s: %v", r.Program.Name, err))
			return
		}
		if r.Done != nil {
			r.Done(where)
		}
	}
	t.say("done", "", "training is done")
}

// show publishes what a run has ended with.
func (t *Trainer) show(f run.Folder) error {
	m, c, err := f.LoadModel()
	if err != nil {
		return err
	}
	rows, err := f.ReadHistory()
	if err != nil {
		return err
	}
	shown := page.Model{Name: m.Name, Predictor: nets.NewPredictor(m), Config: c, History: rows}
	if n := len(rows); n > 0 {
		shown.TestAccuracy = rows[n-1].ValAccuracy
	}
	t.mu.Lock()
	for _, row := range rows {
		t.past.Rows = append(t.past.Rows, page.Epoch{Model: m.Name, Row: row})
	}
	t.mu.Unlock()
	t.publish(shown)
	return nil
}

// say changes the state, and tells it.
func (t *Trainer) say(state, model, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = page.State{State: state, Model: model, Text: text}
	t.hub.tell(page.Event{Kind: page.StateEvent, Data: t.state})
}

// publish shows a snapshot instead of an older one of the same name.
func (t *Trainer) publish(m page.Model) {
	t.mu.Lock()
	defer t.mu.Unlock()
	models := slices.Clone(t.models)
	if i := slices.IndexFunc(models, func(old page.Model) bool { return old.Name == m.Name }); i >= 0 {
		models[i] = m
	} else {
		models = append(models, m)
	}
	t.models = models
	t.hub.tell(page.Event{Kind: page.ModelsEvent})
}
