package train

import (
	"errors"
	"fmt"
	"math"
)

// ReduceLROnPlateau is Keras's: it multiplies the learning rate by Factor once
// the monitored metric has not improved for Patience epochs. The zero value has
// Keras's settings; the Optimizer has to be named. A schedule sets the rate
// before every step, so the two do not go together.
type ReduceLROnPlateau struct {
	Hooks
	Optimizer Optimizer
	Monitor   string  // the metric; empty is val_loss
	Mode      string  // auto, min or max is better; empty is auto
	Factor    float64 // below 1; 0 is 0.1
	Patience  int     // epochs without an improvement that are too many; 0 is 10
	MinDelta  float64 // an improvement is larger than that; 0 is 1e-4, and below 0 is really 0
	Cooldown  int     // epochs after a reduction that do not count
	MinLR     float64 // where reductions end

	monitor Monitor
	state   plateauState
}

// plateauState is what a checkpoint keeps of it.
type plateauState struct {
	Best     *float64 `json:"best,omitempty"` // absent before there is one
	Wait     int      `json:"wait"`           // epochs without an improvement
	Cooldown int      `json:"cooldown"`       // epochs that do not count yet
	Rate     float64  `json:"learning_rate"`  // as it was reduced to; 0 before the first reduction
}

// TrainBegin starts afresh with a training that does; with one that goes on, it
// sets the rate that training had come to.
func (r *ReduceLROnPlateau) TrainBegin(s *Stats) (err error) {
	if r.Optimizer == nil {
		return fmt.Errorf("train: ReduceLROnPlateau has no Optimizer")
	}
	if !(r.Factor >= 0 && r.Factor < 1) {
		return fmt.Errorf("train: ReduceLROnPlateau has factor %g, which does not reduce: it must be below 1", r.Factor)
	}
	if math.IsNaN(r.MinLR) {
		return errors.New("train: ReduceLROnPlateau has NaN as its lowest rate: set a number, or 0 for none")
	}
	delta := max(0, orDefault(r.MinDelta, 1e-4)) // NaN stays
	if r.monitor, err = NewMonitor(r.Name(), r.Monitor, r.Mode, delta); err != nil {
		return err
	}
	if s.Step == 0 {
		r.state = plateauState{}
	}
	if r.state.Rate > 0 {
		r.Optimizer.SetLearningRate(r.state.Rate)
	}
	return nil
}

// EpochEnd compares, and may reduce the rate of the next epoch.
func (r *ReduceLROnPlateau) EpochEnd(s *Stats) error {
	value, err := r.monitor.Value(s)
	if err != nil {
		return err
	}
	cooling := r.state.Cooldown > 0
	if cooling {
		r.state.Cooldown--
	}
	if r.monitor.Improves(value, r.state.Best) {
		r.state.Best, r.state.Wait = &value, 0
		return nil
	}
	if cooling {
		return nil
	}
	if r.state.Wait++; r.state.Wait >= orDefault(r.Patience, 10) {
		r.reduce()
	}
	return nil
}

// reduce does nothing at the lower bound, where the wait goes on. The rate is
// there where its float32, Keras's type, is.
func (r *ReduceLROnPlateau) reduce() {
	rate := r.Optimizer.LearningRate()
	if float32(rate) <= float32(r.MinLR) {
		return
	}
	r.state.Rate = max(rate*orDefault(r.Factor, 0.1), r.MinLR)
	r.Optimizer.SetLearningRate(r.state.Rate)
	r.state.Cooldown, r.state.Wait = max(0, r.Cooldown), 0
}

// Name is "ReduceLROnPlateau".
func (r *ReduceLROnPlateau) Name() string { return "ReduceLROnPlateau" }

// State is what was seen so far, and the rate.
func (r *ReduceLROnPlateau) State() (CallbackState, error) { return StateOf(r.state) }

// Restore goes on from that.
func (r *ReduceLROnPlateau) Restore(s CallbackState) error {
	var state plateauState
	if err := RestoreState(r.Name(), s, &state); err != nil {
		return err
	}
	if state.Rate < 0 || state.Cooldown < 0 || state.Wait < 0 {
		return fmt.Errorf("train: state of ReduceLROnPlateau: %s has a number below 0", s.Values)
	}
	r.state = state
	return nil
}
