package report

import (
	"stheno/nets"
	"stheno/nets/run"
)

// Cost is what a run has taken.
type Cost struct {
	Params       int      `json:"params"`
	ForwardFLOPs int      `json:"flops_forward"`         // one image; a multiply-add is two: see nets.Model.FLOPs
	StepFLOPs    int      `json:"flops_step"`            // one image of a training step
	Epochs       int      `json:"epochs"`                // whole ones, without those of a pre-training
	Steps        int      `json:"steps"`                 // of the optimizer, the same
	Seconds      *float64 `json:"seconds,omitempty"`     // of training, validation and a pre-training included; absent where it is not known
	MsPerStep    *float64 `json:"ms_per_step,omitempty"` // of the epochs, validation included; absent without a whole epoch
	FLOPs        float64  `json:"flops"`                 // of all training steps, a pre-training's included; a short last batch counts as a whole one

	Pretraining *PretrainingCost `json:"pretraining,omitempty"` // absent without
}

// PretrainingCost is the part of a Cost that a pre-training has taken.
type PretrainingCost struct {
	Epochs  int     `json:"epochs"`
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
	FLOPs   float64 `json:"flops"`
}

// cost takes from the history what the outcome does not say.
func cost(r *Run) Cost {
	c := Cost{Params: r.Model.Params(), Epochs: len(r.History), Steps: len(r.Steps)}
	c.ForwardFLOPs, c.StepFLOPs = r.Model.FLOPs()
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
		c.FLOPs += p.FLOPs
		seconds += p.Seconds
	}
	return c
}

// stepsOfAnEpoch is Train/Batch, rounded up, for each pass.
func stepsOfAnEpoch(r *Run) int {
	size := max(1, r.Config.Settings.Batch)
	return max(1, r.Config.Settings.Repeat) * ((r.Config.Data.Train + size - 1) / size)
}

// flops are those of so many steps; image is one image's.
func flops(image, steps int, c run.Config) float64 {
	return float64(image) * float64(steps) * float64(min(c.Settings.Batch, c.Data.Train))
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
	_, image, err := nets.FLOPs(s.PretrainNetwork(r.Model.Network, loss, r.Config.Data.Classes))
	if err != nil {
		return nil, err
	}
	image *= s.Views(loss)
	return &PretrainingCost{Epochs: o.Epochs, Steps: o.Steps, Seconds: o.Seconds, FLOPs: flops(image, o.Steps, r.Config)}, nil
}
