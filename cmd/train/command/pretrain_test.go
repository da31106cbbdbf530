package command

import (
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/cmd/internal/shell"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/safetensors"
)

// TestResumeOfAPretraining interrupts runs of two epochs of pre-training and one
// of fine-tuning at every moment at which they look, and goes on with them.
func TestResumeOfAPretraining(t *testing.T) {
	dir := small(t)
	for flags, app := range map[string]Program{
		"-pretrain=supcon -augment=affine":                                                            mlp,
		"-pretrain=triplet:0.5 -labels=9 -repeat=2":                                                   cnn,
		"-pretrain=supcon -ema=0.9 -dropout=0.25 -optimizer=adamw -weight-decay=0.1 -recipe=notebook": mlp,
		"-pretrain=cosface:8/0.2 -tensorboard":                                                        mlp,
	} {
		whole := filepath.Join(t.TempDir(), "run")
		args := append(strings.Fields(flags), "-data", dir, "-pretrain-epochs", "2", "-epochs", "1", "-batch", "7", "-embedding", "5")
		succeed(t, app, append(args, "-out", whole)...)
		parts := func(out string) map[string]string {
			all := timeless(t, out)
			all["pretrain/steps.csv"] = read(t, out, "pretrain", "steps.csv")
			all["pretrain/model.safetensors"] = read(t, out, "pretrain", "model.safetensors")
			return all
		}
		want := parts(whole)
		phases := make(map[bool]int)
		step := 1
		if app.Name == cnn.Name {
			step = 3 // it takes its time
		}
		for left := 1; left <= 20; left += step {
			out := filepath.Join(t.TempDir(), "run")
			o := stopAfter(t, left, app, append(args, "-out", out)...)
			if o.code == 0 {
				break // it was done before
			}
			if o.code != 130 || !strings.Contains(o.stderr, "go run ./cmd/"+app.Name+" -resume "+out+"\n") {
				t.Fatalf("%s, stop %d: exit code %d, %q", flags, left, o.code, o.stderr)
			}
			phases[strings.Contains(o.stderr, " of the pre-training (")]++
			if o := succeed(t, app, "-resume", out); strings.Contains(o.stderr, "warning") {
				t.Errorf("%s, stop %d: %s", flags, left, o.stderr)
			}
			for name, got := range parts(out) {
				if got != want[name] {
					t.Errorf("%s, stop %d: %s is another one", flags, left, name)
				}
			}
		}
		if phases[true] < 2 || phases[false] < 1 {
			t.Errorf("%s: %d stops in the pre-training, %d in the fine-tuning", flags, phases[true], phases[false])
		}
	}
}

// weights are those of a file, by name.
func weights(t *testing.T, path ...string) map[string]string {
	t.Helper()
	list, _, err := safetensors.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]string)
	for _, w := range list {
		m[w.Name] = string(w.Data)
	}
	return m
}

// TestFinetuningBeginsWithThePretrainedTrunk, and a head as the seed draws it, or
// as -init has it. At a learning rate that moves nothing, the weights say where it
// began.
func TestFinetuningBeginsWithThePretrainedTrunk(t *testing.T) {
	dir, tmp := small(t), t.TempDir()
	pretrained, plain, started, fromSeed := filepath.Join(tmp, "a"), filepath.Join(tmp, "b"), filepath.Join(tmp, "c"), filepath.Join(tmp, "d")
	still := []string{"-data", dir, "-lr", "1e-30", "-epochs", "1"}
	succeed(t, mlp, append(still, "-out", plain, "-seed", "3")...)
	succeed(t, mlp, "-data", dir, "-out", started, "-seed", "4", "-epochs", "1")
	still = append(still, "-pretrain", "supcon", "-embedding", "3", "-seed", "3")
	if o := succeed(t, mlp, append(still, "-out", fromSeed)...); !strings.Contains(o.stderr, "fine-tuning: a fresh last layer on") {
		t.Errorf("%q", o.stderr)
	}
	file := filepath.Join(started, "model.safetensors")
	if o := succeed(t, mlp, append(still, "-out", pretrained, "-init", file)...); !strings.Contains(o.stderr, "fine-tuning: the last layer of "+file+" on") {
		t.Errorf("%q", o.stderr)
	}
	embedding, got := weights(t, pretrained, "pretrain", "model.safetensors"), weights(t, pretrained, "model.safetensors")
	given, fresh := weights(t, started, "model.safetensors"), weights(t, plain, "model.safetensors")
	own, last := weights(t, fromSeed, "model.safetensors"), "dense_1.kernel"
	if own[last] != fresh[last] || got[last] != given[last] || own[last] == given[last] {
		t.Error("the last layer is not the seed's, or with -init the file's")
	}
	for _, name := range []string{"dense.kernel", "dense.bias"} {
		if got[name] != given[name] || embedding[name] != given[name] {
			t.Errorf("%s is not that of -init", name)
		}
	}
	if got[last] == embedding[last] || len(got) != len(fresh) {
		t.Error("the head is the embedding's")
	}
}

// TestPretrainingMovesTheTrunk, unlike the run without it.
func TestPretrainingMovesTheTrunk(t *testing.T) {
	dir, tmp := small(t), t.TempDir()
	models := make(map[string]bool)
	for _, loss := range []string{"", "supcon", "triplet", "cosface"} {
		out := filepath.Join(tmp, "run"+loss)
		succeed(t, mlp, "-data", dir, "-pretrain", loss, "-epochs", "1", "-out", out)
		models[read(t, out, "model.safetensors")] = true
		if _, err := os.Stat(filepath.Join(out, "pretrain")); (err == nil) != (loss != "") {
			t.Errorf("-pretrain %q: %v", loss, err)
		}
	}
	if len(models) != 4 {
		t.Errorf("4 runs gave %d models", len(models))
	}
}

// TestPretrainingIsRefusedBeforeThereIsAFolder, where it alone does not fit.
func TestPretrainingIsRefusedBeforeThereIsAFolder(t *testing.T) {
	dir := writeData(t, 8, 8, 3, 1000, 10)
	t.Chdir(t.TempDir())
	limitMemory(t, 24<<20) // the table of 2000 x 2000 pairs has 16 MB, and there are more than one
	args := []string{"-data", dir, "-batch", "1000", "-augment", "affine", "-steps", "1", "-out", "run"}
	o := command(t, mlp, append(args, "-pretrain", "supcon")...)
	if o.code != shell.Failure || !strings.HasPrefix(o.stderr, "mlp: -pretrain supcon: -batch 1000 needs ") {
		t.Errorf("%d, %q", o.code, o.stderr)
	}
	if left := files(t, "."); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	succeed(t, mlp, args...)
}

// TestPretrainingDrawsOnItsOwnSource: where an epoch's order draws, no weights do.
func TestPretrainingDrawsOnItsOwnSource(t *testing.T) {
	set, err := data.Open(small(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(mlp, []string{"-pretrain", "triplet", "-seed", "3"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	m, err := newModel(mlp, s, set)
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJob(mlp, s, m, set, nil, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	p, err := j.pretraining()
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []uint64{0, 1, 2, 3, math.MaxUint64} { // the weights', orders', and that of -labels
		other, err := nets.New(p.model.Network, tensor.Float32, rand.New(rand.NewPCG(3, source)))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range other.Weights {
			if w.Name == "dense_1.kernel" && slices.Equal(w.Value.Float32s(), p.model.Weights[i].Value.Float32s()) {
				t.Errorf("the embedding is drawn from source %d", source)
			}
		}
	}
}

// TestPretrainingIsNoRunOfItsOwn for those who would go on with it.
func TestPretrainingIsNoRunOfItsOwn(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	succeed(t, mlp, "-data", dir, "-pretrain", "triplet", "-epochs", "1", "-out", out)
	if o := command(t, mlp, "-resume", filepath.Join(out, "pretrain")); o.code != shell.Wrong || !strings.Contains(o.stderr, "is the pre-training of a run: resume that with -resume "+out) {
		t.Errorf("%d, %q", o.code, o.stderr)
	}
	before := files(t, out)
	if o := succeed(t, mlp, "-resume", out); !strings.Contains(o.stdout, "is finished") {
		t.Errorf("%q", o.stdout)
	}
	succeed(t, mlp, "-resume", out, "-epochs", "2") // needs the pre-training no more
	if after := files(t, out); after["pretrain/steps.csv"] != before["pretrain/steps.csv"] {
		t.Error("more epochs have changed the pre-training")
	}
}

// TestADamagedPretrainingIsTold: the run's own training has not begun.
func TestPretrainingThatIsNotWhole(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	if o := stopAfter(t, 7, mlp, "-data", dir, "-pretrain", "triplet", "-pretrain-epochs", "2", "-batch", "7", "-out", out); o.code != 130 {
		t.Fatalf("%d, %q", o.code, o.stderr)
	}
	if err := os.Mkdir(filepath.Join(out, ".run-0123456789abcdef.tmp"), 0o777); err != nil { // of a killed process
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(out, "pretrain")); err != nil {
		t.Fatal(err)
	}
	succeed(t, mlp, "-resume", out)
	if names := names(t, out); strings.Contains(names, ".tmp") {
		t.Errorf("left: %s", names)
	}
}

func TestPretrainFlagsAreRefused(t *testing.T) {
	for args, want := range map[string]string{
		"-pretrain nothing":                   `"nothing" is none of supcon[:TEMPERATURE]`,
		"-pretrain supcon:0":                  `"0" is no number above 0`,
		"-pretrain cosface:1":                 "is none of",
		"-pretrain supcon -pretrain-epochs 0": "-pretrain-epochs 0: must be at least 1",
		"-pretrain supcon -embedding 1":       "-embedding 1: must be at least 2",
		"-embedding 8":                        "-embedding: says nothing without -pretrain",
		"-pretrain supcon -batch 3":           "-batch 3: -pretrain supcon compares images",
		"-pretrain triplet:0.5 -batch 1":      "must be at least 4",
		"-labels -1":                          "-labels -1: must be 0 or more",
		"-repeat 0":                           "-repeat 0: must be at least 1",
	} {
		if o := command(t, mlp, strings.Fields(args)...); o.code != shell.Wrong || !strings.Contains(o.stderr, want) {
			t.Errorf("%s: %d, %q", args, o.code, o.stderr)
		}
	}
	dir := small(t)
	succeed(t, mlp, "-data", dir, "-pretrain", "cosface", "-pretrain-epochs", "1", "-batch", "1", "-steps", "1", "-out", filepath.Join(t.TempDir(), "run"))
	if o := command(t, mlp, "-data", dir, "-labels", "21"); o.code != shell.Failure || !strings.Contains(o.stderr, "labels: 21 images of 20") {
		t.Errorf("%d, %q", o.code, o.stderr)
	}
}

// TestLabels: the images are the seed's choice alone, and as many of each class.
func TestLabels(t *testing.T) {
	dir, tmp := small(t), t.TempDir()
	first := make(map[string][]string)
	for _, run := range []string{"-seed=1", "-seed=1 -epochs=2", "-seed=2"} {
		out := filepath.Join(tmp, run)
		succeed(t, mlp, append(strings.Fields("-labels 6 -epochs 1 -repeat 3 "+run), "-data", dir, "-out", out)...)
		steps := table(t, out, "steps.csv")
		first[run] = steps[1]
		if epochs := table(t, out, "history.csv"); len(steps)-1 != 3*(len(epochs)-1) {
			t.Errorf("%s: %d steps in %d epochs of 3 passes over one batch", run, len(steps)-1, len(epochs)-1)
		}
		if n := parseObject(t, read(t, out, "config.json")).at("data", "train"); n != 6.0 {
			t.Errorf("%s: %v images", run, n)
		}
	}
	if !slices.Equal(first["-seed=1"], first["-seed=1 -epochs=2"]) || slices.Equal(first["-seed=1"], first["-seed=2"]) {
		t.Errorf("%v", first)
	}
}
