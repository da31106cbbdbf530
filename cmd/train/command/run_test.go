package command

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"stheno/graph/kernel"
	"stheno/nets"
)

func TestRunFolder(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	o := succeed(t, mlp, "-data", dir, "-epochs", "2", "-batch", "7", "-out", "a/run")
	if m := regexp.MustCompile(`^test accuracy [01]\.\d{4}, test loss \d+\.\d{4} after 6 steps; run folder a/run\n$`); !m.MatchString(o.stdout) {
		t.Errorf("stdout %q", o.stdout)
	}
	if first, _, _ := strings.Cut(o.stderr, "\n"); !strings.Contains(first, ", on "+dir+": 20 images to train on") {
		t.Errorf("the first line does not say which data: %s", first)
	}
	if last := "see a/run/report.html; ask the model about a picture with\n\n  go run ./cmd/predict -model a/run PICTURE.png\n\n"; !strings.HasSuffix(o.stderr, last) {
		t.Errorf("stderr does not end with what to do next:\n%s", o.stderr)
	}
	if got := names(t, "a/run"); got != allFiles {
		t.Errorf("the folder holds %s", got)
	}

	c := parseObject(t, read(t, "a/run/config.json"))
	for _, field := range []struct {
		path string
		want any
	}{
		{"format", 3.0}, {"network", "mlp"}, {"model class_name", "Sequential"}, {"params", 64*512 + 512 + 512*3 + 3.0},
		{"settings data", dir}, {"settings epochs", 2.0}, {"settings batch", 7.0}, {"settings learning_rate", 0.001}, {"settings seed", 1.0},
		{"settings shuffle", true}, {"settings steps", 0.0}, {"settings init", ""}, {"settings threads", 0.0},
		{"data folder", dir}, {"data train", 20.0}, {"data test", 10.0}, {"data image", []any{8.0, 8.0, 1.0}}, {"data classes", 3.0},
		{"kernels", kernel.Implementation()}, {"settings conv", "auto"}, {"convolutions", map[string]any{}}, {"versions go", runtime.Version()},
	} {
		if d := cmp.Diff(field.want, c.at(strings.Fields(field.path)...)); d != "" {
			t.Errorf("config.json, %s (-want +got):\n%s", field.path, d)
		}
	}
	sums, _ := c.at("data", "files").([]any)
	if len(sums) != 4 {
		t.Errorf("config.json names %d data files", len(sums))
	}
	for _, f := range sums {
		if sum, _ := object(f.(map[string]any)).at("sha256").(string); len(sum) != 64 {
			t.Errorf("config.json: %v has no SHA-256", f)
		}
	}

	history := table(t, "a/run/history.csv")
	if len(history) != 3 || history[1][0] != "1" || history[2][0] != "2" || history[2][5] != "0.001" {
		t.Errorf("history.csv: %v", history)
	}
	steps := table(t, "a/run/steps.csv")
	if len(steps) != 1+6 || steps[0][0] != "step" || steps[6][0] != "6" {
		t.Errorf("steps.csv: %v", steps)
	}
	m, err := nets.New(nets.MLP([3]int{8, 8, 1}, 3), tensor.Float32, rand.New(rand.NewPCG(5, 5)))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.ReadWeights("a/run/model.safetensors"); err != nil {
		t.Error(err)
	}
	o = command(t, mlp, "-data", dir, "-out", "a/run")
	if o.code != 1 || !strings.Contains(o.stderr, "holds another run") {
		t.Errorf("a second run into the folder: exit code %d, %q", o.code, o.stderr)
	}
}

// model runs a command and returns the bytes of its model.
func model(t *testing.T, app Program, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	succeed(t, app, append(args, "-out", out)...)
	return read(t, out, "model.safetensors")
}

func TestWhatFlagsDo(t *testing.T) {
	dir := small(t)
	t.Chdir(t.TempDir())
	base := []string{"-data", dir, "-epochs", "2", "-batch", "7"}
	with := func(args ...string) string { return model(t, mlp, append(slices.Clone(base), args...)...) }
	want := with()
	for _, same := range [][]string{nil, {"-seed", "1"}, {"-threads", "1"}, {"-threads", "3"}, {"-verbose", "0"}, {"-verbose", "2"}, {"-json"}, {"-color", "always"}, {"-steps", "6"}, {"-lr", "1e-3"}, {"-shuffle"}} {
		if with(same...) != want {
			t.Errorf("%v changes the model", same)
		}
	}
	for _, other := range [][]string{{"-seed", "2"}, {"-lr", "0.01"}, {"-shuffle=false"}, {"-steps", "5"}, {"-epochs", "1"}, {"-batch", "6"}} {
		if with(other...) == want {
			t.Errorf("%v changes nothing", other)
		}
	}

	writeModel(t, "init.safetensors", nets.MLP([3]int{8, 8, 1}, 3))
	one, two := with("-init", "init.safetensors", "-shuffle=false"), with("-init", "init.safetensors", "-shuffle=false", "-seed", "7")
	if one != two || one == want {
		t.Error("-init with -shuffle=false depends on the seed, or not on the file")
	}
	if model(t, cnn, base...) != model(t, cnn, append(base, "-threads", "2")...) {
		t.Error("the same cnn twice gives two models")
	}

	succeed(t, mlp, append(base, "-threads", "3")...) // into a folder of its own choice
	runs, err := filepath.Glob("runs/mlp-????????-??????")
	if err != nil || len(runs) != 1 {
		t.Fatalf("default folder: %v", files(t, "."))
	}
	if c := parseObject(t, read(t, runs[0], "config.json")); c.at("settings", "threads") != 3.0 || kernel.Threads() != 3 {
		t.Errorf("-threads 3: config.json has %v, the kernels use %d", c.at("settings", "threads"), kernel.Threads())
	}
	kernel.SetThreads(0)
}

func TestAnyBatch(t *testing.T) {
	dir := small(t)
	for batch, steps := range map[string]int{"1": 20, "7": 3, "10": 2, "20": 1, "128": 1, "60000": 1} {
		out := filepath.Join(t.TempDir(), "run")
		succeed(t, mlp, "-data", dir, "-epochs", "1", "-batch", batch, "-out", out)
		if got := len(table(t, out, "steps.csv")) - 1; got != steps {
			t.Errorf("-batch %s: %d steps, want %d", batch, got, steps)
		}
	}
}

func TestOtherImagesTrainUnchanged(t *testing.T) {
	dir := writeData(t, 20, 24, 5, 12, 6)
	for _, app := range []Program{mlp, cnn} {
		out := filepath.Join(t.TempDir(), "run")
		succeed(t, app, "-data", dir, "-epochs", "1", "-batch", "5", "-out", out)
		if c := parseObject(t, read(t, out, "config.json")); c.at("data", "classes") != 5.0 {
			t.Errorf("%s: %v classes", app.Name, c.at("data", "classes"))
		}
	}
}

func TestItLearns(t *testing.T) {
	o := succeed(t, mlp, "-data", writeData(t, 8, 8, 3, 90, 30), "-epochs", "30", "-batch", "10", "-out", filepath.Join(t.TempDir(), "run"))
	if !strings.HasPrefix(o.stdout, "test accuracy 1.0000") {
		t.Errorf("three kinds of brightness: %s", o.stdout)
	}
}

func TestStepsEndInMidEpoch(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	o := succeed(t, mlp, "-data", dir, "-batch", "7", "-steps", "2", "-out", out)
	if !strings.Contains(o.stdout, "after 2 steps") || !strings.HasPrefix(o.stdout, "test accuracy ") {
		t.Errorf("stdout %q", o.stdout)
	}
	if names(t, out) != allFiles || len(table(t, out, "history.csv")) != 1 || read(t, out, "history.json") != "[]\n" || len(table(t, out, "steps.csv")) != 3 {
		t.Errorf("files: %v", names(t, out))
	}
}

func TestDivergedRun(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	o := command(t, mlp, "-data", dir, "-batch", "7", "-lr", "1e30", "-verbose", "0", "-out", out)
	if o.code != 1 || o.stdout != "" || !strings.Contains(o.stderr, "at step 2 (epoch 1, batch 2 of 3)") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("exit code %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
	}
	if got := len(table(t, out, "steps.csv")); got != 1+1 {
		t.Errorf("steps.csv has %d rows", got)
	}
	o = command(t, mlp, "-data", dir, "-lr", "1e30", "-verbose", "0", "-out", out+"2") // one step an epoch: only the validation shows it
	if o.code != 1 || !strings.Contains(o.stderr, "validation loss is NaN at step 1") {
		t.Errorf("exit code %d, stderr %q", o.code, o.stderr)
	}
}

// TestInterrupted cancels a run as Main does when a signal comes.
func TestInterrupted(t *testing.T) {
	dir := small(t)
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		word   string
	}{{syscall.SIGINT, 130, "interrupted"}, {syscall.SIGTERM, 143, "terminated"}} {
		for _, json := range []bool{false, true} {
			out := filepath.Join(t.TempDir(), "run")
			ctx, cancel := context.WithCancelCause(t.Context())
			var stdout, stderr bytes.Buffer
			// In the first epoch's line, which is written when the epoch is over.
			code := Train(ctx, mlp, []string{"-data", dir, "-batch", "7", "-out", out, fmt.Sprintf("-json=%v", json)},
				&stdout, trigger{&stderr, "Epoch 1/10 ", func() { cancel(interrupted{c.signal}) }})
			if code != c.code {
				t.Errorf("%v: exit code %d, want %d", c.signal, code, c.code)
			}
			if names(t, out) != interruptedFiles || len(table(t, out, "history.csv")) != 2 || len(table(t, out, "steps.csv")) != 4 {
				t.Errorf("%v: files %v", c.signal, names(t, out))
			}
			if json {
				lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
				end := parseObject(t, lines[len(lines)-1])
				if end["type"] != "run_end" || end["complete"] != false || end["reason"] != c.word || end["steps"] != 3.0 || end["epochs"] != 1.0 || end["test_accuracy"] != nil {
					t.Errorf("%v: run_end %v", c.signal, end)
				}
				continue
			}
			want := fmt.Sprintf("%s after step 3 (epoch 1 of 10, batch 3 of 3); everything is saved; resume with\n\n  go run ./cmd/mlp -resume %s\n\n", c.word, out)
			if !strings.HasSuffix(stderr.String(), want) || stdout.String() != "" {
				t.Errorf("%v: stdout %q, stderr %q, want %q", c.signal, stdout.String(), stderr.String(), want)
			}
		}
	}
}

// TestInterruptedAnywhere cancels a run of two steps and a test of three batches
// at each moment at which it looks.
func TestInterruptedAnywhere(t *testing.T) {
	dir := writeData(t, 8, 8, 3, 21, 300)
	for left, steps := range map[int]int{1: 1, 2: 2, 3: 2, 4: 2, 5: 2} {
		out := filepath.Join(t.TempDir(), "run")
		ctx, cancel := context.WithCancelCause(t.Context())
		var stdout, stderr bytes.Buffer
		code := Train(countdown{ctx, &left, func() { cancel(interrupted{syscall.SIGINT}) }}, mlp,
			[]string{"-data", dir, "-batch", "7", "-steps", "2", "-out", out}, &stdout, &stderr)
		if code != 130 || stdout.String() != "" || !strings.Contains(stderr.String(), fmt.Sprintf("interrupted after step %d (epoch 1 of 10, batch %d of 3)", steps, steps)) {
			t.Errorf("cancelled after %d steps: exit code %d, stdout %q, stderr %q", steps, code, stdout.String(), stderr.String())
		}
		if names(t, out) != interruptedFiles || len(table(t, out, "steps.csv")) != 1+steps {
			t.Errorf("cancelled after %d steps: files %v", steps, names(t, out))
		}
	}
}

func TestJSONLines(t *testing.T) {
	dir, out := small(t), filepath.Join(t.TempDir(), "run")
	o := succeed(t, mlp, "-data", dir, "-epochs", "3", "-batch", "7", "-json", "-out", out)
	var types []string
	var objects []object
	for line := range strings.Lines(o.stdout) {
		e := parseObject(t, line)
		objects = append(objects, e)
		types = append(types, fmt.Sprint(e["type"]))
	}
	if got := strings.Join(types, " "); got != "run_start epoch epoch epoch run_end" {
		t.Fatalf("types %s", got)
	}
	start, last, end := objects[0], objects[3], objects[4]
	if start["version"] != 2.0 || start["out"] != out || start.at("settings", "batch") != 7.0 || start.at("data", "train") != 20.0 {
		t.Errorf("run_start %v", start)
	}
	history := table(t, out, "history.csv")[3]
	for i, name := range []string{"epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate", "seconds"} {
		if got := fmt.Sprint(last[name]); got != history[i] {
			t.Errorf("epoch 3: %s is %s, in history.csv %s", name, got, history[i])
		}
	}
	if ms, _ := last["ms_per_step"].(float64); !(ms > 0) || last["steps"] != 9.0 || last["epochs"] != 3.0 {
		t.Errorf("epoch 3: %v", last)
	}
	if end["complete"] != true || end["epochs"] != 3.0 || end["steps"] != 9.0 || end["test_accuracy"] != last["val_accuracy"] || end["test_loss"] != last["val_loss"] || end["out"] != out {
		t.Errorf("run_end %v", end)
	}
	config := parseObject(t, read(t, out, "config.json"))
	for _, name := range []string{"type", "version", "out", "from"} {
		delete(start, name)
	}
	if d := cmp.Diff(config, start); d != "" {
		t.Errorf("run_start is not config.json (-config +run_start):\n%s", d)
	}
}

func TestPipesGetNoControlCodes(t *testing.T) {
	dir := small(t)
	for _, verbose := range []string{"0", "1", "2"} {
		for _, color := range []string{"auto", "always", "never"} {
			o := succeed(t, mlp, "-data", dir, "-epochs", "2", "-verbose", verbose, "-color", color, "-out", filepath.Join(t.TempDir(), "run"))
			if strings.ContainsAny(o.stdout+o.stderr, "\r\x1b") {
				t.Errorf("-verbose %s -color %s: %q, %q", verbose, color, o.stdout, o.stderr)
			}
			want := map[string]string{"0": "", "1": "Epoch 2/2 - ", "2": "Epoch 2/2\n1/1 - "}[verbose]
			if !strings.Contains(o.stderr, want) || (verbose == "0") != (o.stderr == "") {
				t.Errorf("-verbose %s: stderr %q", verbose, o.stderr)
			}
		}
	}
}

// TestNobodyReads: writers that fail cost no run, but the missing result is
// told by the exit code.
func TestNobodyReads(t *testing.T) {
	for _, c := range []struct {
		json           bool
		stdout, stderr bool // whether it can be written to
		code           int
	}{{false, true, false, 0}, {false, false, true, 1}, {true, true, false, 0}, {true, false, true, 1}, {true, false, false, 1}} {
		out := filepath.Join(t.TempDir(), "run")
		ends := map[bool]*os.File{false: closedFile(t), true: openFile(t)}
		code := Train(t.Context(), mlp, []string{"-data", small(t), "-epochs", "2", fmt.Sprintf("-json=%v", c.json), "-out", out}, ends[c.stdout], ends[c.stderr])
		if code != c.code {
			t.Errorf("%+v: exit code %d", c, code)
		}
		if names(t, out) != allFiles || len(table(t, out, "history.csv")) != 3 {
			t.Errorf("%+v: files %s", c, names(t, out))
		}
	}
}

func openFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func closedFile(t *testing.T) *os.File {
	t.Helper()
	f := openFile(t)
	f.Close()
	return f
}

// TestConvolutionIsVisible in config.json, with -verbose 2, and in the results.
func TestConvolutionIsVisible(t *testing.T) {
	dir := small(t)
	sums := make(map[string]bool)
	for _, c := range []struct{ flag, one, two string }{
		{"auto", "direct", kernel.Auto.String()}, {"direct", "direct", "direct"}, {"winograd", "winograd", "winograd"},
	} {
		if c.two == "auto" { // what that is depends on the machine
			a, err := kernel.Resolve[float32](kernel.Conv{N: 1, H: 6, W: 6, C: 32, KH: 3, KW: 3, F: 64}, kernel.Auto)
			if err != nil {
				t.Fatal(err)
			}
			c.two = a.String()
		}
		out := filepath.Join(t.TempDir(), "run")
		o := succeed(t, cnn, "-data", dir, "-epochs", "1", "-verbose", "2", "-conv", c.flag, "-out", out)
		config := parseObject(t, read(t, out, "config.json"))
		want := map[string]any{"conv2d": c.one, "conv2d_1": c.two}
		if d := cmp.Diff(any(want), config.at("convolutions")); d != "" {
			t.Errorf("-conv %s (-want +got):\n%s", c.flag, d)
		}
		if line := fmt.Sprintf("conv2d %s, conv2d_1 %s\n", c.one, c.two); !strings.Contains(o.stderr, line) {
			t.Errorf("-conv %s -verbose 2 does not say %q: %s", c.flag, line, o.stderr)
		}
		sums[read(t, out, "model.safetensors")] = true
	}
	if len(sums) < 2 {
		t.Error("all algorithms give the same bits: is -conv obeyed?")
	}
}
