package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"stheno/nets/durable"
	"stheno/nets/internal/disk"
)

// text returns a write function that writes s.
func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// expect holds a folder to the given names and contents: no stray files.
func expect(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("the folder holds %v, expected %v", entries, want)
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != content {
			t.Errorf("%s holds %.40q, %v, expected %.40q", name, got, err, content)
		}
	}
}

// checkError wants a *fs.PathError of this path whose text has the operation first
// and does not show the temporary name.
func checkError(t *testing.T, err error, op, path string) {
	t.Helper()
	var onPath *fs.PathError
	if !errors.As(err, &onPath) || onPath.Path != path || !strings.HasPrefix(err.Error(), "durable: "+op+" "+path+": ") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("found the error %v, expected durable: %s %s: ...", err, op, path)
	}
}

func TestWriteAndReplace(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("0123456789", 100_000)
	for _, content := range []string{"old", "", long, "new"} {
		if err := durable.WriteFile(filepath.Join(dir, "f"), text(content)); err != nil {
			t.Fatal(err)
		}
		expect(t, dir, map[string]string{"f": content})
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := durable.WriteFile("f", text("here")); err != nil {
		t.Fatal(err)
	}
	expect(t, ".", map[string]string{"f": "here"})
}

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	os.WriteFile(path, []byte("old"), 0o644)
	cause := errors.New("no more ink")
	for _, size := range []int{0, 10, 1 << 20} { // in the buffer, and beyond it
		err := durable.WriteFile(path, func(w io.Writer) error {
			w.Write(make([]byte, size))
			return cause
		})
		checkError(t, err, "write", path)
		if !errors.Is(err, cause) {
			t.Errorf("%v does not wrap the cause", err)
		}
		expect(t, dir, map[string]string{"f": "old"})
	}
}

// TestErrorWithinAWriterNamesTheFile: a writer says what it was about, and the system's
// error in it names a file that nobody knows.
func TestErrorWithinAWriterNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	err := durable.WriteFile(path, func(io.Writer) error {
		temporary, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".f.*.tmp"))
		if err != nil || len(temporary) != 1 {
			t.Fatal(temporary, err)
		}
		return fmt.Errorf("writing the data: %w", &fs.PathError{Op: "write", Path: temporary[0], Err: syscall.ENOSPC})
	})
	checkError(t, err, "write", path)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v does not wrap the cause", err)
	}
}

func TestPanicLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	os.WriteFile(path, []byte("old"), 0o644)
	func() {
		defer func() {
			if got := recover(); got != "torn" {
				t.Errorf("recovered %v, expected the panic of write", got)
			}
		}()
		durable.WriteFile(path, func(w io.Writer) error {
			w.Write(make([]byte, 1<<20))
			panic("torn")
		})
	}()
	expect(t, dir, map[string]string{"f": "old"})
}

func TestMissingFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "f")
	err := durable.WriteFile(path, text("new"))
	checkError(t, err, "create", path)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestUnwritableFolder(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("the permissions of a folder do not bind root, and not on Windows")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	os.WriteFile(path, []byte("old"), 0o644)
	os.Chmod(dir, 0o555)
	defer os.Chmod(dir, 0o755)
	err := durable.WriteFile(path, text("new"))
	checkError(t, err, "create", path)
	expect(t, dir, map[string]string{"f": "old"})
}

func TestRenameOntoFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	os.Mkdir(path, 0o755)
	err := durable.WriteFile(path, text("new"))
	checkError(t, err, "rename", path)
	if entries, _ := os.ReadDir(dir); len(entries) != 1 || !entries[0].IsDir() {
		t.Errorf("the folder holds %v, expected the folder f only", entries)
	}
}

func TestPermissionsAreThoseOfCreate(t *testing.T) {
	dir := t.TempDir()
	f, err := os.OpenFile(filepath.Join(dir, "created"), os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := durable.WriteFile(filepath.Join(dir, "durable"), text("x")); err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(f.Name())
	got, _ := os.Stat(filepath.Join(dir, "durable"))
	if got.Mode() != want.Mode() {
		t.Errorf("found %v, expected %v", got.Mode(), want.Mode())
	}
}

// TestReadersSeeWholeFiles lets two writers replace a file under two readers; every
// reader must find one of the two contents whole.
func TestReadersSeeWholeFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows refuses to replace a file that is open without sharing")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	contents := [][]byte{bytes.Repeat([]byte("a"), 200_000), bytes.Repeat([]byte("b"), 100_000)}
	os.WriteFile(path, contents[0], 0o644)
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for _, content := range contents {
		writers.Go(func() {
			for range 20 {
				if err := durable.WriteFile(path, text(string(content))); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, err := os.ReadFile(path)
				if err != nil || !slices.ContainsFunc(contents, func(c []byte) bool { return bytes.Equal(c, got) }) {
					t.Errorf("read %d bytes, %v, expected one of the two files", len(got), err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the folder holds %v, expected the file only", entries)
	}
}

func ExampleWriteFile() {
	dir, _ := os.MkdirTemp("", "durable")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "history.csv")
	fmt.Println(durable.WriteFile(path, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, "epoch,loss")
		return err
	}))
	err := durable.WriteFile(path, func(w io.Writer) error {
		fmt.Fprint(w, "half a ro")
		return errors.New("diverged")
	})
	content, _ := os.ReadFile(path)
	fmt.Printf("%t %s", err != nil, content)
	// Output:
	// <nil>
	// true epoch,loss
}

// TestMkdirAllSyncsEachNewNameIntoItsFolder, and leaves alone what is there.
func TestMkdirAllSyncsEachNewNameIntoItsFolder(t *testing.T) {
	dir := t.TempDir()
	var calls []string
	stop := disk.Watch(func(op disk.Op) { calls = append(calls, op.Name+" "+strings.TrimPrefix(op.Path, dir)) })
	defer stop()
	for range 2 {
		if err := durable.MkdirAll(filepath.Join(dir, "a", "b")); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"mkdir /a", "sync folder ", "mkdir /a/b", "sync folder /a"}; runtime.GOOS != "windows" && !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	checkError(t, durable.MkdirAll(file), "mkdir", file)
	checkError(t, durable.MkdirAll(filepath.Join(file, "below")), "mkdir", filepath.Join(file, "below"))
}
