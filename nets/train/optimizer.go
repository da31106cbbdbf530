package train

import (
	"encoding/json"

	"gorgonia.org/gorgonia"

	"stheno/nets"
)

// Optimizer updates weights from their gradients. One that can list its state and
// take it back can be saved in a checkpoint, yours too. One that embeds an optimizer
// of this package has that one's State, and its name: what it keeps itself is lost at
// a resume, unless it has a State and a Restore of its own.
type Optimizer interface {
	gorgonia.Solver
	LearningRate() float64 // of the next step
	SetLearningRate(float64)

	// State lends what the optimizer knows: it changes with the next step.
	State() OptimizerState

	// Restore makes the optimizer go on where the state was taken, with the state's
	// settings, and keeps its tensors. It refuses a state that is not one of its own,
	// and then changes nothing.
	Restore(OptimizerState) error
}

// Bound is an optimizer that can say what keeps it from training a model, as all
// of this package can: that its state is of other weights. Fit asks it first.
type Bound interface {
	Belongs(m *nets.Model) error
}

// OptimizerState is all that another optimizer of the same kind needs to go on with
// the same bits.
type OptimizerState struct {
	Name     string          // of the kind, Keras's class: "Adam"
	Settings json.RawMessage // as JSON, under Keras's names; to Restore, nil is those that the optimizer has
	Step     int             // optimizer steps done
	Tensors  []nets.Weight   // "SLOT.NAME": what is kept of the weight NAME, "m.dense.kernel"
}
