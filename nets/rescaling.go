package nets

import (
	"encoding/json"
	"errors"

	"gorgonia.org/gorgonia"
)

// Rescaling scales and moves all numbers alike, as Keras's: x·Scale + Offset. What reads
// images here makes 0 to 1 of their bytes already.
type Rescaling struct {
	Scale  float64 // zero is 1
	Offset float64
}

func init() { registerKeras(Rescaling{}) }

type rescalingSettings struct {
	Scale  float64 `json:"scale"`
	Offset float64 `json:"offset"`
}

func (r Rescaling) scale() float64 {
	if r.Scale == 0 {
		return 1
	}
	return r.Scale
}

// MarshalJSON writes the settings under Keras's names.
func (r Rescaling) MarshalJSON() ([]byte, error) {
	return json.Marshal(rescalingSettings{r.scale(), r.Offset})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Rescaling) UnmarshalJSON(text []byte) error {
	s := rescalingSettings{Scale: 1}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Scale == 0 {
		return errors.New("the scale is 0, which leaves nothing of an image")
	}
	*r = Rescaling{unlessDefault(s.Scale, 1), s.Offset}
	return nil
}

// Build adds one op.
func (r Rescaling) Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Ops.Rescale(x, []float64{0}, []float64{r.scale()}, []float64{r.Offset})
}

// flops are none that count: two a number.
func (Rescaling) flops(_, _ []int) Operations { return Operations{} }
