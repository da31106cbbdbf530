package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"stheno/cmd/internal/commandtest"
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
	mlp = Program{Name: "mlp", About: "a multi-layer perceptron, 784-512-10 on MNIST", Network: nets.MLP}
	cnn = Program{Name: "cnn", About: "a convolutional network of two convolutions and two dense layers", Network: nets.CNN}
)

// What the tests of commands share, by short names.
var (
	writeIDX   = commandtest.WriteIDX
	writeData  = commandtest.WriteData
	small      = commandtest.Small
	files      = commandtest.Files
	read       = commandtest.Read
	writeModel = commandtest.WriteModel
)

// The names of the four files of a data folder.
const (
	trainImages = commandtest.TrainImages
	trainLabels = commandtest.TrainLabels
	testImages  = commandtest.TestImages
	testLabels  = commandtest.TestLabels
)

// outcome is how a command ended and what it said.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs an app, in the test's folder.
func command(t testing.TB, app Program, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Train(t.Context(), app, args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// succeed is a command that has to end with 0.
func succeed(t testing.TB, app Program, args ...string) outcome {
	t.Helper()
	o := command(t, app, args...)
	if o.code != 0 {
		t.Fatalf("%s %s: exit code %d: %s", app.Name, strings.Join(args, " "), o.code, o.stderr)
	}
	return o
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
