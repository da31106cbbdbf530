package train

import "fmt"

// stoppingState is what a checkpoint keeps beside the weights.
type stoppingState struct {
	Best    *float64 `json:"best,omitempty"` // the best value; absent before there is one
	Epoch   int      `json:"epoch"`          // its epoch
	Last    int      `json:"last"`           // the last epoch that has ended
	Wait    int      `json:"wait"`           // epochs without an improvement
	Stopped string   `json:"stopped"`        // why training was ended; empty if it was not
}

// reason is why training ends now.
func (e *EarlyStopping) reason() string {
	s := &e.state
	text := fmt.Sprintf("%s has not improved for %s", e.monitor.metric, epochs(s.Wait))
	if e.Baseline != nil && s.Wait > s.Last-s.Epoch { // it has, but not enough
		text = fmt.Sprintf("%s has not improved on the baseline %.4g for %s", e.monitor.metric, *e.Baseline, epochs(s.Wait))
	}
	if s.Best == nil {
		return text + ": it was never a finite number"
	}
	text += fmt.Sprintf(": its best was %.4g in epoch %d", *s.Best, s.Epoch)
	if !e.KeepLast {
		text += ", whose weights are kept"
	}
	return text
}

func epochs(n int) string {
	if n == 1 {
		return "an epoch"
	}
	return fmt.Sprintf("%d epochs", n)
}

// Name is "EarlyStopping".
func (e *EarlyStopping) Name() string { return "EarlyStopping" }

// State is what was seen so far, and lends the best weights.
func (e *EarlyStopping) State() (CallbackState, error) {
	s, err := StateOf(e.state)
	if e.state.Epoch > 0 {
		s.Tensors = e.best.weights
	}
	return s, err
}

// Restore goes on from that. Weights that are not the model's are refused.
func (e *EarlyStopping) Restore(s CallbackState) error {
	var state stoppingState
	if err := RestoreState(e.Name(), s, &state); err != nil {
		return err
	}
	if (state.Best == nil) != (state.Epoch == 0) {
		return fmt.Errorf("train: state of EarlyStopping: a best epoch and a best value come together, here is one of them")
	}
	if e.best.of(e.Model); state.Epoch > 0 {
		if err := e.best.restore(s.Tensors); err != nil {
			return fmt.Errorf("train: state of EarlyStopping: %w", err)
		}
	}
	e.state = state
	return nil
}
