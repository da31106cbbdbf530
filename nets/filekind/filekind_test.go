package filekind_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stheno/nets/filekind"
)

// archive is a zip archive with empty files of these names.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesOfOtherKinds(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte("weights"))
	z.Close()
	tar := make([]byte, 512)
	copy(tar[257:], "ustar\x0000")
	const pyTorch = "load it in PyTorch, and write the weights with safetensors as README.md shows"
	for _, c := range []struct{ content, what, do string }{
		{"", "is empty", "copy or download it again"},
		{archive(t, "mnist_cnn/data.pkl", "mnist_cnn/data/0"), "is a file of torch.save", pyTorch},
		{archive(t, "script/constants.pkl", "script/data.pkl"), "is a file of torch.save", pyTorch},
		{"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "is a Python pickle", pyTorch},
		{"\x80\x04\x95", "is a Python pickle", pyTorch},
		{string(tar), "is a tar archive", "unpack it"},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "is a pointer of Git LFS", "git lfs pull"},
		{"\x08\x0a\x12\x07pytorch\x1a\x052.1.0", "is an ONNX file", "name the weights that it was made of"},
		{"\x08\x07\x12\x06stheno", "is an ONNX file", "name the weights that it was made of"},
		{archive(t, "arr_0.npy"), "is NumPy's arrays", "safetensors.numpy.save_file"},
		{"\x93NUMPY\x01\x00v\x00{'descr'", "is NumPy's arrays", "safetensors.numpy.save_file"},
		{"\n<!DOCTYPE html>\n<html>", "is a web page", "download link"},
		{"\xef\xbb\xbf<HTML>", "is a web page", "download link"},
		{"<?xml version='1.0'?><Error>", "is a web page", "download link"},
		{zipped.String(), "is compressed with gzip", "gunzip"},
		{"\x28\xb5\x2f\xfd\x04\x00", "is compressed", "unpack it first"},
		{"\x1c\x00\x00\x00TFL3\x14\x00", "is a TensorFlow Lite file", `model.save("model.keras")`},
		{"GGUF\x03\x00\x00\x00", "is a GGUF file", "safetensors or model.keras"},
		{`{"metadata": {"total_size": 8}, "weight_map": {}}`, "is a JSON text", `model.save("model.keras")`},
		{"# README\nthe weights are", `begins with "# README"`, "name one of safetensors, or a model.keras"},
		{"%PDF-1.7\n", `begins with "%PDF-1.7"`, "name one of safetensors, or a model.keras"},
		{archive(t, "model.safetensors"), `is a zip archive with "model.safetensors"`, "unpack it"},
		{archive(t, "m/config.json", "m/model.weights.h5"), `is a zip archive with "m/model.weights.h5"`, "unpack it"},
		{"\x89PNG\r\n\x1a\n", "is a picture", ""},
		{"\x89HDF\r\n\x1a\n", "is an HDF5 file, such as Keras's .weights.h5", "model.load_weights"},
		{archive(t, "saved/saved_model.pb"), "is an archive of TensorFlow's SavedModel", `model.save("model.keras")`},
	} {
		path := written(t, "weights.safetensors", c.content)
		_, err := filekind.Of(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": "+c.what) || !strings.Contains(err.Error(), c.do) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: want an error with %q and %q, got %v", c.content, c.what, c.do, err)
		}
	}
}

// TestHDF5 knows whole models of older Keras by what stands at their top.
func TestHDF5(t *testing.T) {
	for name, want := range map[string]string{"older.h5": "is Keras's older .h5 file", "model.weights.h5": "is an HDF5 file, such as Keras's .weights.h5"} {
		if _, err := filekind.Of(filepath.Join("testdata", name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", name, want, err)
		}
	}
}

// TestFilesThatAreRead: what a reader is for goes to it, a broken file too.
func TestFilesThatAreRead(t *testing.T) {
	for path, want := range map[string]filekind.Kind{
		written(t, "a", "\x80\x02\x00\x00\x00\x00\x00\x00{\"a\""):        filekind.Safetensors, // a header of 640 bytes
		written(t, "a", "\x1f\x8b\x00\x00\x00\x00\x00\x00{\"a\""):        filekind.Safetensors,
		written(t, "a", "\x08\x07\x12\x00\x00\x00\x00\x00{\"a\""):        filekind.Safetensors,
		written(t, "a", "text"):                                          filekind.Safetensors,
		written(t, "a.keras", "text"):                                    filekind.Keras,
		written(t, "a.zip", archive(t, "metadata.json", "config.json")):  filekind.Keras,
		written(t, "a", archive(t, "metadata.json", "config.json")[:40]): filekind.Keras,
		written(t, "a", archive(t)+"PK"):                                 filekind.Safetensors, // which begins with the end of an archive
		filepath.Join("..", "keras", "testdata", "tiny.keras"):           filekind.Keras,
		filepath.Join("..", "testdata", "foreign", "torch.safetensors"):  filekind.Safetensors,
		filepath.Join("nowhere", "m.keras"):                              filekind.Keras,
		filepath.Join("nowhere", "m"):                                    filekind.Safetensors,
		os.DevNull:                                                       filekind.Safetensors,
	} {
		if got, err := filekind.Of(path); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", path, got, err, want)
		}
	}
}

func TestFolders(t *testing.T) {
	for _, c := range []struct {
		files   []string
		foreign bool
		want    string
	}{
		{[]string{"config.json", "metadata.json", "model.weights.h5"}, true, "is an unzipped Keras model: zip its files into one"},
		{[]string{"saved_model.pb", "variables/variables.index"}, true, "is a folder with TensorFlow's SavedModel"},
		{[]string{"config.json", "model.safetensors"}, false, "is a folder: name the file in it, "},
		{[]string{"readme"}, false, "is a folder: name a file of weights"},
	} {
		folder := ""
		for _, name := range c.files {
			if folder == "" {
				folder = filepath.Dir(written(t, name, ""))
				continue
			}
			path := filepath.Join(folder, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		_, err := filekind.Of(folder)
		if err == nil || !strings.HasPrefix(err.Error(), folder+": "+c.want) {
			t.Errorf("%v: want an error with %q, got %v", c.files, c.want, err)
		}
		if err := filekind.NotRun(folder); (err != nil) != c.foreign {
			t.Errorf("%v: as a run: %v", c.files, err)
		}
	}
	for content, want := range map[string]string{
		"version https://git-lfs": "is a pointer of Git LFS",
		archive(t, "config.json"): "is a file, expected the folder of a run: a file of weights is for -init",
	} {
		if err := filekind.NotRun(written(t, "m.keras", content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("as a run: want an error with %q, got %v", want, err)
		}
	}
	if err := filekind.NotRun("nowhere"); err != nil {
		t.Error(err)
	}
}
