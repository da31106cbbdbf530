// Package views has the flags of test-time augmentation, for programs that ask
// trained networks: the mean over several views of an image.
package views

import (
	"cmp"
	"flag"
	"fmt"

	"stheno/data/augment"
	"stheno/nets/run"
)

// Flags are -tta and -augment.
type Flags struct {
	Count   int    // views; 0 and 1 are the image alone
	Augment string // how -tta distorts; empty is as the run was trained
}

// Define adds the flags to a command line's.
func (f *Flags) Define(flags *flag.FlagSet) {
	flags.IntVar(&f.Count, "tta", 0, "average the probabilities over so many `views` of each image: itself, and others distorted at random, the same ways each time; 0 is off")
	flags.StringVar(&f.Augment, "augment", "", "with -tta: distort by this `spec`, as cmd/mlp -h explains it (default: as the run's training images were, or for a run without distortions "+slight+")")
}

// On says whether there is more than the image alone.
func (f Flags) On() bool { return f.Count > 1 }

// Check refuses what no command line can mean.
func (f Flags) Check() error {
	switch {
	case f.Count < 0:
		return fmt.Errorf("-tta %d: must be 0 or more", f.Count)
	case f.Augment != "" && !f.On():
		return fmt.Errorf("-augment: goes with -tta N, of 2 views or more")
	}
	return nil
}

// slight is how -tta distorts for a run that was trained without distortions: what
// such a network still reads as well as the image.
const slight = "affine:rotate=4,scale=0.04,shear=0.04,shift=0.5"

// Spec is how -tta distorts for a run: as -augment says, or else as the run's
// training images were, or else slightly.
func (f Flags) Spec(run run.Settings) (augment.Spec, error) {
	if !f.On() {
		return augment.Spec{}, nil
	}
	spec, err := augment.Parse(cmp.Or(f.Augment, run.Augment, slight))
	switch {
	case err != nil:
		return spec, fmt.Errorf("-augment: %v", err)
	case spec.Off():
		return spec, fmt.Errorf("-augment %s: leaves the %d views of -tta alike: say how to distort", f.Augment, f.Count)
	}
	return spec, nil
}
