package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests read the published files, whatever folder their user works with.
func TestMain(m *testing.M) {
	os.Unsetenv("STHENO_DATA")
	os.Exit(m.Run())
}

// idx returns an IDX file of unsigned bytes.
func idx(body []byte, dims ...uint32) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, body...)
}

// gz returns b compressed, with a name and a time in the header.
func gz(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	z.Name = "x"
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// ramp returns n bytes that differ from their neighbours.
func ramp(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

// mnistNames are the names of the four files, in the order of fileNames.
var mnistNames = [4]string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}

// small returns the contents of a valid folder: 5 train and 3 test images of
// 4 x 3, labels up to 4.
func small() [4][]byte {
	return [4][]byte{idx(ramp(60), 5, 4, 3), idx([]byte{0, 1, 2, 3, 4}, 5), idx(ramp(36), 3, 4, 3), idx([]byte{4, 0, 1}, 3)}
}

// writeFiles writes contents under names into dir, compressed where the name
// says so.
func writeFiles(t testing.TB, dir string, names [4]string, contents [4][]byte) {
	t.Helper()
	for i, name := range names {
		b := contents[i]
		if strings.HasSuffix(name, ".gz") {
			b = gz(b)
		}
		writeFile(t, filepath.Join(dir, name), b)
	}
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantError checks an error's kind, that it is one line of the package, and
// that it holds the fragments.
func wantError(t testing.TB, err, kind error, fragments ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("error is not %q: %v", kind, err)
	}
	text := err.Error()
	if !strings.HasPrefix(text, "data: ") || strings.Contains(text, "\n") {
		t.Errorf("error is not one line of package data: %q", text)
	}
	for _, f := range fragments {
		if !strings.Contains(text, f) {
			t.Errorf("error lacks %q: %s", f, text)
		}
	}
}
