package main

import (
	"fmt"
	"math"
)

// What two computations of the same in float32 may differ by, and no two
// different ones do in two steps.
const (
	lossTolerance        = 1e-4  // of the loss
	probabilityTolerance = 0.001 // in itself
)

// compareLosses holds the losses of the first steps against each other, and
// returns the largest difference.
func compareLosses(ours, theirs answer) (largest float64, err error) {
	if len(ours.Losses) != len(theirs.Losses) {
		return 0, fmt.Errorf("it gave %d losses instead of %d", len(theirs.Losses), len(ours.Losses))
	}
	for i, loss := range ours.Losses {
		difference := math.Abs(theirs.Losses[i]-loss) / math.Abs(loss)
		if !(difference <= lossTolerance) { // NaN too
			return difference, fmt.Errorf("it does not train the same: its loss of step %d is %.6g, ours is %.6g", i+1, theirs.Losses[i], loss)
		}
		largest = max(largest, difference)
	}
	return largest, nil
}

// compareProbabilities does the same with those of a batch.
func compareProbabilities(ours, theirs answer) (largest float64, err error) {
	if len(ours.Probabilities) != len(theirs.Probabilities) {
		return 0, fmt.Errorf("it gave %d probabilities instead of %d", len(theirs.Probabilities), len(ours.Probabilities))
	}
	for i, probability := range ours.Probabilities {
		difference := math.Abs(float64(theirs.Probabilities[i] - probability))
		if !(difference <= probabilityTolerance) {
			return difference, fmt.Errorf("it does not predict the same: its probability %d is %.6g, ours is %.6g", i, theirs.Probabilities[i], probability)
		}
		largest = max(largest, difference)
	}
	return largest, nil
}
