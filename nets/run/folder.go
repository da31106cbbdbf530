package run

import (
	"encoding/json"
	"io"
	"path/filepath"

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

// File is the path of one of the run's files.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

// WriteFile replaces one of the run's files by what write writes, whole or not at
// all, as durable.WriteFile does; but not in a folder that has come in the place
// of the one that this process has locked.
func (f Folder) WriteFile(name string, write func(io.Writer) error) error {
	path := f.File(name)
	if err := stillOurs(path); err != nil {
		return err
	}
	return durable.WriteFile(path, write)
}

// WriteJSON replaces one of the run's files by v as indented JSON.
func (f Folder) WriteJSON(name string, v any) error {
	return f.WriteFile(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}

// WriteModel replaces the run's weights.
func (f Folder) WriteModel(m *nets.Model) error { return f.WriteFile(ModelFile, m.WriteWeights) }

// WriteONNX replaces the run's network and weights for other runtimes. What c
// says of the run is among the file's metadata.
func (f Folder) WriteONNX(m *nets.Model, c Config) error {
	return f.WriteFile(ONNXFile, func(w io.Writer) error { return onnx.Write(w, m, c.Provenance()) })
}
