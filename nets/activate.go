package nets

import "gorgonia.org/gorgonia"

// Activate is an activation as a layer of its own, as Keras's Activation:
//
//	x (N,...) -> (N,...)
type Activate struct {
	With Activation `json:"activation"` // zero is Linear, which does nothing
}

func init() { registerKerasAs("Activation", Activate{}) }

// Build adds the activation.
func (a Activate) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if err := a.With.check(); err != nil {
		return nil, err
	}
	return a.With.after(b, x)
}

func (a Activate) rectifies() bool { return a.With == ReLU }

// flops are none that count: those of a function of each number.
func (Activate) flops(_, _ []int) Operations { return Operations{} }
