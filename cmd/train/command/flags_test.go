package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/nets"
)

func TestHelp(t *testing.T) {
	want := read(t, "testdata", "help-mlp.txt")
	for _, flag := range []string{"-h", "-help", "--help"} {
		o := command(t, mlp, flag)
		if o.code != 0 || o.stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q", flag, o.code, o.stderr)
		}
		if d := cmp.Diff(want, o.stdout); d != "" {
			t.Errorf("%s (-want +got):\n%s", flag, d)
		}
	}
	if o := command(t, cnn, "-h"); !strings.Contains(o.stdout, "go run ./cmd/cnn -epochs 2") {
		t.Errorf("the cnn's help: %s", o.stdout)
	}
	o := command(t, Program{Name: "train", About: "a network by its name"}, "-h")
	got := strings.Replace(o.stdout, ", program-test", "", 1) // which these tests add
	if d := cmp.Diff(read(t, "testdata", "help-train.txt"), got); d != "" || o.code != 0 {
		t.Errorf("exit code %d (-want +got):\n%s", o.code, d)
	}
}

func TestSummaryPrintsKerasTable(t *testing.T) {
	t.Chdir(t.TempDir())
	like := writeData(t, 28, 28, 10, 20, 10) // MNIST, as far as the table goes
	for _, app := range []Program{mlp, cnn} {
		want, err := os.ReadFile(filepath.Join(root(t), "nets", "summary", "testdata", "summary-"+app.Name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		o := succeed(t, app, "-summary", "-data", like)
		if d := cmp.Diff(string(want), o.stdout); d != "" || o.stderr != "" {
			t.Errorf("%s (-want +got):\n%s\nstderr %q", app.Name, d, o.stderr)
		}
	}
	if left := files(t, "."); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// home is this package's folder, before any test changes to another.
var home, _ = os.Getwd()

// root is the module's folder.
func root(t *testing.T) string {
	t.Helper()
	return filepath.Join(home, "..", "..", "..")
}

// damaged is the small folder with one thing wrong.
func damaged(t *testing.T, damage func(dir string)) string {
	dir := small(t)
	damage(dir)
	return dir
}

// change rewrites a file.
func change(t *testing.T, path string, edit func([]byte) []byte) {
	t.Helper()
	if err := os.WriteFile(path, edit([]byte(read(t, path))), 0o666); err != nil {
		t.Fatal(err)
	}
}

func swap(t *testing.T, a, b string) {
	t.Helper()
	first, second := read(t, a), read(t, b)
	change(t, a, func([]byte) []byte { return []byte(second) })
	change(t, b, func([]byte) []byte { return []byte(first) })
}

// TestRefusals: one line on stderr that names what is wrong, nothing on stdout,
// and nothing left behind.
func TestRefusals(t *testing.T) {
	good := small(t)
	t.Chdir(t.TempDir())
	writeModel(t, "cnn.safetensors", nets.CNN([3]int{8, 8, 1}, 3))
	writeModel(t, "other-size.safetensors", nets.MLP([3]int{9, 8, 1}, 3))
	for path, content := range map[string]string{"text.safetensors": "these are no weights", "pointer.safetensors": "version https://git-lfs.github.com/spec/v1\n", "run/config.json": "{}", "file": "", "empty/.keep": ""} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	truncated := damaged(t, func(dir string) {
		change(t, filepath.Join(dir, trainImages), func(b []byte) []byte { return b[:len(b)/2] })
	})
	flipped := damaged(t, func(dir string) {
		change(t, filepath.Join(dir, testImages), func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
	})
	swapped := damaged(t, func(dir string) { swap(t, filepath.Join(dir, trainImages), filepath.Join(dir, trainLabels)) })
	unequal := damaged(t, func(dir string) { writeIDX(t, filepath.Join(dir, trainLabels), make([]byte, 19), 19) })
	before := files(t, ".")

	const usage, failure = 2, 1
	for _, c := range []struct {
		args  string // -data is added where it is not given
		code  int
		words []string
	}{
		{"-batch 0", usage, []string{"-batch 0", "at least 1"}},
		{"-batch -5", usage, []string{"-batch -5"}},
		{"-lr -1", usage, []string{"-lr -1", "above 0"}},
		{"-lr 0", usage, []string{"-lr 0"}},
		{"-lr NaN", usage, []string{"-lr NaN"}},
		{"-lr Inf", usage, []string{"-lr +Inf"}},
		{"-lr-scale cubic", usage, []string{"-lr-scale cubic", "none, linear or sqrt"}},
		{"-lr-scale=", usage, []string{"-lr-scale ''", "none, linear or sqrt"}},
		{"-lr 1e308 -lr-scale linear -batch 1000", usage, []string{"-lr 1e+308", "-lr-scale linear", "-batch 1000", "+Inf"}},
		{"-epochs x", usage, []string{"-epochs", `"x"`}},
		{"-epochs 0", usage, []string{"-epochs 0"}},
		{"-epochs 99999999999999999999", usage, []string{"-epochs", "out of range"}},
		{"-steps -1", usage, []string{"-steps -1"}},
		{"-seed -1", usage, []string{"-seed"}},
		{"-threads -1", usage, []string{"-threads -1"}},
		{"-shuffle=maybe", usage, []string{"-shuffle", "maybe"}},
		{"-color pink", usage, []string{"-color", `"pink"`, "auto, always or never"}},
		{"-conv fft", usage, []string{"-conv", `"fft"`, "auto, direct and winograd"}},
		{"-recipe cake", usage, []string{"-recipe cake", "best, fast, notebook"}},
		{"-recipe best-mlp", usage, []string{"-recipe best-mlp", "best, fast, notebook"}},
		{"-recipe ../recipes/fast-mlp", usage, []string{"-recipe ../recipes/fast-mlp", "best, fast, notebook"}},
		{"-optimizer lion", usage, []string{"-optimizer lion", "adam, adamw, sgd or rmsprop"}},
		{"-momentum 0.9", usage, []string{"-momentum 0.9: adam has moments of its own", "-optimizer sgd or rmsprop"}},
		{"-optimizer sgd -momentum 1.5", usage, []string{"-momentum 1.5", "from 0 to 1"}},
		{"-optimizer rmsprop -momentum NaN", usage, []string{"-momentum NaN", "from 0 to 1"}},
		{"-optimizer sgd -nesterov", usage, []string{"-nesterov", "-momentum, such as 0.9"}},
		{"-optimizer rmsprop -momentum 0.9 -nesterov", usage, []string{"-nesterov", "-optimizer sgd"}},
		{"-optimizer sgd -weight-decay 1001", usage, []string{"-weight-decay 1001", "below 1"}},
		{"-optimizer adamw", usage, []string{"-optimizer adamw", "-weight-decay"}},
		{"-weight-decay 0.1", usage, []string{"-weight-decay 0.1", "-optimizer adamw"}},
		{"-optimizer adamw -weight-decay NaN", usage, []string{"-weight-decay NaN"}},
		{"-optimizer adamw -weight-decay 1001", usage, []string{"-weight-decay 1001", "below 1"}},
		{"-recipe best -optimizer adam", usage, []string{"-weight-decay 0.", "-optimizer adamw"}},
		{"-l2 -1", usage, []string{"-l2 -1", "at least 0"}},
		{"-label-smoothing 1", usage, []string{"-label-smoothing 1", "below 1"}},
		{"-dropout 1", usage, []string{"-dropout 1", "below 1"}},
		{"-ema 1", usage, []string{"-ema 1", "below 1"}},
		{"-swa 11", usage, []string{"-swa 11", "-epochs, 10"}},
		{"-swa 2 -ema 0.9", usage, []string{"-swa 2", "-ema 0.9", "one average"}},
		{"-swa 2 -patience 3", usage, []string{"-swa 2", "-patience 3"}},
		{"-swa 2 -steps 30", usage, []string{"-swa 2", "-steps 30", "-ema"}},
		{"-augment blur", usage, []string{"-augment", `"blur" is no distortion`, "affine or elastic"}},
		{"-augment affine:rotate=200", usage, []string{"affine:rotate=200", "from 0 to 180"}},
		{"-augment-sheet a.png", usage, []string{"-augment-sheet", "-augment SPEC"}},
		{"-augment none -augment-sheet a.png", usage, []string{"-augment-sheet", "-augment SPEC"}},
		{"-augment affine -augment-sheet a.jpg", usage, []string{"a.jpg", ".png"}},
		{"-augment affine -augment-sheet nowhere/a.png", failure, []string{"-augment-sheet", "nowhere", "no such file"}},
		{"-graph net.pdf", usage, []string{"-graph net.pdf", ".dot or .svg"}},
		{"-graph-gradients", usage, []string{"-graph-gradients", "-graph FILE"}},
		{"-verbose 3", usage, []string{"-verbose 3", "0, 1 or 2"}},
		{"-layers 3", usage, []string{"-layers", "not defined"}},
		{"-data", usage, []string{"-data", "needs an argument"}},
		{"mnist", usage, []string{`"mnist"`}},
		{"-epochs 1 -- 5", usage, []string{`"5"`}},

		{"-data nowhere", failure, []string{"nowhere", "no such folder"}},
		{"-data empty", failure, []string{"empty", "no MNIST files", "train,t10k"}},
		{"-data file", failure, []string{"file"}},
		{"-data " + truncated, failure, []string{trainImages, "offset", "truncated?"}},
		{"-data " + flipped, failure, []string{testImages, "offset"}},
		{"-data " + swapped, failure, []string{trainImages, "offset 0", "label file where an image file was expected"}},
		{"-data " + unequal, failure, []string{trainLabels, "offset 4", "19 labels found, expected 20", trainImages}},
		{"-init missing.safetensors", failure, []string{"-init", "missing.safetensors", "no such file"}},
		{"-init missing.keras", failure, []string{"-init", "keras: ", "missing.keras", "no such file"}},
		{"-init cnn.safetensors", failure, []string{"-init", "cnn.safetensors", `"dense.kernel" has shape [1024 128], the mlp's has [64 512]`}},
		{"-init other-size.safetensors", failure, []string{"-init", "other-size.safetensors", `"dense.kernel" has shape [72 512], the mlp's has [64 512]`}},
		{"-init text.safetensors", failure, []string{"-init", "text.safetensors", "no file of weights"}},
		{"-init pointer.safetensors", failure, []string{"-init", "pointer.safetensors: is a pointer of Git LFS", "git lfs pull"}},
		{"-init empty", failure, []string{"-init", "empty", "folder"}},
		{"-out run", failure, []string{"-out", "run", "holds another run", "config.json", "-resume run, or name a new folder"}},
		{"-out file", failure, []string{"-out", "file", "is a file"}},
		{"-out file/below", failure, []string{"-out", "file/below", "not a directory"}},
		{"-graph nowhere/net.dot", failure, []string{"-graph", "nowhere/net.dot", "no such file"}},
		{"-graph empty.dot/", usage, []string{"-graph", ".dot or .svg"}},
		{"-json -out run", failure, []string{"-out", "holds another run"}},
		{"-json -verbose 0 -data nowhere", failure, []string{"nowhere"}},
	} {
		args := strings.Fields(c.args)
		if !strings.Contains(c.args, "-data") {
			args = append([]string{"-data", good}, args...)
		}
		o := command(t, mlp, args...)
		if o.code != c.code || o.stdout != "" {
			t.Errorf("%s: exit code %d, want %d; stdout %q, stderr %q", c.args, o.code, c.code, o.stdout, o.stderr)
		}
		line, rest, ended := strings.Cut(o.stderr, "\n")
		if !strings.HasPrefix(line, "mlp: ") || !ended || rest != "" {
			t.Errorf("%s: stderr is not one line: %q", c.args, o.stderr)
		}
		for _, word := range c.words {
			if !strings.Contains(line, word) {
				t.Errorf("%s: %q does not say %q", c.args, line, word)
			}
		}
		if d := cmp.Diff(before, files(t, ".")); d != "" {
			t.Fatalf("%s: left behind (-before +after):\n%s", c.args, d)
		}
	}
}
