package train

// Position is where training stands between two steps: all that Fit needs to go
// on, beside the model's, the optimizer's and the callbacks' state.
type Position struct {
	Step    int     `json:"step"`          // optimizer steps done
	Epoch   int     `json:"epoch"`         // the epoch that is running or whole; 0 before the first
	Batch   int     `json:"batch"`         // its batches that are done
	Whole   bool    `json:"whole"`         // all of the epoch is done, validation and callbacks included
	Rows    int     `json:"rows"`          // its rows that are done
	Hits    int     `json:"hits"`          // and right
	LossSum float64 `json:"loss_sum"`      // of those rows, in nats
	Rate    float64 `json:"learning_rate"` // of the last step
	Stopped string  `json:"stopped"`       // why a callback has ended training for good; empty if none has
}

// Position is the one at which these Stats were taken.
func (s *Stats) Position() Position {
	p := Position{s.Step, s.Epoch, s.Batch, s.Whole, s.mean.rows, s.mean.hits, s.mean.sum, s.LearningRate, ""}
	if s.final {
		p.Stopped = s.Stopped
	}
	return p
}

// stats is what a training that stands at p knows of itself. Whether a callback
// still wants no more, it says itself when training begins.
func (p Position) stats() Stats {
	s := Stats{Step: p.Step, Epoch: p.Epoch, Batch: p.Batch, Whole: p.Whole, LearningRate: p.Rate, mean: mean{p.Rows, p.Hits, p.LossSum}}
	if p.Rows > 0 {
		s.Loss, s.Accuracy = s.mean.loss(), s.mean.accuracy()
	}
	return s
}

// Done says whether nothing is left to train of a plan with so many epochs and
// steps.
func (p Position) Done(epochs, steps int) bool {
	return p.Stopped != "" || steps > 0 && p.Step >= steps ||
		p.Epoch > epochs || p.Epoch == epochs && (p.Whole || p.Epoch == 0)
}
