package data

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenImages(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if HasFiles(dir) || HasFiles(filepath.Join(dir, "none")) {
		t.Error("a folder without files has some")
	}
	path := write("t10k-images-idx3-ubyte", idx(ramp(24), 2, 4, 3))
	if _, err := OpenImages(path); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "expected t10k-labels-idx1-ubyte") {
		t.Errorf("without labels: %v", err)
	}
	write("t10k-labels-idx1-ubyte.gz", gz(idx([]byte{5, 6}, 2)))
	write("other-t10k-labels-idx1-ubyte", idx([]byte{1, 2, 3}, 3))
	set, err := OpenImages(path)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 2 || set.Shape() != [3]int{4, 3, 1} || set.Labels[1] != 6 {
		t.Errorf("%d images of %v with labels %v", set.Len(), set.Shape(), set.Labels)
	}
	write("t10k-labels-idx1-ubyte", idx([]byte{7, 8}, 2)) // stored as the images are
	if set, err = OpenImages(path); err != nil || set.Labels[0] != 7 {
		t.Errorf("of two label files, that of %+v, %v", set, err)
	}
	if !HasFiles(dir) {
		t.Error("the folder is said to have no files")
	}
	for name, content := range map[string][]byte{
		"other-t10k-images-idx3-ubyte": idx(ramp(24), 2, 4, 3), // three labels
		"train-images-idx3-ubyte":      ramp(20),
		"picture.png":                  nil,
	} {
		if _, err := OpenImages(write(name, content)); !errors.As(err, new(*FileError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]bool{"a/t10k-images.idx3-ubyte.gz": true, "emnist-test-images-idx3-ubyte": true, "t10k-labels-idx1-ubyte": false, "5.png": false} {
		if IsImages(name) != want {
			t.Errorf("IsImages(%s) is %v", name, !want)
		}
	}
}
