package run

import (
	"fmt"
	"strings"

	"stheno/nets/train"
)

// Beyond says in words what a run has beyond the notebook's, which trains fresh
// weights on the images as they are, with plain Adam on plain cross-entropy; empty
// if nothing.
func (s Settings) Beyond() string {
	var parts []string
	say := func(on bool, format string, args ...any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(s.Recipe != "" && s.Recipe != "notebook", "recipe %s", s.Recipe)
	say(s.Optimizer != "" && s.Optimizer != "adam", "%s", s.optimizer())
	say(s.Schedule != "" && s.Schedule != "constant", "schedule %s", s.Schedule)
	say(s.RateScale != "" && s.RateScale != "none", "learning rate %.4g (%s scale: %g at batch %d)", s.Rate(), s.RateScale, s.LearningRate, train.ReferenceBatch)
	say(s.L2 > 0, "L2 %g", s.L2)
	say(s.LabelSmoothing > 0, "label smoothing %g", s.LabelSmoothing)
	say(s.Dropout > 0, "dropout %g", s.Dropout)
	say(s.EMA > 0, "validated and kept is the moving average of the weights, decay %g", s.EMA)
	say(s.SWA > 0, "validated and kept is the mean of the weights at the end of each of the last %d epochs", s.SWA)
	say(s.Init != "", "initial weights of %s", s.Init)
	say(s.Labels > 0, "%d labelled images", s.Labels)
	say(s.Repeat > 1, "%d passes over the images an epoch", s.Repeat)
	say(s.Augment != "", "images distorted by %s", s.Augment)
	say(s.Pretrain != "", "pre-training %s, epochs %d, embedding %d", s.Pretrain, s.PretrainEpochs, s.Embedding)
	return strings.Join(parts, "; ")
}

// optimizer is what training is by, in words.
func (s Settings) optimizer() string {
	var with []string
	if s.Nesterov {
		with = append(with, fmt.Sprintf("Nesterov's momentum %g", s.Momentum))
	} else if s.Momentum > 0 {
		with = append(with, fmt.Sprintf("momentum %g", s.Momentum))
	}
	if s.WeightDecay > 0 || s.Optimizer == "adamw" {
		with = append(with, fmt.Sprintf("weight decay %g", s.WeightDecay))
	}
	if len(with) == 0 {
		return s.Optimizer
	}
	return s.Optimizer + " with " + strings.Join(with, " and ")
}

// Rate is the learning rate of the run's optimizer and schedule: LearningRate,
// scaled for Batch. It is LearningRate where the scale is none that there is.
func (s Settings) Rate() float64 {
	rate, err := train.ScaledRate(s.RateScale, s.LearningRate, s.Batch)
	if err != nil {
		return s.LearningRate
	}
	return rate
}
