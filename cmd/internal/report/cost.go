package report

// Cost is what a run has taken.
type Cost struct {
	Params       int      `json:"params"`
	ForwardFLOPs int      `json:"flops_forward"`         // one image; a multiply-add is two: see nets.Model.FLOPs
	StepFLOPs    int      `json:"flops_step"`            // one image of a training step
	Epochs       int      `json:"epochs"`                // whole ones
	Steps        int      `json:"steps"`                 // of the optimizer
	Seconds      *float64 `json:"seconds,omitempty"`     // of training, validation included; absent where it is not known
	MsPerStep    *float64 `json:"ms_per_step,omitempty"` // of the epochs, validation included; absent without a whole epoch
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
		c.Epochs, c.Steps, c.Seconds = r.Outcome.Epochs, r.Outcome.Steps, &r.Outcome.Seconds
	}
	return c
}

// stepsOfAnEpoch is Train/Batch, rounded up, for each pass.
func stepsOfAnEpoch(r *Run) int {
	size := max(1, r.Config.Settings.Batch)
	return max(1, r.Config.Settings.Repeat) * ((r.Config.Data.Train + size - 1) / size)
}
