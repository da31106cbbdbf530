package nets

import (
	"errors"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// ReLULayer is a rectifier as a layer of its own, as Keras's ReLU:
//
//	x (N,...) -> (N,...), y = min(x, MaxValue) above Threshold, NegativeSlope·(x-Threshold) below
type ReLULayer struct {
	MaxValue      *float64 `json:"max_value,omitempty"`      // nil is none; above 0
	NegativeSlope float64  `json:"negative_slope,omitempty"` // 0 or more
	Threshold     float64  `json:"threshold,omitempty"`      // 0 or more
}

func init() { registerKerasAs("ReLU", ReLULayer{}) }

// Build adds the rectifier.
func (r ReLULayer) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	a := graph.Activation{Function: graph.Rectify, Slope: r.NegativeSlope, Threshold: r.Threshold}
	if r.MaxValue != nil {
		if a.Max = *r.MaxValue; !(a.Max > 0) {
			return nil, errors.New("the max_value must be above 0, or null for none")
		}
	}
	if !(a.Slope >= 0 && a.Threshold >= 0) {
		return nil, errors.New("negative_slope and threshold must be 0 or more")
	}
	return b.Ops.Activate(x, a)
}

func (r ReLULayer) rectifies() bool {
	return r.MaxValue == nil && r.NegativeSlope == 0 && r.Threshold == 0
}

// flops are none that count: one a number.
func (ReLULayer) flops(_, _ []int) Operations { return Operations{} }
