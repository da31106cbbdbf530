package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"stheno/nets/internal/strict"
)

// Outcome is how a run ended.
type Outcome struct {
	Reason       string  `json:"reason"`   // why training ended
	Complete     bool    `json:"complete"` // all epochs or all steps are done, or a callback wanted no more
	Epochs       int     `json:"epochs"`   // whole epochs
	Steps        int     `json:"steps"`
	Kept         int     `json:"kept"` // the epoch whose weights the model has, where it is not the last; else 0
	TestLoss     float64 `json:"test_loss"`
	TestAccuracy float64 `json:"test_accuracy"`
	Seconds      float64 `json:"seconds"` // of training: epochs with their validation
}

// ReadOutcome reads a run's result.json; ok is false if there is none.
func (f Folder) ReadOutcome() (o Outcome, ok bool, err error) {
	content, err := os.ReadFile(f.File(OutcomeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return o, false, nil
	}
	if err == nil {
		err = strict.Decode(content, &o)
	}
	if err != nil {
		return o, false, fmt.Errorf("run: %s: %w", f.File(OutcomeFile), err)
	}
	return o, true, nil
}
