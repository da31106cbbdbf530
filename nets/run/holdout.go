package run

import (
	"fmt"
	"math"
	"math/rand/v2"

	"stheno/data"
)

// HoldOut takes the images of -validation-split, if there are any, away from
// those to train on, and returns what is validated on: them, or else the test
// images. Where there are no test images, those held out stand in for them. Of
// the others -labels leaves as many to train on as it says.
func (s Settings) HoldOut(set *data.Dataset) (validation *data.Set, err error) {
	if s.ValidationSplit > 0 {
		if validation, err = set.Split(s.ValidationSplit); err != nil {
			return nil, fmt.Errorf("run: -validation-split: %w", err)
		}
	}
	if s.Labels > 0 {
		// The second half of the source is no epoch's, whose orders have the same seed.
		if set.Train, err = set.Train.Balanced(s.Labels, rand.New(rand.NewPCG(s.Seed, math.MaxUint64))); err != nil {
			return nil, fmt.Errorf("run: -labels: %w", err)
		}
	}
	switch {
	case set.Test == nil && validation == nil:
		return nil, fmt.Errorf("run: %s has no test images: add a folder test/CLASS/*.png, or hold images out with -validation-split 0.1", set.Dir)
	case set.Test == nil:
		set.Test = validation
	case validation == nil:
		validation = set.Test
	}
	return validation, nil
}
