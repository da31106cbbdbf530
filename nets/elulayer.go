package nets

import (
	"encoding/json"
	"errors"

	"gorgonia.org/gorgonia"

	"stheno/graph"
)

// ELULayer is an exponential linear unit, as Keras's ELU (Clevert et al., 2016):
//
//	x (N,...) -> (N,...), y = x above 0, Alpha·(exp(x)-1) below
type ELULayer struct {
	Alpha float64 `json:"alpha,omitempty"` // zero is 1
}

func init() { registerKerasAs("ELU", ELULayer{}) }

// UnmarshalJSON refuses an alpha of 0, which is a ReLU.
func (e *ELULayer) UnmarshalJSON(text []byte) error {
	var s struct {
		Alpha *float64 `json:"alpha"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*e = ELULayer{}
	if s.Alpha == nil {
		return nil
	}
	if e.Alpha = *s.Alpha; e.Alpha == 0 {
		return errors.New("the alpha is 0: that is a ReLU")
	}
	return nil
}

// Build adds the function.
func (e ELULayer) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	alpha := e.Alpha
	if alpha == 0 {
		alpha = 1
	}
	return b.Ops.Activate(x, graph.Activation{Function: graph.ELU, Slope: alpha})
}

// flops are none that count: a function of each number.
func (ELULayer) flops(_, _ []int) Operations { return Operations{} }
