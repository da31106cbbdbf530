package train

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

// History is Keras's: it collects a row an epoch. It comes after Stopwatch, which
// knows an epoch's seconds.
type History struct {
	Hooks
	Rows []Row
}

// EpochEnd adds the epoch's row.
func (h *History) EpochEnd(s *Stats) error {
	row := Row{Epoch: s.Epoch, Accuracy: s.Accuracy, Loss: s.Loss, LearningRate: s.LearningRate, Seconds: s.Seconds}
	if s.Validated {
		accuracy, loss := s.ValAccuracy, s.ValLoss
		row.ValAccuracy, row.ValLoss = &accuracy, &loss
	}
	h.Rows = append(h.Rows, row)
	return nil
}

// Name is "History".
func (h *History) Name() string { return "History" }

// State are the rows.
func (h *History) State() (CallbackState, error) { return StateOf(h.Rows) }

// Restore takes them back.
func (h *History) Restore(s CallbackState) error {
	return RestoreState(h.Name(), s, &h.Rows)
}
