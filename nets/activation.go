package nets

import (
	"encoding/json"
	"fmt"
)

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

// MarshalJSON writes Keras's name.
func (a Activation) MarshalJSON() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	return json.Marshal(a.String())
}

// UnmarshalJSON reads Keras's name.
func (a *Activation) UnmarshalJSON(text []byte) error {
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return fmt.Errorf("the activation is %.60s, expected %q or %q", text, Linear, ReLU)
	}
	for known := range ReLU + 1 {
		if known.String() == name {
			*a = known
			return nil
		}
	}
	return fmt.Errorf("the activation %.60q is not known; there are %v and %v", name, Linear, ReLU)
}

// check refuses a number that is no activation.
func (a Activation) check() error {
	if a != Linear && a != ReLU {
		return fmt.Errorf("the activation %v is not known; there are %v and %v", a, Linear, ReLU)
	}
	return nil
}
