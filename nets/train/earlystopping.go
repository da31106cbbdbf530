package train

import (
	"fmt"

	"stheno/nets"
)

// EarlyStopping is Keras's: it ends training with a *Stop once the monitored
// metric has not improved for Patience epochs, by Keras's counting. When training
// is over, the model gets the weights of its best epoch (restore_best_weights).
//
// Training is over when EarlyStopping has ended it or all epochs are done. A
// signal, or a Plan.Steps that ends it earlier, leaves the last weights, with
// which it can go on.
//
// As nobody behind it sees the end of an epoch that it stops at, it comes
// behind all callbacks that write something down. A callback that saves the
// state of training comes behind it, saves in TrainEnd as well, and needs
// KeepLast: the state is saved with the last weights, and after Fit the caller
// gets the best ones by RestoreBest.
type EarlyStopping struct {
	Hooks
	Model          *nets.Model // whose weights are kept; nil, with KeepLast, keeps none
	Monitor        string      // the metric; empty is val_loss
	Mode           string      // auto, min or max is better; empty is auto
	MinDelta       float64     // an improvement is larger than that
	Patience       int         // epochs without an improvement that are too many; 0 is 1, as in Keras
	Baseline       *float64    // patience is renewed only by an improvement on that as well; nil is none
	StartFromEpoch int         // how many epochs at the beginning do not count
	KeepLast       bool        // TrainEnd does not restore the best weights; RestoreBest still does

	monitor Monitor
	state   stoppingState
	best    keptWeights // of the best epoch
	over    bool        // whether there is nothing to go on with
	kept    int
}

// TrainBegin starts afresh with a training that does, and ends one that had been
// stopped already, unless Patience has grown since.
func (e *EarlyStopping) TrainBegin(s *Stats) (err error) {
	if e.monitor, err = NewMonitor(e.Name(), e.Monitor, e.Mode, e.MinDelta); err != nil {
		return err
	}
	if err = e.monitor.Number("baseline", e.Baseline); err != nil {
		return err
	}
	if e.Model == nil && !e.KeepLast {
		return fmt.Errorf("train: EarlyStopping has no Model to keep the best weights of: set Model, or KeepLast to do without")
	}
	e.over, e.kept = false, 0
	if s.Step == 0 {
		e.state = stoppingState{}
	}
	if e.state.Wait < e.Patience {
		e.state.Stopped = ""
	}
	e.best.of(e.Model)
	return e.stop()
}

// EpochEnd compares, keeps the weights, and may end training.
func (e *EarlyStopping) EpochEnd(s *Stats) error {
	value, err := e.monitor.Value(s)
	if err != nil {
		return err
	}
	e.state.Last = s.Epoch
	if s.Epoch <= e.StartFromEpoch {
		return nil
	}
	e.state.Wait++
	if e.monitor.Improves(value, e.state.Best) {
		e.state.Best, e.state.Epoch = &value, s.Epoch
		e.best.keep()
		if e.Baseline == nil || e.monitor.Improves(value, e.Baseline) {
			e.state.Wait = 0
		}
		return nil
	}
	if e.state.Wait >= e.Patience && s.Epoch > 1 {
		e.state.Stopped = e.reason()
	}
	return e.stop()
}

// TrainEnd restores the best weights if training is over.
func (e *EarlyStopping) TrainEnd(s *Stats) error {
	e.over = e.state.Stopped != "" || s.Whole && s.Epoch >= s.Epochs
	if !e.KeepLast {
		e.RestoreBest()
	}
	return nil
}

// RestoreBest gives the model the weights of its best epoch and says which one
// that is. It does nothing before training is over, without a Model, and where
// the last epoch is the best.
func (e *EarlyStopping) RestoreBest() (epoch int, restored bool) {
	over := e.over || e.state.Stopped != ""
	if !over || e.Model == nil || e.state.Epoch == 0 || e.state.Epoch == e.state.Last {
		return 0, false
	}
	e.best.giveBack()
	e.kept = e.state.Epoch
	return e.kept, true
}

// Kept is the epoch whose weights were restored; 0 says that the model has its
// last ones.
func (e *EarlyStopping) Kept() int { return e.kept }

// Stopped says why EarlyStopping has ended training, as a sentence; empty if it
// has not.
func (e *EarlyStopping) Stopped() string { return e.state.Stopped }

func (e *EarlyStopping) stop() error {
	if e.state.Stopped == "" {
		return nil
	}
	return &Stop{Reason: e.state.Stopped}
}
