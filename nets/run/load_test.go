package run_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// aRun writes config.json, with the model's network if c says none, and, if there are
// weights, model.safetensors.
func aRun(t *testing.T, c run.Config, m *nets.Model) run.Folder {
	t.Helper()
	if m != nil && c.Model == nil && c.Format == run.ConfigFormat {
		own, err := run.NewConfig(m)
		if err != nil {
			t.Fatal(err)
		}
		c.Model = own.Model
	}
	f := run.Folder(t.TempDir())
	if err := f.WriteJSON(run.ConfigFile, c); err != nil {
		t.Fatal(err)
	}
	if m != nil {
		if err := f.WriteModel(m); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func smallConfig() run.Config {
	return run.Config{Format: run.ConfigFormat, Network: "mlp", Settings: run.Settings{Conv: "auto"},
		Data: run.Source{Image: [3]int{4, 3, 1}, Classes: 3}}
}

func TestLoadModel(t *testing.T) {
	m, err := nets.New(nets.MLP([3]int{4, 3, 1}, 3), tensor.Float32, rand.New(rand.NewPCG(7, 7)))
	if err != nil {
		t.Fatal(err)
	}
	f := aRun(t, smallConfig(), m)
	loaded, c, err := f.LoadModel()
	if err != nil || c.Network != "mlp" {
		t.Fatal(c.Network, err)
	}
	for i, w := range m.Weights {
		if d := cmp.Diff(w.Value.Float32s(), loaded.Weights[i].Value.Float32s()); d != "" {
			t.Errorf("%s: %s", w.Name, d)
		}
	}
}

func TestLoadModelRefuses(t *testing.T) {
	with := func(change func(*run.Config)) run.Folder {
		c := smallConfig()
		change(&c)
		m, _ := nets.New(nets.MLP([3]int{4, 3, 1}, 3), tensor.Float32, rand.New(rand.NewPCG(7, 7)))
		return aRun(t, c, m)
	}
	unzipped := run.Folder(t.TempDir())
	for _, name := range []string{"config.json", "model.weights.h5"} {
		if err := os.WriteFile(unzipped.File(name), []byte("{}"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		folder run.Folder
		words  string
	}{
		{unzipped, "is an unzipped Keras model: zip its files into one"},
		{run.Folder(unzipped.File("model.weights.h5")), "is a JSON text"},
		{run.Folder(t.TempDir()), "is no run folder: config.json: no such file"},
		{run.Folder("nowhere"), "nowhere: is no run folder"},
		{aRun(t, smallConfig(), nil), "the run is not finished: there is no model.safetensors yet"},
		{with(func(c *run.Config) { c.Network = "rnn" }), `config.json: model: its name is "mlp", the run's network is "rnn"`},
		{with(func(c *run.Config) { c.Format, c.Network = 2, "rnn" }), `config.json: network "rnn" is not known; runs of format 2 have mlp and cnn`},
		{with(func(c *run.Config) { c.Model = []byte("{}") }), "config.json: model: "},
		{with(func(c *run.Config) { c.Data.Classes = 4 }), "config.json: model: it tells 3 classes, the data have 4"},
		{with(func(c *run.Config) { c.Data.Classes = 0 }), "of 0 classes"},
		{with(func(c *run.Config) { c.Data.Image[1] = -3 }), "images [4 -3 1]"},
		{with(func(c *run.Config) { c.Data.Image[1] = 5 }), "config.json: model: it takes images [4 3 1], the data are [4 5 1]"},
		{with(func(c *run.Config) { c.Format = 2; c.Data.Image[1] = 5 }), "has shape [12 512], the mlp's has [20 512]"},
		{with(func(c *run.Config) { c.Settings.Conv = "fft" }), `"fft"`},
		{with(func(c *run.Config) { c.Format = 1 }), "has format 1"},
	} {
		if _, _, err := c.folder.LoadModel(); err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, expected %q", err, c.words)
		}
	}
}

func TestReadHistoryAndSteps(t *testing.T) {
	f := run.Folder(t.TempDir())
	rows, err := f.ReadHistory()
	steps, err2 := f.ReadSteps()
	if rows != nil || steps != nil || err != nil || err2 != nil {
		t.Errorf("of an empty folder: %v, %v, %v, %v", rows, steps, err, err2)
	}
	h := &run.History{Folder: f}
	for epoch := 1; epoch <= 2; epoch++ {
		if err := h.EpochEnd(&train.Stats{Epoch: epoch, Loss: 1.0 / 3, Validated: epoch == 2, ValLoss: 0.1}); err != nil {
			t.Fatal(err)
		}
	}
	if rows, err = f.ReadHistory(); err != nil || cmp.Diff(h.Rows, rows) != "" {
		t.Errorf("history: %v, %v", rows, err)
	}
	write := func(text string) {
		if err := os.WriteFile(f.File(run.StepsFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("step,loss,accuracy\n1,2.25,0.5\n2,+Inf,0\n")
	want := []run.Step{{Step: 1, Loss: 2.25, Accuracy: 0.5}, {Step: 2, Loss: math.Inf(1)}}
	if steps, err = f.ReadSteps(); err != nil || cmp.Diff(want, steps) != "" {
		t.Errorf("steps: %v, %v", steps, err)
	}
	for text, words := range map[string]string{
		"step,loss,accuracy\n1,2,x\n": "line 2", "step,loss,accuracy\n1,2,0\n2,1\n": "line 3",
	} {
		write(text)
		if _, err := f.ReadSteps(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
