package train

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// Average keeps an average of the model's weights beside those that are
// trained. It is one of two:
//
//   - Decay > 0, an exponential moving average: after step t
//     average += (1 - d) · (weights - average), d = min(Decay, (1+t)/(10+t)),
//     a decay that begins low, as TensorFlow's with num_updates, so that the
//     initial weights are soon forgotten. An average begins as these.
//   - Last > 0, stochastic weight averaging (Izmailov et al., 2018): the mean of
//     the weights at the end of each of the last so many of the planned epochs.
//
// States, such as the moving moments of batch normalization, are no weights that are
// averaged. With Decay the model keeps those that training has reached, as Keras's
// use_ema does. With Last, where each epoch's end moves the average to where training
// never was, Fit finds them anew before it validates: by a pass over the training rows,
// forward through the layers before the last that has states, with the means over its
// batches, weighed by their rows. (PyTorch's update_bn does the same, with N-1 in the
// variances.)
//
// Training goes on with the weights themselves. The average takes their place in
// the model while Fit validates and calls EpochEnd, and from before TrainEnd on:
// val_loss and val_accuracy are the average's, so EarlyStopping,
// ReduceLROnPlateau and ModelCheckpoint judge it, keep it and save it, and after
// Fit it is what the model has. ModelCheckpoint.Every saves between epochs, and
// so the weights as they are trained. A Checkpoint holds both, whichever of them
// the model has, so that a run goes on with the same bits.
//
// It is a callback that Fit and Checkpoint look for: there is one at most, and
// it comes before those that look at weights.
type Average struct {
	Hooks
	Model *nets.Model
	Decay float64 // in (0,1); 0 is none
	Last  int     // epochs; 0 is none

	other   keptWeights // the average, or while that is in the model, the weights that are trained
	moving  []pair      // those of layers that are not frozen
	state   averageState
	swapped bool // whether the average is in the model
}

// pair is a weight's average and the model's own.
type pair struct{ average, weight *tensor.Dense }

// averageState is what a checkpoint keeps beside the average.
type averageState struct {
	Taken int `json:"taken"` // how many weights are in the average; 0 says that there is none yet
}

// TrainBegin starts afresh with a training that does; with one that goes on, the
// model gets the weights back that are trained.
func (a *Average) TrainBegin(s *Stats) error {
	switch {
	case a.Model == nil:
		return fmt.Errorf("train: Average has no Model")
	case !(a.Decay >= 0 && a.Decay < 1) || a.Last < 0 || (a.Decay > 0) == (a.Last > 0):
		return fmt.Errorf("train: Average has decay %g and the last %d epochs: wants one of a decay between 0 and 1 and a number of epochs", a.Decay, a.Last)
	case a.Last > s.Epochs:
		return fmt.Errorf("train: Average is of the last %d epochs, but %d are planned", a.Last, s.Epochs)
	}
	a.hold()
	a.moving = nil
	for i, w := range a.Model.Weights {
		if slices.Contains(a.Model.Trained(), w) {
			a.moving = append(a.moving, pair{a.other.weights[i].Value, w.Value})
		}
	}
	if s.Step == 0 {
		a.state, a.swapped = averageState{}, false
		a.other.keep()
	}
	a.leave()
	return nil
}

// hold makes room for the average. What stays in the model is the same memory there.
func (a *Average) hold() {
	a.other.of(a.Model)
	for i, w := range a.Model.Weights {
		if a.Decay > 0 && slices.Contains(a.Model.States(), w) {
			a.other.weights[i] = w
		}
	}
}

// unsettled says whether the average is in the model with states that are not its own.
func (a *Average) unsettled() bool {
	return a != nil && a.swapped && a.Last > 0 && len(a.Model.States()) > 0
}

// BatchEnd takes the step's weights into the average.
func (a *Average) BatchEnd(s *Stats) error {
	part := 0.0
	switch t := float64(s.Step); {
	case a.Decay > 0:
		part = 1 - min(a.Decay, (1+t)/(10+t))
	case s.Batch == s.Batches && s.Epoch > s.Epochs-a.Last:
		part = 1 / float64(a.state.Taken+1)
	default:
		return nil
	}
	if a.state.Taken++; part == 1 { // exactly, whatever was there before
		a.other.keep()
		return nil
	}
	for _, p := range a.moving {
		blend(p.average, p.weight, part)
	}
	return nil
}

func blend(y, x *tensor.Dense, part float64) {
	if y.Dtype() == tensor.Float64 {
		kernel.Blend(graph.Slice[float64](y), graph.Slice[float64](x), part)
	} else {
		kernel.Blend(graph.Slice[float32](y), graph.Slice[float32](x), float32(part))
	}
}

// enter puts the average, if there is one yet, into the model. A nil Average has
// none, here and below.
func (a *Average) enter() {
	if a != nil && a.state.Taken > 0 && !a.swapped {
		a.swap()
	}
}

// leave puts the weights that are trained back.
func (a *Average) leave() {
	if a != nil && a.swapped {
		a.swap()
	}
}

func (a *Average) swap() {
	for i, w := range a.other.weights {
		if w.Value != a.Model.Weights[i].Value {
			exchange(w.Value, a.Model.Weights[i].Value)
		}
	}
	a.swapped = !a.swapped
}

func exchange(a, b *tensor.Dense) {
	if a.Dtype() == tensor.Float64 {
		swapSlices(a.Float64s(), b.Float64s())
	} else {
		swapSlices(a.Float32s(), b.Float32s())
	}
}

func swapSlices[T graph.Float](a, b []T) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// Trained lends the weights that are trained, wherever they are: what a state of
// training has to hold.
func (a *Average) Trained() []nets.Weight {
	if a.swapped {
		return a.other.weights
	}
	return a.Model.Weights
}

// AverageOf is the Average among callbacks, or nil.
func AverageOf(callbacks []Callback) *Average {
	for _, c := range callbacks {
		if a, ok := c.(*Average); ok {
			return a
		}
	}
	return nil
}

// Name is "Average".
func (a *Average) Name() string { return "Average" }

// State lends the average.
func (a *Average) State() (CallbackState, error) {
	s, err := StateOf(a.state)
	switch {
	case a.state.Taken == 0:
	case a.swapped:
		s.Tensors = a.Model.Weights
	default:
		s.Tensors = a.other.weights
	}
	return s, err
}

// Restore goes on from that. The model has the weights that are trained.
func (a *Average) Restore(s CallbackState) error {
	var state averageState
	if err := RestoreState(a.Name(), s, &state); err != nil {
		return err
	}
	if state.Taken < 0 {
		return fmt.Errorf("train: state of Average: %d weights in it", state.Taken)
	}
	a.hold()
	if state.Taken > 0 {
		if err := a.other.restore(s.Tensors); err != nil {
			return fmt.Errorf("train: state of Average: %w", err)
		}
	}
	a.state, a.swapped = state, false
	return nil
}
