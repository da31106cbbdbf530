package progress

import (
	"bytes"
	"encoding/json"
	"io"
	"math"

	"stheno/nets/train"
)

// Float is a float64 that JSON can always hold: the shortest decimals that
// restore it, or null where it is not finite.
type Float float64

// MarshalJSON encodes a diverged loss as null instead of failing.
func (f Float) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON restores null as NaN.
func (f *Float) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*f = Float(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(f))
}

// Events writes JSON Lines: one object a line, each with a field `type`. The
// command emits objects of its own besides those of JSON: a run_start, which
// carries `"version": 1` of this format, and a run_end. Numbers that may not be
// finite should be of type Float.
type Events struct {
	Out io.Writer

	sink sink
}

// Emit writes v as one line, in one write. A value that cannot be encoded
// writes nothing. After a failed write, which may have torn a line, the stream
// is over: that error is returned ever after.
func (e *Events) Emit(v any) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	e.sink.print(e.Out, line.String())
	return e.sink.err
}

// Close returns the first error of writing.
func (e *Events) Close() error { return e.sink.err }

// Epoch is the event of a whole epoch. Epoch and Steps count from 1.
type Epoch struct {
	Type         string `json:"type"`            // epoch
	Phase        string `json:"phase,omitempty"` // of a run that has several
	Epoch        int    `json:"epoch"`
	Epochs       int    `json:"epochs"`
	Steps        int    `json:"steps"` // optimizer steps done in all
	Loss         Float  `json:"loss"`
	Accuracy     Float  `json:"accuracy"`
	ValLoss      *Float `json:"val_loss,omitempty"` // absent where the epoch was not validated
	ValAccuracy  *Float `json:"val_accuracy,omitempty"`
	LearningRate Float  `json:"learning_rate"`
	Seconds      Float  `json:"seconds"`
	MsPerStep    Float  `json:"ms_per_step"`
}

// JSON emits an Epoch at the end of each epoch. Like every display it lets
// training go on when nobody reads: Close tells.
type JSON struct {
	train.Hooks
	Events *Events
}

// EpochEnd emits the epoch. The error is kept by Events.
func (j *JSON) EpochEnd(s *train.Stats) error {
	e := Epoch{
		Type: "epoch", Phase: s.Phase, Epoch: s.Epoch, Epochs: s.Epochs, Steps: s.Step,
		Loss: Float(s.Loss), Accuracy: Float(s.Accuracy),
		LearningRate: Float(s.LearningRate),
		Seconds:      Float(s.Seconds),
		// To the nanosecond: the product has more digits than sense.
		MsPerStep: Float(math.Round(s.SecondsPerStep*1e9) / 1e6),
	}
	if s.Validated {
		loss, accuracy := Float(s.ValLoss), Float(s.ValAccuracy)
		e.ValLoss, e.ValAccuracy = &loss, &accuracy
	}
	_ = j.Events.Emit(e) // an Epoch always encodes, and Close keeps the rest
	return nil
}

// Close returns the first error of writing.
func (j *JSON) Close() error { return j.Events.Close() }
