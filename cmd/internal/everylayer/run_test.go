package everylayer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"stheno/cmd/internal/commandtest"
	serve "stheno/cmd/serve/command"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/run/report"
	"stheno/nets/train"
)

// TestRuns stops a run in the middle of an epoch, and resumes it by a network that is
// read from its folder: it has the weights of one that was left alone, and a report. A
// page shows what each layer makes of an image.
func TestRuns(t *testing.T) {
	set := &data.Dataset{Train: images(t, 10), Test: images(t, 3), Classes: classes}
	root, served := t.TempDir(), make(map[string]run.Folder)
	walk(t, true, func(t *testing.T, p place) {
		alone := &trained{model: p.model(t, tensor.Float32)}
		alone.fit(t, set, 0)

		r := &trained{model: p.model(t, tensor.Float32)}
		r.begin(t, filepath.Join(root, p.class))
		r.fit(t, set, 2)
		r = resumed(t, r.folder)
		r.fit(t, set, 0)
		for i, w := range r.model.Weights {
			if !slices.Equal(w.Value.Float32s(), alone.model.Weights[i].Value.Float32s()) {
				t.Errorf("after the resume %s has other bits than that of a run which was left alone", w.Name)
			}
		}
		outcome := run.Outcome{Reason: "all epochs are done", Complete: true, Epochs: 2, Steps: 6}
		if err := errors.Join(r.folder.WriteModel(r.model), report.Write(t.Context(), r.folder, outcome, r.model, set)); err != nil {
			t.Fatal(err)
		}
		if loaded, err := report.Load(r.folder); err != nil {
			t.Error(err)
		} else if tested, err := report.New(t.Context(), loaded, set); err != nil || tested.Cost.Uncounted != "" {
			t.Errorf("%v; the report says %q", err, tested.Cost.Uncounted)
		}
		served[p.class] = r.folder
	})
	shown(t, served)
}

// trained is a run, of two epochs of three steps.
type trained struct {
	model  *nets.Model
	folder run.Folder // none: nothing is written
	parts  run.Parts
	save   *run.Checkpoint
	from   train.Position
}

// prepare makes what trains the model.
func (r *trained) prepare() {
	r.parts = run.Parts{Model: r.model, Optimizer: train.NewAdam(0.01), Callbacks: []train.Callback{&run.History{Folder: r.folder}}}
	r.save = &run.Checkpoint{Folder: r.folder, Parts: r.parts}
}

// begin makes the run's folder.
func (r *trained) begin(t *testing.T, dir string) {
	t.Helper()
	config, err := run.NewConfig(r.model)
	if err != nil {
		t.Fatal(err)
	}
	r.folder = run.Folder(dir)
	r.prepare()
	if r.folder, err = run.CreateFolder(dir, "", time.Now(), func(f run.Folder) error {
		return errors.Join(f.WriteJSON(run.ConfigFile, config), r.save.Begin(f))
	}); err != nil {
		t.Fatal(err)
	}
}

// resumed is a folder's run, with a network that is read from there.
func resumed(t *testing.T, folder run.Folder) *trained {
	t.Helper()
	m, _, err := folder.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	r := &trained{model: m, folder: folder}
	r.prepare()
	state, damaged, err := folder.LoadState()
	if err = errors.Join(err, damaged); err == nil {
		err = state.Restore(r.parts)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.save.Resume(state)
	r.from = state.Position
	return r
}

// fit trains up to a step, or 0 for the end.
func (r *trained) fit(t *testing.T, set *data.Dataset, to int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	plan := train.Plan{Epochs: 2, Batch: 4, Shuffle: true, Seed: 1, Validation: set.Test, From: r.from, Callbacks: []train.Callback{after{step: to, end: cancel}}}
	opt := train.Optimizer(train.NewAdam(0.01))
	if r.folder != "" {
		opt, plan.Callbacks = r.parts.Optimizer, slices.Concat(plan.Callbacks, r.parts.Callbacks, []train.Callback{r.save})
	}
	_, err := train.Fit(ctx, r.model, set.Train, opt, plan)
	if to > 0 && errors.Is(err, context.Canceled) {
		err = nil
	}
	if err != nil {
		t.Fatal(err)
	}
}

// after ends training behind a step.
type after struct {
	train.Hooks
	step int
	end  func()
}

func (c after) BatchEnd(s *train.Stats) error {
	if s.Step == c.step {
		c.end()
	}
	return nil
}

// shown asks a server's page about the layers of runs.
func shown(t *testing.T, runs map[string]run.Folder) {
	t.Setenv("STHENO_DATA", commandtest.WriteData(t, image[0], image[1], classes, 10, 3))
	args := []string{"-addr", "127.0.0.1:0"}
	for _, f := range runs {
		args = append(args, "-run", string(f))
	}
	ctx, cancel := context.WithCancel(t.Context())
	told, says := io.Pipe()
	ended := make(chan int, 1)
	var log bytes.Buffer
	go func() { ended <- serve.Run(ctx, args, says, &log); says.Close() }()
	line, _ := bufio.NewReader(told).ReadString('\n')
	url := regexp.MustCompile(`http://\S+`).FindString(line)
	if url == "" {
		t.Fatalf("exit code %d: %s", <-ended, log.String())
	}
	for class := range runs {
		layers := asked(t, url, class)
		if !slices.ContainsFunc(layers, func(l layer) bool { return l.Type == class && len(l.Values) == size(l.Shape) && len(l.Shape) > 0 }) && !unseen[class] {
			t.Errorf("%s: the page shows %v", class, layers)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d: %s", code, log.String())
	}
}

// layer is what a page is told of one.
type layer struct {
	Type   string
	Shape  []int
	Values []byte
}

func size(shape []int) int { return tensor.Shape(shape).TotalSize() }

// asked are the layers that the page is told of.
func asked(t *testing.T, url, class string) []layer {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"model": class, "image": images(t, 1).Pixels})
	answer, err := http.Post(url+"api/layers", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var seen struct{ Layers []layer }
	if err := json.NewDecoder(answer.Body).Decode(&seen); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", class, answer.Status, err)
	}
	return seen.Layers
}
