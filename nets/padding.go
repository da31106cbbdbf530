package nets

import (
	"encoding/json"
	"fmt"
)

// Padding is what stands around an image that a kernel or a pool slides over.
type Padding int

// The paddings, as Keras's on TensorFlow.
const (
	Valid Padding = iota // nothing: only whole places of the kernel count
	Same                 // zeros: as many places as strides, rounded up; with stride 1 the image keeps its size
)

// String is Keras's name.
func (p Padding) String() string {
	switch p {
	case Valid:
		return "valid"
	case Same:
		return "same"
	}
	return fmt.Sprintf("Padding(%d)", int(p))
}

// MarshalJSON writes Keras's name.
func (p Padding) MarshalJSON() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return json.Marshal(p.String())
}

// UnmarshalJSON reads Keras's name.
func (p *Padding) UnmarshalJSON(text []byte) error {
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return fmt.Errorf("the padding is %.60s, expected %q or %q", text, Valid, Same)
	}
	for known := range Same + 1 {
		if known.String() == name {
			*p = known
			return nil
		}
	}
	return fmt.Errorf("the padding %.60q is not known; there are %v and %v", name, Valid, Same)
}

// check refuses a number that is no padding.
func (p Padding) check() error {
	if p != Valid && p != Same {
		return fmt.Errorf("the padding %v is not known; there are %v and %v", p, Valid, Same)
	}
	return nil
}
