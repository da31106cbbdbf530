package train

import (
	"fmt"
	"math"
)

// DivergedError says that a loss was infinite or not a number: a batch's, and
// then the weights have not been updated by that batch, or that of the
// validation after a step.
type DivergedError struct {
	Stats Stats // at that batch, or after that validation
}

func (e *DivergedError) Error() string {
	loss, value := "loss", e.Stats.BatchLoss
	if finite(value) {
		loss, value = "validation loss", e.Stats.ValLoss
	}
	return fmt.Sprintf("train: the %s is %v at step %d (epoch %d, batch %d of %d): training has diverged; try a smaller learning rate than %g",
		loss, value, e.Stats.Step, e.Stats.Epoch, e.Stats.Batch, e.Stats.Batches, e.Stats.LearningRate)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
