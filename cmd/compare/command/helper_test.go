package command

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/data"
	"stheno/data/augment"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// The environment has a say in colours, and in where MNIST is.
func TestMain(m *testing.M) {
	for _, name := range []string{"STHENO_DATA", "CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"} {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		os.MkdirAll("testdata", 0o777)
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// dataset writes a data folder of images of 8 x 8 pixels and three classes,
// whose brightness tells their label to all but some.
func dataset(t *testing.T, seed uint64) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(seed, 2))
	for name, rows := range map[string]int{"train": 60, "t10k": 150} {
		var labels, pixels []byte
		for i := range rows {
			labels = append(labels, byte(i%3))
			for range 64 {
				pixels = append(pixels, byte(70*(i%3)+rng.IntN(110)))
			}
		}
		writeIDX(t, filepath.Join(dir, name+"-images-idx3-ubyte"), pixels, rows, 8, 8)
		writeIDX(t, filepath.Join(dir, name+"-labels-idx1-ubyte"), labels, rows)
	}
	return dir
}

func writeIDX(t *testing.T, path string, body []byte, dims ...int) {
	t.Helper()
	file := bytes.NewBuffer([]byte{0, 0, 8, byte(len(dims))})
	for _, d := range dims {
		binary.Write(file, binary.BigEndian, uint32(d))
	}
	file.Write(body)
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// clock has every epoch take as long.
type clock struct{ train.Hooks }

func (clock) EpochEnd(s *train.Stats) error { s.Seconds = 1.5; return nil }

// trained is a finished run, as the training commands leave it: settings, rows,
// weights. steps, if not 0, ends it early.
func trained(t *testing.T, dir, network string, seed uint64, epochs, steps int) string {
	t.Helper()
	set, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	net, err := nets.Named(network, set.Train.Shape(), set.Classes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := nets.New(net, graph.DtypeOf[float32](), rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		t.Fatal(err)
	}
	f := run.Folder(filepath.Join(t.TempDir(), network))
	c, err := run.NewConfig(m)
	if err != nil {
		t.Fatal(err)
	}
	c.Settings = run.Settings{Data: dir, Epochs: epochs, Batch: 7, LearningRate: 0.001, Seed: seed, Conv: "auto", Steps: steps}
	c.Data = run.Source{Folder: dir, Train: set.Train.Len(), Test: set.Test.Len(), Image: set.Train.Shape(), Classes: set.Classes}
	for _, file := range set.Files {
		c.Data.Files = append(c.Data.Files, run.SourceFile(file))
	}
	if err := os.Mkdir(string(f), 0o777); err != nil {
		t.Fatal(err)
	}
	log := &run.StepLog{Folder: f}
	_, err = train.Fit(t.Context(), m, set.Train, train.NewAdam(0.001), train.Plan{Epochs: epochs, Batch: 7, Steps: steps, Seed: seed,
		Shuffle: true, Validation: set.Test, Callbacks: []train.Callback{clock{}, log, &run.History{Folder: f}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.Close(), f.WriteJSON(run.ConfigFile, c), f.WriteModel(m)); err != nil {
		t.Fatal(err)
	}
	return string(f)
}

// run is the command; it returns its exit code and what it said.
func execute(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// succeed is a command that has to end with 0 and say nothing on stderr.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := execute(t, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("compare %s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// judge is how many of some images, the last of a set, a run's model gets wrong by
// the mean of so many views, and the mean loss, image by image.
func judge(t *testing.T, dir, folder string, last func(*data.Dataset) (rows *data.Set, count int), spec string, views int) (wrong int, loss float64) {
	t.Helper()
	set, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := run.Folder(folder).LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	distort, err := augment.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	p := nets.NewPredictor(m)
	rows, count := last(set)
	for i := rows.Len() - count; i < rows.Len(); i++ {
		mean, err := train.PredictViews(p, rows.Pick(i), distort, views)
		if err != nil {
			t.Fatal(err)
		}
		_, label := rows.Pick(i).Row(0)
		loss -= math.Log(mean[label]) / float64(count)
		if slices.Max(mean) > mean[label] {
			wrong++
		}
	}
	return wrong, loss
}
