package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Layer is a step of a network: settings, and how they become nodes.
type Layer interface {
	// Build adds the layer to b's graph, after x, and returns its output. It
	// takes its weights from b and refuses what does not fit.
	//
	// Gorgonia's own ops may stand in it. Those that have a mode get b.Phase's:
	// Gorgonia's Dropout, whose seed is the clock, is nothing outside of training.
	// The running statistics of its BatchNorm belong to one graph alone and are not
	// saved: programs for the other phases are refused until SetStats puts them there.
	Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error)
}

// Activation is the function that a layer's output goes through.
type Activation int

// The activations. There is no softmax among them: the loss has one of its
// own, which cannot overflow, and so has prediction.
const (
	Linear Activation = iota // y = z
	ReLU                     // y = max(0, z)
)

// String is Keras's name.
func (a Activation) String() string {
	switch a {
	case Linear:
		return "linear"
	case ReLU:
		return "relu"
	}
	return fmt.Sprintf("Activation(%d)", int(a))
}

// check refuses a number that is no activation.
func (a Activation) check() error {
	if a != Linear && a != ReLU {
		return fmt.Errorf("the activation %v is not known; there are %v and %v", a, Linear, ReLU)
	}
	return nil
}
