package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// controlName is how the entry ends that others of its name are held against.
const controlName = "-control"

// controlOf finds what a group is compared with: x-control for x-anything.
func (g *group) controlOf(all []*group) *group {
	stem := g.job.name[:max(0, strings.LastIndex(g.job.name, "-"))]
	for _, other := range all {
		if other != g && other.job.study == g.job.study && other.job.name == stem+controlName {
			return other
		}
	}
	return nil
}

// differences are the accuracies less the control's, in points, seed by seed:
// runs of one seed have the same images and the same first weights.
func (g *group) differences(control *group) (all []float64) {
	for _, l := range g.lines {
		for _, c := range control.lines {
			if l.Seed == c.Seed {
				all = append(all, 100*(l.accuracy()-c.accuracy()))
			}
		}
	}
	return all
}

// effect is the mean of the differences and its 95 % interval.
func (g *group) effect(control *group) string {
	if control == nil {
		return ""
	}
	switch d := g.differences(control); len(d) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%+.2f", d[0])
	default:
		mean, half := interval(d)
		return fmt.Sprintf("%+.2f (%+.2f to %+.2f)", mean, mean-half, mean+half)
	}
}

// interval is the mean of values and half its 95 % interval, by Student's t.
func interval(values []float64) (mean, half float64) {
	n := float64(len(values))
	mean, deviation := stat.MeanStdDev(values, nil)
	return mean, deviation / math.Sqrt(n) * distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975)
}

// accuracy is the test images', or in a study that tunes the held-out ones'.
func (l line) accuracy() float64 {
	if l.ValAccuracy != nil {
		return *l.ValAccuracy
	}
	return *l.TestAccuracy
}
