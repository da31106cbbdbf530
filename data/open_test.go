package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stheno/data/digit"
)

// with returns names changed by one replacement after another.
func with(names [4]string, oldNew ...string) [4]string {
	for i := range names {
		names[i] = strings.NewReplacer(oldNew...).Replace(names[i])
	}
	return names
}

func TestOpenKnowsTheSpellings(t *testing.T) {
	want := &Dataset{
		Train:   &Set{Pixels: ramp(60), Labels: []uint8{0, 1, 2, 3, 4}, Height: 4, Width: 3, Channels: 1},
		Test:    &Set{Pixels: ramp(36), Labels: []uint8{4, 0, 1}, Height: 4, Width: 3, Channels: 1},
		Classes: 5,

		Preparation: digit.Preparation{Method: digit.Raw},
	}
	mixed := mnistNames
	mixed[0] += ".gz"
	for spelling, names := range map[string][4]string{
		"plain":           mnistNames,
		"gzip":            with(mnistNames, "ubyte", "ubyte.gz"),
		"mixed":           mixed,
		"dot":             with(mnistNames, "-idx", ".idx"),
		"dot, gzip":       with(mnistNames, "-idx", ".idx", "ubyte", "ubyte.gz"),
		"EMNIST":          with(mnistNames, "train", "emnist-letters-train", "t10k", "emnist-letters-test", "ubyte", "ubyte.gz"),
		"four dimensions": with(mnistNames, "idx3", "idx4"),
	} {
		t.Run(spelling, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, names, small())
			writeFile(t, filepath.Join(dir, "._"+names[0]), []byte("macOS"))
			writeFile(t, filepath.Join(dir, "README"), nil)
			got, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			want.Dir, want.Files = dir, nil
			for i, name := range names {
				stored, _ := os.ReadFile(filepath.Join(dir, name))
				sum := sha256.Sum256(stored)
				inside := ""
				if strings.HasSuffix(name, ".gz") {
					z, err := gzip.NewReader(bytes.NewReader(stored))
					if err != nil {
						t.Fatal(err)
					}
					held, _ := io.ReadAll(z)
					sum := sha256.Sum256(held)
					inside = hex.EncodeToString(sum[:])
				}
				want.Files = append(want.Files, File{fileNames[i], filepath.Join(dir, name), hex.EncodeToString(sum[:]), inside})
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOpenReadsColour(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, mnistNames, [4][]byte{idx(ramp(36), 1, 4, 3, 3), idx([]byte{1}, 1), idx(ramp(72), 2, 4, 3, 3), idx([]byte{1, 0}, 2)})
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Shape() != [3]int{4, 3, 3} || d.Train.Len() != 1 || d.Test.Len() != 2 || d.Classes != 2 {
		t.Errorf("read %v, %d and %d rows, %d classes", d.Train.Shape(), d.Train.Len(), d.Test.Len(), d.Classes)
	}
}

// NAME and NAME.gz side by side are one file twice: the one with a checksum is read.
func TestOpenPrefersGzip(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, mnistNames, small())
	writeFiles(t, dir, with(mnistNames, "ubyte", "ubyte.gz"), small())
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d.Files {
		if !strings.HasSuffix(f.Path, ".gz") {
			t.Errorf("%s was read", f.Path)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	letters := with(mnistNames, "train", "emnist-letters-train", "t10k", "emnist-letters-test")
	digits := with(letters, "letters", "digits")
	change := func(i int, b []byte) [4][]byte {
		files := small()
		files[i] = b
		return files
	}
	valid := func(names ...[4]string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, n := range names {
				writeFiles(t, dir, n, small())
			}
		}
	}
	broken := func(files [4][]byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) { writeFiles(t, dir, mnistNames, files) }
	}
	for _, c := range []struct {
		name  string
		write func(*testing.T, string)
		kind  error
		want  []string
	}{
		{"empty folder", valid(), ErrNotFound, []string{"no MNIST files found, expected {train,t10k}", "train/CLASS/*.png"}},
		{"no folder", func(t *testing.T, dir string) { os.Remove(dir) }, ErrNotFound, []string{"no such folder"}},
		{"two prefixes", valid(letters, digits), ErrAmbiguous, []string{"2 sets", "emnist-digits-", "emnist-letters-"}},
		{"prefix and none", valid(letters, mnistNames), ErrAmbiguous, []string{"2 sets", `""`, "emnist-letters-"}},
		{"two spellings", valid(mnistNames, with(mnistNames, "-idx", ".idx")), ErrAmbiguous, []string{"2 candidates for train-images", "train-images.idx3-ubyte"}},
		{"t10k and test", valid(mnistNames, with(mnistNames, "t10k", "test")), ErrAmbiguous, []string{"2 candidates for test-images"}},
		{"no test labels", func(t *testing.T, dir string) {
			writeFiles(t, dir, letters, small())
			os.Remove(filepath.Join(dir, letters[3]))
		}, ErrNotFound, []string{"no test-labels file with the prefix \"emnist-letters-\""}},
		{"no train files", func(t *testing.T, dir string) {
			writeFiles(t, dir, mnistNames, small())
			os.Remove(filepath.Join(dir, mnistNames[0]))
			os.Remove(filepath.Join(dir, mnistNames[1]))
		}, ErrNotFound, []string{"no train-images, train-labels file found"}},
		{"labels too few", broken(change(1, idx(ramp(4), 4))), ErrFormat, []string{mnistNames[1] + ": offset 4: 4 labels found, expected 5", mnistNames[0]}},
		{"test labels too many", broken(change(3, idx(make([]byte, 4), 4))), ErrFormat, []string{mnistNames[3], "4 labels found, expected 3"}},
		{"other test shape", broken(change(2, idx(ramp(36), 3, 3, 4))), ErrFormat, []string{mnistNames[2], "shape [3 4 1], expected [4 3 1]"}},
		{"unknown class", broken(change(3, idx([]byte{0, 0, 5}, 3))), ErrFormat, []string{mnistNames[3] + ": offset 10: test label is 5, expected 0 to 4"}},
		{"images for labels", broken(change(1, small()[0])), ErrFormat, []string{mnistNames[1], "is an image file where a label file was expected"}},
		{"labels for images", broken(change(2, small()[3])), ErrFormat, []string{mnistNames[2], "is a label file where an image file was expected"}},
		{"truncated", broken(change(0, small()[0][:70])), ErrFormat, []string{mnistNames[0] + ": offset 4: 5 images promised, 4 found (truncated?)"}},
		{"dangling link", func(t *testing.T, dir string) {
			writeFiles(t, dir, mnistNames, small())
			os.Remove(filepath.Join(dir, mnistNames[0]))
			if err := os.Symlink("nowhere", filepath.Join(dir, mnistNames[0])); err != nil {
				t.Skip(err)
			}
		}, os.ErrNotExist, []string{mnistNames[0]}},
		{"device", func(t *testing.T, dir string) {
			writeFiles(t, dir, mnistNames, small())
			os.Remove(filepath.Join(dir, mnistNames[0]))
			if err := os.Symlink(os.DevNull, filepath.Join(dir, mnistNames[0])); err != nil {
				t.Skip(err)
			}
		}, ErrFormat, []string{mnistNames[0], "is not a regular file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.write(t, dir)
			d, err := Open(dir)
			wantError(t, err, c.kind, append(c.want, dir)...)
			if d != nil {
				t.Error("a dataset came with the error")
			}
		})
	}
}

func TestOpenRefusesAFileForAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a\nb")
	writeFile(t, path, nil)
	_, err := Open(path)
	wantError(t, err, nil, `a\nb"`)
}
