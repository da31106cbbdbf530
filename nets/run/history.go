package run

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"stheno/nets/train"
)

// History is train's, and keeps history.csv and history.json in Folder, if there is
// one, up to date. It comes after Stopwatch. Files that cannot be written are written
// with the next row; at the end of training that is an error.
type History struct {
	train.History
	Folder Folder
	Warn   func(error) // of files that cannot be written now; nil keeps silent

	failed error // of the last time that they were written
}

// TrainBegin writes the files, also those without a row: a run may end before
// its first epoch does, or may have lost rows that come again.
func (h *History) TrainBegin(*train.Stats) error {
	h.failed = nil
	return h.write()
}

// EpochEnd adds the epoch's row.
func (h *History) EpochEnd(s *train.Stats) error {
	if err := h.History.EpochEnd(s); err != nil {
		return err
	}
	err := h.write()
	if _, lost := isLost(err); err != nil && h.failed == nil && h.Warn != nil && !lost {
		h.Warn(fmt.Errorf("%w; training goes on, and what belongs there is kept until it can be written", err))
	}
	h.failed = err
	return nil
}

// TrainEnd writes what could not be written.
func (h *History) TrainEnd(*train.Stats) error {
	if h.failed != nil {
		h.failed = h.write()
	}
	return h.failed
}

func (h *History) write() error {
	if h.Folder == "" {
		return nil
	}
	rows := h.Rows
	if rows == nil {
		rows = []train.Row{} // [], not null
	}
	if err := h.Folder.WriteJSON(HistoryJSONFile, rows); err != nil {
		return err
	}
	return h.Folder.WriteFile(HistoryFile, h.writeCSV)
}

func (h *History) writeCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate", "seconds"})
	for _, r := range h.Rows {
		c.Write([]string{strconv.Itoa(r.Epoch), decimal(&r.Accuracy), decimal(&r.Loss), decimal(r.ValAccuracy), decimal(r.ValLoss),
			decimal(&r.LearningRate), decimal(&r.Seconds)})
	}
	c.Flush()
	return c.Error()
}

// decimal is the shortest decimal that restores v; nothing for nil.
func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
