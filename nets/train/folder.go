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
)

// CheckFolder refuses a path at which a run cannot begin: a file, or a folder
// that holds a run.
func CheckFolder(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("train: run folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("train: run folder %s: is a file", dir)
	}
	for _, name := range []string{ConfigFile, HistoryFile, HistoryJSONFile, StepsFile, ModelFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("train: run folder %s: holds another run (%s is there)", dir, name)
		}
	}
	return nil
}

// CreateFolder makes the folder of a new run. An empty dir is a new folder
// runs/NAME-DATE-TIME.
func CreateFolder(dir, name string, now time.Time) (Folder, error) {
	if dir == "" {
		return createUnique(filepath.Join("runs", name+now.Format("-20060102-150405")))
	}
	if err := CheckFolder(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	return Folder(dir), nil
}

// createUnique makes a folder of this name, or with a number behind it if two
// runs begin in one second.
func createUnique(dir string) (Folder, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	path := dir
	for n := 2; ; n++ {
		err := os.Mkdir(path, 0o777)
		if err == nil {
			return Folder(path), nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("train: run folder: %w", err)
		}
		path = fmt.Sprintf("%s-%d", dir, n)
	}
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
