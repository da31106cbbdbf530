package report

import (
	"errors"
	"fmt"

	"stheno/nets"
	"stheno/nets/run"
)

// Cost is what a run has taken.
type Cost struct {
	Params       int      `json:"params"`
	ForwardFLOPs *float64 `json:"flops_forward,omitempty"` // one image; a multiply-add is two: see nets.Model.FLOPs; absent if a layer does not say its own
	StepFLOPs    *float64 `json:"flops_step,omitempty"`    // one image of a training step; the same
	Epochs       int      `json:"epochs"`                  // whole ones, without those of a pre-training
	Steps        int      `json:"steps"`                   // of the optimizer, the same
	Seconds      *float64 `json:"seconds,omitempty"`       // of training, validation and a pre-training included; absent where it is not known
	MsPerStep    *float64 `json:"ms_per_step,omitempty"`   // of the epochs, validation included; absent without a whole epoch
	FLOPs        *float64 `json:"flops,omitempty"`         // of all training steps, a pre-training's included; a short last batch counts as a whole one
	Uncounted    string   `json:"flops_unknown,omitempty"` // why there are no FLOPs, where there are none

	Pretraining *PretrainingCost `json:"pretraining,omitempty"` // absent without
}

// PretrainingCost is the part of a Cost that a pre-training has taken.
type PretrainingCost struct {
	Epochs  int      `json:"epochs"`
	Steps   int      `json:"steps"`
	Seconds float64  `json:"seconds"`
	FLOPs   *float64 `json:"flops,omitempty"` // absent if a layer does not say its own
}

// cost takes from the history what the outcome does not say.
func cost(r *Run) Cost {
	c := Cost{Params: r.Model.Params(), Epochs: len(r.History), Steps: len(r.Steps)}
	if forward, step, err := operations(r.Model.FLOPs()); err != nil {
		c.Uncounted = uncounted(err)
	} else {
		c.ForwardFLOPs, c.StepFLOPs = &forward, &step
	}
	seconds := 0.0
	for _, row := range r.History {
		seconds += row.Seconds
	}
	if steps := stepsOfAnEpoch(r) * len(r.History); steps > 0 {
		ms := 1000 * seconds / float64(steps)
		c.MsPerStep = &ms
		c.Seconds = &seconds
	}
	if r.Outcome != nil {
		seconds = r.Outcome.Seconds
		c.Epochs, c.Steps, c.Seconds = r.Outcome.Epochs, r.Outcome.Steps, &seconds
	}
	c.FLOPs = flops(c.StepFLOPs, c.Steps, r.Config)
	if p := r.Pretraining; p != nil {
		c.Pretraining = p
		c.FLOPs = sum(c.FLOPs, p.FLOPs)
		seconds += p.Seconds
	}
	return c
}

// operations are those of an image, as Model.FLOPs gives them.
func operations(forward, step int, err error) (float64, float64, error) {
	return float64(forward), float64(step), err
}

// uncounted says why FLOPs are not known.
func uncounted(err error) string {
	if layer := (*nets.UncountedError)(nil); errors.As(err, &layer) {
		return fmt.Sprintf("layer %s (%s) does not say its FLOPs", layer.Layer, layer.Type)
	}
	return err.Error()
}

// sum is unknown if one of the two is.
func sum(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	v := *a + *b
	return &v
}

// stepsOfAnEpoch is Train/Batch, rounded up, for each pass.
func stepsOfAnEpoch(r *Run) int {
	size := max(1, r.Config.Settings.Batch)
	return max(1, r.Config.Settings.Repeat) * ((r.Config.Data.Train + size - 1) / size)
}

// flops are those of so many steps; image is one image's, nil where it is not known.
func flops(image *float64, steps int, c run.Config) *float64 {
	if image == nil {
		return nil
	}
	v := *image * float64(steps) * float64(min(c.Settings.Batch, c.Data.Train))
	return &v
}

// pretraining is what the run's pre-training has taken; nil if that is not known.
func (r *Run) pretraining() (*PretrainingCost, error) {
	o, ok, err := run.Folder(r.Folder.File(run.PretrainDir)).ReadOutcome()
	if err != nil || !ok {
		return nil, err
	}
	s := r.Config.Settings
	loss, err := run.ParsePretraining(s.Pretrain)
	if err != nil {
		return nil, err
	}
	p := &PretrainingCost{Epochs: o.Epochs, Steps: o.Steps, Seconds: o.Seconds}
	_, image, err := operations(nets.FLOPs(s.PretrainNetwork(r.Model.Network, loss, r.Config.Data.Classes)))
	switch {
	case err == nil:
		image *= float64(s.Views(loss))
		p.FLOPs = flops(&image, o.Steps, r.Config)
	case !errors.As(err, new(*nets.UncountedError)):
		return nil, err
	}
	return p, nil
}
