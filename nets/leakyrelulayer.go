package nets

import (
	"encoding/json"
	"errors"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// LeakyReLULayer lets some of what is below 0 through, as Keras's LeakyReLU:
//
//	x (N,...) -> (N,...), y = x above 0, NegativeSlope·x below
type LeakyReLULayer struct {
	NegativeSlope float64 `json:"negative_slope,omitempty"` // zero is Keras's 0.3
}

func init() { registerKerasAs("LeakyReLU", LeakyReLULayer{}) }

// UnmarshalJSON refuses a slope of 0, which is a ReLU.
func (l *LeakyReLULayer) UnmarshalJSON(text []byte) error {
	var s struct {
		NegativeSlope *float64 `json:"negative_slope"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*l = LeakyReLULayer{}
	if s.NegativeSlope == nil {
		return nil
	}
	if l.NegativeSlope = *s.NegativeSlope; l.NegativeSlope == 0 {
		return errors.New("the negative_slope is 0: that is a ReLU")
	}
	return nil
}

// Build adds the rectifier.
func (l LeakyReLULayer) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	slope := l.NegativeSlope
	switch {
	case slope == 0:
		slope = 0.3
	case !(slope > 0):
		return nil, errors.New("the negative_slope must be above 0")
	}
	return b.Ops.Activate(x, graph.Activation{Function: graph.Rectify, Slope: slope})
}

// flops are none that count: one a number.
func (LeakyReLULayer) flops(_, _ []int) Operations { return Operations{} }
