package nets

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"
)

// SoftmaxLayer makes probabilities along the last axis, as Keras's Softmax:
//
//	x (N,...,C) -> (N,...,C), y = exp(x)/sum(exp(x))
//
// It stands within a network: the loss and prediction have a softmax of their own
// behind its end.
type SoftmaxLayer struct{}

func init() { registerKerasAs("Softmax", SoftmaxLayer{}) }

// UnmarshalJSON refuses another axis.
func (s *SoftmaxLayer) UnmarshalJSON(text []byte) error {
	var settings struct {
		Axis json.RawMessage `json:"axis"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return err
	}
	if axis := string(settings.Axis); axis != "" && axis != "-1" && axis != "[-1]" {
		return fmt.Errorf("the axis is %.60s, expected -1, the last", axis)
	}
	return nil
}

// Build adds the softmax.
func (SoftmaxLayer) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Ops.Softmax(x)
}

// isSoftmax says whether a layer gives probabilities.
func isSoftmax(l Layer) bool {
	switch l := settings(l).(type) {
	case SoftmaxLayer:
		return true
	case Activate:
		return l.With == Softmax
	case Dense:
		return l.Activation == Softmax
	}
	return false
}

// flops are none that count: a function of each number.
func (SoftmaxLayer) flops(_, _ []int) Operations { return Operations{} }
