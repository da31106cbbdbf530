// Package commandtest is what the tests of several commands share: data to train on
// in milliseconds, and the files that a command leaves.
package commandtest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/safetensors"
)

// The names of the four files of a data folder.
const (
	TrainImages = "train-images-idx3-ubyte.gz"
	TrainLabels = "train-labels-idx1-ubyte.gz"
	TestImages  = "t10k-images-idx3-ubyte.gz"
	TestLabels  = "t10k-labels-idx1-ubyte.gz"
)

// WriteIDX writes a gzipped IDX file.
func WriteIDX(t testing.TB, path string, body []byte, dims ...int) {
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

// WriteData writes a data folder of random images whose brightness tells their
// label, and returns its path.
func WriteData(t testing.TB, height, width, classes, trainRows, testRows int) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	for _, set := range []struct {
		images, labels string
		rows           int
	}{{TrainImages, TrainLabels, trainRows}, {TestImages, TestLabels, testRows}} {
		labels, pixels := make([]byte, set.rows), make([]byte, 0, set.rows*height*width)
		for i := range labels {
			labels[i] = byte(i % classes)
			for range height * width {
				pixels = append(pixels, byte(rng.IntN(256/classes)+256/classes*(i%classes)))
			}
		}
		WriteIDX(t, filepath.Join(dir, set.images), pixels, set.rows, height, width)
		WriteIDX(t, filepath.Join(dir, set.labels), labels, set.rows)
	}
	return dir
}

// Small is 20 + 10 images of 8 x 8 pixels, of three classes: three steps an
// epoch at -batch 7, in milliseconds.
func Small(t testing.TB) string { return WriteData(t, 8, 8, 3, 20, 10) }

// Files maps the files and folders under dir to their content.
func Files(t testing.TB, dir string) map[string]string {
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

// Read reads a file.
func Read(t testing.TB, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// WriteModel writes the weights of a network for images of a size.
func WriteModel(t *testing.T, path string, net nets.Network) {
	t.Helper()
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(9, 9)))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := m.WriteWeights(&file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// AsPyTorch writes zeros under the names and in the shapes that PyTorch would give a
// model's weights.
func AsPyTorch(t *testing.T, path string, m *nets.Model) {
	t.Helper()
	var tensors []safetensors.Tensor
	for _, w := range m.Weights {
		s := w.Value.Shape().Clone()
		switch len(s) {
		case 2:
			s[0], s[1] = s[1], s[0]
		case 4:
			s[0], s[1], s[2], s[3] = s[3], s[2], s[0], s[1]
		}
		name := strings.Replace(w.Name, "kernel", "weight", 1)
		tensors = append(tensors, safetensors.Tensor{Name: "net." + name, DType: "F32", Shape: s, Data: make([]byte, 4*s.TotalSize())})
	}
	var file bytes.Buffer
	if err := safetensors.Write(&file, tensors, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// WriteRun makes dir a run's folder with weights of a network of a name, drawn by a
// seed, that change, if there is one, has seen; and returns dir.
func WriteRun(t testing.TB, dir, network string, image [3]int, classes int, seed uint64, change func(*nets.Model)) string {
	t.Helper()
	net, err := nets.Named(network, image, classes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(seed, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	config, err := run.NewConfig(m)
	if err != nil {
		t.Fatal(err)
	}
	f := run.Folder(dir)
	for _, err := range []error{f.WriteJSON(run.ConfigFile, config), f.WriteModel(m)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
