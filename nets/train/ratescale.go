package train

import (
	"fmt"
	"math"
)

// ReferenceBatch is the batch that Settings.LearningRate is meant for where it is
// scaled: the notebook's.
const ReferenceBatch = 128

// RateScaleForms are the texts that ScaledRate takes, for a flag's help.
const RateScaleForms = "none, linear or sqrt"

// ScaledRate is the learning rate for a batch, of one that is meant for
// ReferenceBatch:
//
//	none    the same; so is an empty text
//	linear  times batch/ReferenceBatch (Goyal et al., 2017, for SGD)
//	sqrt    times the root of that, which suits Adam
//
// A smaller batch than the reference has a smaller rate.
func ScaledRate(scale string, rate float64, batch int) (float64, error) {
	growth := float64(batch) / ReferenceBatch
	switch scale {
	case "", "none":
		return rate, nil
	case "linear":
		return rate * growth, nil
	case "sqrt":
		return rate * math.Sqrt(growth), nil
	}
	return 0, fmt.Errorf("train: scale %q of the learning rate; there are %s", scale, RateScaleForms)
}
