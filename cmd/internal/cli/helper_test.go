package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stheno/nets"
)

// The environment has a say in what a display looks like, and in where MNIST is.
func TestMain(m *testing.M) {
	for _, name := range []string{"STHENO_DATA", "CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"} {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

var (
	mlp = App{Name: "mlp", About: "a multi-layer perceptron, 784-512-10 on MNIST", Network: nets.MLP}
	cnn = App{Name: "cnn", About: "a convolutional network of two convolutions and two dense layers", Network: nets.CNN}
)

// The names of the four files of a data folder.
const (
	trainImages = "train-images-idx3-ubyte.gz"
	trainLabels = "train-labels-idx1-ubyte.gz"
	testImages  = "t10k-images-idx3-ubyte.gz"
	testLabels  = "t10k-labels-idx1-ubyte.gz"
)

// writeIDX writes a gzipped IDX file.
func writeIDX(t testing.TB, path string, body []byte, dims ...int) {
	t.Helper()
	var file bytes.Buffer
	z := gzip.NewWriter(&file)
	z.Write([]byte{0, 0, 8, byte(len(dims))})
	for _, d := range dims {
		binary.Write(z, binary.BigEndian, uint32(d))
	}
	z.Write(body)
	z.Close()
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// writeData writes a data folder of random images whose brightness tells their
// label, and returns its path.
func writeData(t testing.TB, height, width, classes, trainRows, testRows int) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	for _, set := range []struct {
		images, labels string
		rows           int
	}{{trainImages, trainLabels, trainRows}, {testImages, testLabels, testRows}} {
		labels, pixels := make([]byte, set.rows), make([]byte, 0, set.rows*height*width)
		for i := range labels {
			labels[i] = byte(i % classes)
			for range height * width {
				pixels = append(pixels, byte(rng.IntN(256/classes)+256/classes*(i%classes)))
			}
		}
		writeIDX(t, filepath.Join(dir, set.images), pixels, set.rows, height, width)
		writeIDX(t, filepath.Join(dir, set.labels), labels, set.rows)
	}
	return dir
}

// small is 20 + 10 images of 8 x 8 pixels, of three classes: three steps an
// epoch at -batch 7, in milliseconds.
func small(t testing.TB) string { return writeData(t, 8, 8, 3, 20, 10) }

// outcome is how a command ended and what it said.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs an app, in the test's folder.
func command(t testing.TB, app App, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Train(t.Context(), app, args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// succeed is a command that has to end with 0.
func succeed(t testing.TB, app App, args ...string) outcome {
	t.Helper()
	o := command(t, app, args...)
	if o.code != 0 {
		t.Fatalf("%s %s: exit code %d: %s", app.Name, strings.Join(args, " "), o.code, o.stderr)
	}
	return o
}

// files maps the files and folders under dir to their content.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			found[name+"/"] = ""
			return nil
		}
		content, err := os.ReadFile(path)
		found[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// names lists the files of a run folder, but for its lock and its checkpoints.
func names(t testing.TB, dir string) string {
	t.Helper()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(files(t, dir))) {
		if name != ".lock" && !strings.HasPrefix(name, "checkpoint/") {
			list = append(list, name)
		}
	}
	return strings.Join(list, " ")
}

// The files of a run that has ended, and of one that was interrupted.
const (
	allFiles         = "config.json confusion.svg curves.svg history.csv history.json model.onnx model.safetensors report.html result.json steps.csv"
	interruptedFiles = "config.json history.csv history.json model.onnx model.safetensors steps.csv"
)

func read(t testing.TB, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// table reads a run's CSV file, its head included.
func table(t testing.TB, path ...string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(read(t, path...))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// object is a JSON object, for tests that look at single fields: at(o, "a", "b").
type object map[string]any

func parseObject(t testing.TB, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	return o
}

func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	return v
}

// trigger is a writer that does something once a text has been written to it.
type trigger struct {
	io.Writer
	at string
	do func()
}

func (w trigger) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.at) {
		w.do()
	}
	return w.Writer.Write(p)
}

// countdown is a context that is cancelled when it has been asked for its state
// so many times, as Fit does after each step and Evaluate before each batch.
type countdown struct {
	context.Context
	left   *int
	cancel func()
}

func (c countdown) Err() error {
	if *c.left--; *c.left == 0 {
		c.cancel()
	}
	return c.Context.Err()
}
