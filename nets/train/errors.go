package train

import (
	"fmt"
	"math"
)

// DivergedError says that a batch's loss was infinite or not a number. The
// weights have not been updated by that batch.
type DivergedError struct {
	Stats Stats // at that batch
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("train: the loss is %v at step %d (epoch %d, batch %d of %d): training has diverged; try a smaller learning rate than %g",
		e.Stats.BatchLoss, e.Stats.Step, e.Stats.Epoch, e.Stats.Batch, e.Stats.Batches, e.Stats.LearningRate)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
