package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"stheno/nets"
	"stheno/nets/durable"
	"stheno/nets/onnx"
)

// Folder is a run's folder: everything that a run leaves behind.
type Folder string

// The files of a run.
const (
	ConfigFile      = "config.json"       // the settings, and what the run was made with
	HistoryFile     = "history.csv"       // a row an epoch
	HistoryJSONFile = "history.json"      // the same
	StepsFile       = "steps.csv"         // a row an optimizer step
	ModelFile       = "model.safetensors" // the weights at the end
	ONNXFile        = "model.onnx"        // the same with the network, for other runtimes
)

// CheckFolder refuses a path at which a run cannot begin: a file, or a folder
// with something in it.
func CheckFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case isFile(dir):
		return fmt.Errorf("train: run folder %s: is a file", dir)
	case err != nil:
		return fmt.Errorf("train: run folder: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, ConfigFile)); err == nil {
		return fmt.Errorf("train: run folder %s: holds another run (%s is there)", dir, ConfigFile)
	}
	return fmt.Errorf("train: run folder %s: is not empty (%s is there)", dir, entries[0].Name())
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// CreateFolder makes the folder of a new run. fill writes its first files, into
// a hidden folder that then gets its name in one rename: a run's folder is there
// with all of them, or not at all. An empty dir is a new folder runs/NAME-DATE-TIME.
func CreateFolder(dir, name string, now time.Time, fill func(Folder) error) (Folder, error) {
	unique := dir == ""
	if unique {
		dir = filepath.Join("runs", name+now.Format("-20060102-150405"))
	} else if err := CheckFolder(dir); err != nil {
		return "", err
	}
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	hidden := Folder(filepath.Join(parent, fmt.Sprintf(".%s.%d.tmp", filepath.Base(dir), os.Getpid())))
	folder, err := publish(hidden, dir, unique, fill)
	if err != nil {
		_ = os.RemoveAll(string(hidden))
		return "", err
	}
	return folder, nil
}

// publish fills a hidden folder and gives it its name.
func publish(hidden Folder, dir string, unique bool, fill func(Folder) error) (Folder, error) {
	if err := os.RemoveAll(string(hidden)); err != nil { // of a killed process that had our number
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	if err := os.MkdirAll(hidden.File(CheckpointDir), 0o777); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	if err := os.WriteFile(hidden.File(lockFile), nil, 0o666); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	if err := fill(hidden); err != nil {
		return "", err
	}
	if !unique {
		_ = os.Remove(dir) // an empty folder makes way; what does not is told by the rename
		return rename(hidden, dir)
	}
	name := dir
	for n := 2; ; n++ { // two runs may begin in one second
		folder, err := rename(hidden, name)
		if !errors.Is(err, fs.ErrExist) {
			return folder, err
		}
		name = fmt.Sprintf("%s-%d", dir, n)
	}
}

func rename(hidden Folder, dir string) (Folder, error) {
	if err := durable.Rename(string(hidden), dir); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	return Folder(dir), nil
}

// File is the path of one of the run's files.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

// WriteJSON replaces one of the run's files by v as indented JSON.
func (f Folder) WriteJSON(name string, v any) error {
	return durable.WriteFile(f.File(name), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}

// WriteModel replaces the run's weights.
func (f Folder) WriteModel(m *nets.Model) error {
	return durable.WriteFile(f.File(ModelFile), m.WriteWeights)
}

// WriteONNX replaces the run's network and weights for other runtimes. What c
// says of the run is among the file's metadata.
func (f Folder) WriteONNX(m *nets.Model, c Config) error {
	return durable.WriteFile(f.File(ONNXFile), func(w io.Writer) error { return onnx.Write(w, m, c.Provenance()) })
}
