package command

import (
	"stheno/nets/run"
	"stheno/nets/train/progress"
)

// runStart is the first line of -json.
type runStart struct {
	Type    string `json:"type"` // "run_start"
	Version int    `json:"version"`
	Out     string `json:"out"`  // the run folder
	From    int    `json:"from"` // the step after which an interrupted run goes on; else 0
	run.Config
}

// runEnd is the last line of -json.
type runEnd struct {
	Type         string          `json:"type"`     // "run_end"
	Reason       string          `json:"reason"`   // why training ended
	Complete     bool            `json:"complete"` // all epochs, or all -steps, are done
	Epochs       int             `json:"epochs"`   // whole epochs
	Steps        int             `json:"steps"`
	TestLoss     *progress.Float `json:"test_loss,omitempty"` // absent after a signal
	TestAccuracy *progress.Float `json:"test_accuracy,omitempty"`
	Seconds      float64         `json:"seconds"` // of training: epochs with their validation
	Out          string          `json:"out"`
}

func newRunStart(c run.Config, out run.Folder, from int) runStart {
	return runStart{"run_start", eventsVersion, string(out), from, c}
}
