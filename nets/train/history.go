package train

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// Row is an epoch in a run's history.
type Row struct {
	Epoch        int      `json:"epoch"` // from 1
	Accuracy     float64  `json:"accuracy"`
	Loss         float64  `json:"loss"`
	ValAccuracy  *float64 `json:"val_accuracy,omitempty"` // absent without validation
	ValLoss      *float64 `json:"val_loss,omitempty"`
	LearningRate float64  `json:"learning_rate"`
	Seconds      float64  `json:"seconds"` // of the whole epoch, validation included
}

// History collects a row an epoch, and keeps history.csv and history.json in
// Folder, if there is one, up to date. It comes after Stopwatch. Files that cannot
// be written are written with the next row; at the end of training that is an error.
type History struct {
	Hooks
	Folder Folder
	Rows   []Row
	Warn   func(error) // of files that cannot be written now; nil keeps silent

	failed error // of the last time that they were written
}

// Name is "History".
func (h *History) Name() string { return "History" }

// State are the rows.
func (h *History) State() (CallbackState, error) { return valuesOf(h.Rows) }

// Restore takes them back.
func (h *History) Restore(s CallbackState) error { return restoreValues(h.Name(), s, &h.Rows) }

// TrainBegin writes the files, also those without a row: a run may end before
// its first epoch does, or may have lost rows that come again.
func (h *History) TrainBegin(*Stats) error {
	h.failed = nil
	return h.write()
}

// EpochEnd adds the epoch's row.
func (h *History) EpochEnd(s *Stats) error {
	row := Row{Epoch: s.Epoch, Accuracy: s.Accuracy, Loss: s.Loss, LearningRate: s.LearningRate, Seconds: s.Seconds}
	if s.Validated {
		accuracy, loss := s.ValAccuracy, s.ValLoss
		row.ValAccuracy, row.ValLoss = &accuracy, &loss
	}
	h.Rows = append(h.Rows, row)
	err := h.write()
	if _, lost := isLost(err); err != nil && h.failed == nil && h.Warn != nil && !lost {
		h.Warn(fmt.Errorf("%w; training goes on, and what belongs there is kept until it can be written", err))
	}
	h.failed = err
	return nil
}

// TrainEnd writes what could not be written.
func (h *History) TrainEnd(*Stats) error {
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
		rows = []Row{} // [], not null
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
