package keras_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stheno/nets/keras"
	"stheno/nets/safetensors"
)

// tiny is a model that testdata/tiny.py has saved.
var tiny = filepath.Join("testdata", "tiny.keras")

// array is a tensor as tiny.py has written it beside the model.
type array struct {
	Shape  []int
	Values []float32
}

func TestTensorsAreKeras(t *testing.T) {
	model, err := keras.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "tiny.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]array
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	delete(want, "images")
	delete(want, "probabilities")
	tensors := tensorsOf(model)
	for _, got := range tensors {
		values := make([]float32, len(got.Data)/4)
		safetensors.Get(values, got.Data)
		layer, part, _ := strings.Cut(got.Name, ".")
		key := "layers/" + layer + "/" + part
		a, ok := want[key]
		if !ok || got.DType != "F32" || !slices.Equal(got.Shape, a.Shape) || !slices.Equal(values, a.Values) {
			t.Errorf("%s is %s %v %v, Keras's is %v", got.Name, got.DType, got.Shape, values, a)
		}
		delete(want, key)
	}
	if len(tensors) != 10 || len(want) != 0 {
		t.Errorf("%d tensors, and these are missing: %v", len(tensors), want)
	}
}

// entries unpacks tiny.keras.
func entries(t testing.TB) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(tiny)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files := make(map[string][]byte)
	for _, e := range archive.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[e.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// written is a file of a test.
func written(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// packed is an archive of files, one name after the other.
func packed(t testing.TB, method uint16, files map[string][]byte, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = f.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	config  = "config.json"
	weights = "model.weights.h5"
)

func TestCompressedArchive(t *testing.T) {
	want, err := keras.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	path := written(t, "m.zip", packed(t, zip.Deflate, entries(t), config, weights))
	got, err := keras.ReadFile(path)
	if err != nil || !same(got, want) {
		t.Error(err)
	}
}

// tensorsOf lists a model's kernels and biases; none of no model.
func tensorsOf(m *keras.Model) (list []safetensors.Tensor) {
	if m == nil {
		return nil
	}
	for _, l := range m.Layers {
		if l.Class != "Flatten" {
			list = append(list, l.Kernel, l.Bias)
		}
	}
	return list
}

func same(a, b *keras.Model) bool {
	return slices.EqualFunc(tensorsOf(a), tensorsOf(b), func(a, b safetensors.Tensor) bool {
		return a.Name == b.Name && a.DType == b.DType && slices.Equal(a.Shape, b.Shape) && bytes.Equal(a.Data, b.Data)
	})
}

func TestRefused(t *testing.T) {
	files := entries(t)
	whole, err := os.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name string, content []byte) []byte {
		changed := maps.Clone(files)
		changed[name] = content
		return packed(t, zip.Store, changed, config, weights)
	}
	replaced := func(name, from, to string) []byte {
		return with(name, bytes.ReplaceAll(files[name], []byte(from), []byte(to)))
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"text", []byte("hello, world"), `found "hello, w" at offset 0, expected a zip archive, as Keras 3's model.save("model.keras") writes: zip: not a valid zip file`},
		{"empty", nil, `found "" at offset 0, expected a zip archive`},
		{"weights alone", files[weights], "found an HDF5 file, expected a zip archive"},
		{"cut", whole[:len(whole)-30], "found an archive that is damaged or cut short, expected a zip archive"},
		{"no weights", packed(t, zip.Store, files, config, "metadata.json"), "found no model.weights.h5 in the archive of 2 files"},
		{"weights twice", packed(t, zip.Store, files, config, weights, weights), "found model.weights.h5 twice in the archive"},
		{"Keras 2", packed(t, zip.Store, map[string][]byte{"metadata.json": []byte(`{"keras_version": "2.15.0"}`)}, "metadata.json"), `metadata.json: found the version "2.15.0", expected 3: load the model in Keras 3`},
		{"no config", packed(t, zip.Store, files, weights), "found no config.json in the archive of 1 files"},
		{"no JSON", with(config, []byte("hello")), "config.json: invalid character"},
		{"a long config", with(config, make([]byte, 1<<20+1)), "config.json: found 1048577 bytes, unpacked, expected at most 1048576"},
		{"tanh", replaced(config, `"relu"`, `"tanh"`), `config.json: Conv2D "conv2d" has the activation "tanh", expected relu, softmax or linear`},
		{"own function", replaced(config, `"relu"`, `{"class_name": "f"}`), `config.json: Conv2D "conv2d" has an activation of your own, {"class_name":"f"}`},
		{"channels first", replaced(config, "channels_last", "channels_first"), `config.json: Conv2D "conv2d" has the data_format "channels_first", expected "channels_last"`},
		{"pooling", replaced(config, `"Dropout"`, `"MaxPooling2D"`), `config.json: MaxPooling2D "dropout" has no counterpart`},
		{"no HDF5", with(weights, []byte("hello")), `model.weights.h5: hdf5: offset 0: found "hello"`},
		{"no layers", replaced(weights, "layers\x00", "Layers\x00"), `model.weights.h5: hdf5: found no group "layers" at the top`},
		{"more variables", replaced(weights, "\x001\x00", "\x002\x00"), `found no layers/conv2d/vars/1, expected the weights of Conv2D "conv2d"`},
		{"other variables", replaced(weights, "vars\x00", "vats\x00"), `found no layers/conv2d/vars/0, expected the weights of Conv2D "conv2d"`},
	} {
		path := written(t, "model.keras", c.file)
		model, err := keras.ReadFile(path)
		if err == nil || model != nil || !strings.HasPrefix(err.Error(), "keras: "+path+": ") || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: want an error with %s, got %v", c.name, c.want, err)
		}
	}
	if _, err := keras.ReadFile("testdata"); err == nil || !strings.Contains(err.Error(), "expected a regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := keras.ReadFile("nosuch.keras"); !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "nosuch") != 1 {
		t.Errorf("no file: %v", err)
	}
}

// TestBomb has 65 MiB of zeros in an archive of 70 kB, said and unsaid.
func TestBomb(t *testing.T) {
	bomb := packed(t, zip.Deflate, map[string][]byte{config: []byte("{}"), weights: make([]byte, 65<<20)}, config, weights)
	if _, err := keras.ReadFile(written(t, "bomb.keras", bomb)); err == nil || !strings.Contains(err.Error(), "found 68157440 bytes, unpacked, expected at most 67") {
		t.Errorf("want an error that says the size, got %v", err)
	}
	said := []byte{0, 0, 0x10, 4} // 65 MiB, in the directory and behind the data
	for _, size := range [][]byte{{0, 1, 0, 0}, {0, 0, 0, 4}} {
		lie := bytes.ReplaceAll(bomb, said, size)
		if _, err := keras.ReadFile(written(t, "bomb.keras", lie)); err == nil || !strings.Contains(err.Error(), "model.weights.h5: ") {
			t.Errorf("%v: want an error, got %v", size, err)
		}
	}
}

// TestDamage cuts the file at every length, and flips one bit of every byte: an
// error, or, where nothing depends on the byte, the same tensors. -short does it
// at every thirteenth.
func TestDamage(t *testing.T) {
	whole, err := os.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	want, err := keras.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 13
	}
	for n := 0; n < len(whole); n += step {
		if _, err := keras.Read(bytes.NewReader(whole), int64(n)); err == nil {
			t.Fatalf("cut at %d: no error", n)
		}
		whole[n] ^= 1 << (n % 8)
		if got, err := keras.Read(bytes.NewReader(whole), int64(len(whole))); (err == nil || got != nil) && !same(got, want) {
			t.Fatalf("offset %d: %d tensors, %v", n, len(tensorsOf(got)), err)
		}
		whole[n] ^= 1 << (n % 8)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(packed(f, zip.Store, entries(f), config, weights))
	f.Add(packed(f, zip.Deflate, entries(f), config, weights))
	f.Fuzz(func(t *testing.T, file []byte) {
		model, err := keras.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil && (model != nil || !strings.HasPrefix(err.Error(), "keras: ")) {
			t.Fatalf("a model beside the error %v", err)
		}
	})
}
