package command

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/data/digit"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// The environment has a say in what a terminal gets, and in where MNIST is.
func TestMain(m *testing.M) {
	for _, name := range []string{"STHENO_DATA", "CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"} {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

// mnist is read once.
var mnist = sync.OnceValues(func() (*data.Dataset, error) { return data.Open("") })

func openMNIST(t testing.TB) *data.Dataset {
	t.Helper()
	set, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// untrained is a network with random weights.
func untrained(t testing.TB, name string, image [3]int, classes int) *nets.Model {
	t.Helper()
	network, err := nets.Named(name, image, classes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trained is a network after some steps of MNIST.
func trained(t testing.TB, name string, steps int) *nets.Model {
	t.Helper()
	set := openMNIST(t)
	m := untrained(t, name, set.Train.Shape(), set.Classes)
	_, err := train.Fit(t.Context(), m, set.Train, train.NewAdam(0.001), train.Plan{Epochs: 1, Batch: 128, Steps: steps, Shuffle: true, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// write makes a run folder of a model.
func write(t testing.TB, dir string, m *nets.Model) string {
	t.Helper()
	_, err := run.CreateFolder(dir, "", time.Now(), func(f run.Folder) error {
		config, err := run.NewConfig(m)
		if err != nil {
			return err
		}
		config.Settings.Preparation.Method = digit.Raw
		if m.Input == [3]int{digit.Side, digit.Side, 1} {
			config.Settings.Preparation.Method = digit.MNIST
		}
		if err := f.WriteJSON(run.ConfigFile, config); err != nil {
			return err
		}
		return f.WriteModel(m)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// outcome is how a command ended and what it said.
type outcome struct {
	code           int
	stdout, stderr string
}

func (o outcome) lines() []string { return strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n") }

// command runs predict, with some bytes on stdin.
func command(t testing.TB, stdin []byte, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(t.Context(), args, bytes.NewReader(stdin), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// values scales bytes as data.Decode does.
func values(pixels []uint8) []float32 {
	v := make([]float32, len(pixels))
	for i, p := range pixels {
		v[i] = float32(p) / 255
	}
	return v
}
