package run_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

var loadRecipe = recipe{net: nets.MLP([3]int{4, 3, 1}, 3), dtype: tensor.Float32, rows: 12, batch: 6, epochs: 2}

// ofTwoEpochs is a run of two epochs, with its model, its config.json and no result.
func ofTwoEpochs(t *testing.T, average ...train.Callback) *trial {
	t.Helper()
	p := newTrial(t, loadRecipe, 1)
	p.checkpoint.Config.Settings.Conv = "auto"
	for _, c := range average {
		c.(*train.Average).Model = p.model
		p.checkpoint.Callbacks = append(p.checkpoint.Callbacks, c)
	}
	folder, err := run.CreateFolder(quick(t)+"/run", "toy", time.Time{}, func(f run.Folder) error {
		return errors.Join(f.WriteJSON(run.ConfigFile, p.checkpoint.Config), p.checkpoint.Begin(f))
	})
	if err != nil {
		t.Fatal(err)
	}
	p.in(folder)
	if _, err := p.fit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := folder.WriteModel(p.model); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLoadTakesTheNewestWeights: a run that was resumed and killed means its
// newest checkpoint, not the model.safetensors of an earlier end.
func TestLoadTakesTheNewestWeights(t *testing.T) {
	for name, average := range map[string][]train.Callback{"trained": nil, "average": {&train.Average{Decay: 0.9}}} {
		t.Run(name, func(t *testing.T) {
			p := ofTwoEpochs(t, average...)
			load := func(file, note string) {
				t.Helper()
				l, err := p.folder.Load()
				if err != nil || !strings.HasSuffix(l.File, file) || !strings.Contains(l.Note, note) || (note == "") != (l.Note == "") {
					t.Fatalf("read %s, %q, %v; want %s, %q", l.File, l.Note, err, file, note)
				}
				same := true
				for i, w := range p.model.Weights {
					same = same && sameBits(w.Value.Float32s(), l.Model.Weights[i].Value.Float32s())
				}
				if want := file != "model.safetensors" || note == ""; same != want {
					t.Errorf("%s: the newest weights are read: %v", l.File, same)
				}
			}
			load("model.safetensors", "") // an interrupted run has the same in both
			if err := p.folder.WriteJSON(run.OutcomeFile, run.Outcome{Steps: 4}); err != nil {
				t.Fatal(err)
			}
			load("model.safetensors", "")

			before, err := nets.New(loadRecipe.net, tensor.Float32, rand.New(rand.NewPCG(5, 0))) // as after an earlier end
			if err != nil {
				t.Fatal(err)
			}
			if err := p.folder.WriteModel(before); err != nil {
				t.Fatal(err)
			}
			if err := p.folder.WriteJSON(run.OutcomeFile, run.Outcome{Steps: 2}); err != nil {
				t.Fatal(err) // which a power cut has brought back
			}
			load("step-000004.safetensors", "not model.safetensors")
			os.Remove(p.folder.File(run.OutcomeFile))
			load("step-000004.safetensors", "after step 4 (epoch 2), and not model.safetensors")
			os.Remove(p.folder.File(run.ModelFile))
			load("step-000004.safetensors", "the run is not finished")

			damage(t, p.folder.File(run.CheckpointDir))
			if _, err := p.folder.Load(); err == nil || !strings.Contains(err.Error(), "there is no model.safetensors yet") {
				t.Error(err)
			}
			if err := p.folder.WriteModel(before); err != nil {
				t.Fatal(err)
			}
			load("model.safetensors", "no checkpoint can be read")
		})
	}
}

// damage cuts every file of a folder.
func damage(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatal(err, len(entries))
	}
	for _, e := range entries {
		if err := os.Truncate(dir+"/"+e.Name(), 100); err != nil {
			t.Fatal(err)
		}
	}
}

func sameBits(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestLoadRefusesAbsurdConfigs in one line, before it takes memory: each of them
// would be more than there is.
func TestLoadRefusesAbsurdConfigs(t *testing.T) {
	p := ofTwoEpochs(t)
	path := p.folder.File(run.ConfigFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const image = `"image": [
      4,
      3,
      1
    ]`
	const shape = `"batch_shape": [
              null,
              4,
              3,
              1
            ]`
	for _, c := range []struct{ old, with, words string }{
		{`"units": 3`, `"units": 1000000000`, "has 1000000000 outputs, expected 1 to 16777216"},
		{`"units": 3`, `"units": 16000000`, "has shape [512 3], the mlp's has [512 16000000]"},
		{`"units": 3`, `"units": -3`, "-3"},
		{`"units": 3`, `"units": 1e30`, "1e30"},
		{`"units": 3`, `"units": 4`, "has shape [512 3], the mlp's has [512 4]"},
		{`"classes": 3`, `"classes": 9223372036854775807`, "it tells 3 classes, the data have 9223372036854775807"},
		{`"classes": 3`, `"classes": 1e30`, "data.classes: found the number 1e30, expected a whole number"},
		{`"classes": 3`, `"classes": "3"`, "data.classes: found a string, expected a whole number"},
		{`"classes": 3`, `"classes": -3`, "of -3 classes"},
		{`"classes": 3`, `"classes": null`, "of 0 classes"},
		{`"classes": 3`, `"classes": 3, "class_names": ["a", "b"]`, "2 class_names for 3 classes"},
		{image, `"image": [4294967296, 4294967296, 3]`, "it takes images [4 3 1], the data are [4294967296 4294967296 3]"},
		{shape, `"batch_shape": [null, 4294967296, 4294967296, 3]`, "expected sides from 1 to 32768"},
		{shape, `"batch_shape": [null, 30000, 30000, 3]`, "it takes images [30000 30000 3], the data are [4 3 1]"},
		{shape, `"batch_shape": [null, 4, 4, 1]`, "it takes images [4 4 1], the data are [4 3 1]"},
		{image, `"image": [-4, -3, 1]`, "images [-4 -3 1]"},
		{image, `"image": "4x3"`, "data.image: found a string"},
		{`"network": "mlp"`, `"network": "cnn"`, `its name is "mlp", the run's network is "cnn"`},
		{`"format": 3,`, ``, "has format 0"},
		{`"format": 3`, `"format": "two"`, "format: found a string"},
	} {
		if !strings.Contains(string(good), c.old) {
			t.Fatalf("config.json has no %s:\n%s", c.old, good)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(good), c.old, c.with, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, written := range []bool{true, false} {
			if !written {
				os.Rename(p.folder.File(run.ModelFile), p.folder.File("aside"))
			}
			_, err := p.folder.Load()
			if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, expected %q", c.with, err, c.words)
			}
			os.Rename(p.folder.File("aside"), p.folder.File(run.ModelFile))
		}
	}
}
