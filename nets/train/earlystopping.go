package train

import (
	"fmt"

	"stheno/graph"
	"stheno/nets"
)

// EarlyStopping ends training when the monitored metric has not improved for
// Patience epochs. It is Keras's callback of that name, with its defaults and
// counts, but for one thing: unless KeepLast says so it also keeps the weights
// of the best epoch, which RestoreBest gives back to the model.
type EarlyStopping struct {
	Hooks
	Monitor
	Model          *nets.Model
	Patience       int      // epochs without improvement that are waited for
	Baseline       *float64 // an epoch that is not better than this does not end the wait; nil is none
	StartFromEpoch int      // so many epochs at the beginning are not looked at
	KeepLast       bool     // leave the model the last epoch's weights, as Keras does by default

	counts earlyCounts
	best   []nets.Weight // nil before the first epoch that counts
}

// earlyCounts is what a checkpoint keeps beside the weights.
type earlyCounts struct {
	Wait  int      `json:"wait"`
	Best  *float64 `json:"best"`
	Epoch int      `json:"epoch"` // of the best; 0 is none
}

// TrainBegin refuses a metric that is none.
func (e *EarlyStopping) TrainBegin(*Stats) error { return e.check() }

// EpochEnd judges the epoch.
func (e *EarlyStopping) EpochEnd(s *Stats) error {
	value, err := e.value(s)
	if err != nil || s.Epoch <= e.StartFromEpoch {
		return err
	}
	e.counts.Wait++
	if e.better(value, e.counts.Best) {
		e.counts.Best, e.counts.Epoch = &value, s.Epoch
		e.keep()
		if e.better(value, e.Baseline) {
			e.counts.Wait = 0
		}
		return nil
	}
	if e.counts.Wait < e.Patience || s.Epoch == 1 {
		return nil
	}
	return &Stop{Reason: e.reason()}
}

func (e *EarlyStopping) reason() string {
	text := fmt.Sprintf("early stopping: %s has not improved since epoch %d (%.4g)", e.metric(), e.counts.Epoch, *e.counts.Best)
	if e.KeepLast {
		return text
	}
	return text + ", whose weights are kept"
}

// keep copies the model's weights.
func (e *EarlyStopping) keep() {
	if e.KeepLast {
		return
	}
	if e.best == nil {
		e.best = make([]nets.Weight, len(e.Model.Weights))
		for i, w := range e.Model.Weights {
			e.best[i] = nets.Weight{Name: w.Name, Value: graph.NewArena(int(w.Value.MemSize())).Tensor(w.Value.Dtype(), w.Value.Shape())}
		}
	}
	for i, w := range e.Model.Weights {
		copyTensor(e.best[i].Value, w.Value)
	}
}

// RestoreBest gives the model the best epoch's weights and says which epoch that
// was; 0 if the model keeps what it has. It is called after Fit, so that the last
// checkpoint holds the state of training and not these weights.
func (e *EarlyStopping) RestoreBest() (epoch int) {
	if e.best == nil {
		return 0
	}
	for i, w := range e.Model.Weights {
		copyTensor(w.Value, e.best[i].Value)
	}
	return e.counts.Epoch
}

// Name is "EarlyStopping".
func (e *EarlyStopping) Name() string { return "EarlyStopping" }

// State are the counts and the best epoch's weights.
func (e *EarlyStopping) State() (CallbackState, error) {
	s, err := valuesOf(e.counts)
	s.Tensors = e.best
	return s, err
}

// Restore takes them back.
func (e *EarlyStopping) Restore(s CallbackState) error {
	e.best = s.Tensors
	if len(e.best) == 0 {
		e.best = nil
	}
	return restoreValues(e.Name(), s, &e.counts)
}
