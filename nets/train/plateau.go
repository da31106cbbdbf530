package train

// ReduceLROnPlateau lowers the learning rate when the monitored metric has not
// improved for Patience epochs. It is Keras's callback of that name;
// [NewReduceLROnPlateau] has its defaults.
type ReduceLROnPlateau struct {
	Hooks
	Monitor
	Optimizer Optimizer
	Factor    float64 // by which the rate is multiplied
	Patience  int     // epochs without improvement that are waited for
	Cooldown  int     // epochs after a reduction in which nothing is counted
	MinRate   float64 // the rate that stays

	counts plateauCounts
}

// plateauCounts is what a checkpoint keeps; the rate is the optimizer's.
type plateauCounts struct {
	Wait     int      `json:"wait"`
	Cooldown int      `json:"cooldown"`
	Best     *float64 `json:"best"`
}

// NewReduceLROnPlateau has Keras's defaults: val_loss, factor 0.1, patience 10,
// min_delta 1e-4, no cooldown, no least rate.
func NewReduceLROnPlateau(opt Optimizer) *ReduceLROnPlateau {
	return &ReduceLROnPlateau{Monitor: Monitor{MinDelta: 1e-4}, Optimizer: opt, Factor: 0.1, Patience: 10}
}

// TrainBegin refuses a metric that is none.
func (r *ReduceLROnPlateau) TrainBegin(*Stats) error { return r.check() }

// EpochEnd judges the epoch.
func (r *ReduceLROnPlateau) EpochEnd(s *Stats) error {
	value, err := r.value(s)
	if err != nil {
		return err
	}
	c := &r.counts
	if c.Cooldown > 0 {
		c.Cooldown, c.Wait = c.Cooldown-1, 0
	}
	switch {
	case r.better(value, c.Best):
		c.Best, c.Wait = &value, 0
	case c.Cooldown == 0:
		if c.Wait++; c.Wait >= r.Patience {
			r.reduce()
		}
	}
	return nil
}

func (r *ReduceLROnPlateau) reduce() {
	if rate := r.Optimizer.LearningRate(); rate > r.MinRate {
		r.Optimizer.SetLearningRate(max(rate*r.Factor, r.MinRate))
		r.counts.Cooldown, r.counts.Wait = r.Cooldown, 0
	}
}

// Name is "ReduceLROnPlateau".
func (r *ReduceLROnPlateau) Name() string { return "ReduceLROnPlateau" }

// State are the counts.
func (r *ReduceLROnPlateau) State() (CallbackState, error) { return valuesOf(r.counts) }

// Restore takes them back.
func (r *ReduceLROnPlateau) Restore(s CallbackState) error {
	return restoreValues(r.Name(), s, &r.counts)
}
