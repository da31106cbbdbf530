package train

import "stheno/graph"

// whole is what the ops of a model that a team trains ask for the whole batch by: batch
// normalization takes the mean over all ranks' rows.
type whole struct{ *team }

var _ graph.Together = whole{}

func (w whole) Place() (process, processes int) { return w.group.Rank(), w.group.Size() }

func (w whole) Rows(own int) int {
	if w.rows == 0 {
		return 0
	}
	return own
}

func (w whole) Sum(x []float64) error { return w.group.SumFloat64(x, nil) }

// meet has the model's ops see whole batches, until part.
func (t *team) meet() {
	if t != nil {
		t.model.Together = whole{t}
	}
}

// part ends that.
func (t *team) part() {
	if t != nil {
		t.model.Together = nil
	}
}
