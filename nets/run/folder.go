package run

import (
	"path/filepath"
)

// Folder is a run's folder: everything that a run leaves behind.
type Folder string

// The files of a run, and the folders in it.
const (
	ConfigFile      = "config.json"       // the settings, and what the run was made with
	HistoryFile     = "history.csv"       // a row an epoch
	HistoryJSONFile = "history.json"      // the same
	StepsFile       = "steps.csv"         // a row an optimizer step
	ModelFile       = "model.safetensors" // the weights at the end
	ONNXFile        = "model.onnx"        // the same with the network, for other runtimes
	OutcomeFile     = "result.json"       // how the run ended; the last that is written: where it stands, all else is complete
	EmbeddingFile   = "embedding.json"    // in PretrainDir: what the pre-training has found its embedding to be worth

	CheckpointDir = "checkpoint" // the newest checkpoint, and the one before it
	PretrainDir   = "pretrain"   // the pre-training: a run of its own, with its own settings, steps, history and checkpoints
)

// RunsFolder is where CreateFolder puts runs if nobody says otherwise.
const RunsFolder = "runs"

// File is the path of one of the run's files.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }
