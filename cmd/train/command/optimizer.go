package command

import (
	"math"

	"stheno/cmd/internal/shell"
	"stheno/nets/train"
)

// optimizerForms are the values of -optimizer.
const optimizerForms = "adam, adamw, sgd or rmsprop"

// optimizer is the run's, before its first step.
func (s *settings) optimizer() train.Optimizer {
	switch s.Optimizer {
	case "sgd":
		o := train.NewSGD(s.Rate())
		o.Momentum, o.Nesterov, o.WeightDecay = s.Momentum, s.Nesterov, s.WeightDecay
		return o
	case "rmsprop":
		o := train.NewRMSprop(s.Rate())
		o.Momentum, o.WeightDecay = s.Momentum, s.WeightDecay
		return o
	}
	return train.NewAdamW(s.Rate(), s.WeightDecay) // of adam it is 0
}

// optimizerError says what is wrong with -optimizer and with what belongs to it.
func (s *settings) optimizerError() error {
	adam := s.Optimizer == "adam" || s.Optimizer == "adamw"
	switch {
	case !adam && s.Optimizer != "sgd" && s.Optimizer != "rmsprop":
		return shell.Usagef("-optimizer %s: must be %s", shell.Quoted(s.Optimizer), optimizerForms)
	case !(s.Momentum >= 0 && s.Momentum <= 1):
		return shell.Usagef("-momentum %v: must be from 0 to 1", s.Momentum)
	case s.Momentum > 0 && adam:
		return shell.Usagef("-momentum %v: %s has moments of its own: add -optimizer sgd or rmsprop", s.Momentum, s.Optimizer)
	case s.Nesterov && (s.Optimizer != "sgd" || s.Momentum == 0):
		return shell.Usage("-nesterov: is a form of sgd's momentum: add -optimizer sgd and a -momentum, such as 0.9")
	case !(s.WeightDecay >= 0) || math.IsInf(s.WeightDecay, 0):
		return shell.Usagef("-weight-decay %v: must be a number of at least 0", s.WeightDecay)
	case s.WeightDecay > 0 && s.Optimizer == "adam":
		return shell.Usagef("-weight-decay %v: adam has none: add -optimizer adamw, or take -l2", s.WeightDecay)
	case s.Optimizer == "adamw" && s.WeightDecay == 0 && !s.given["weight-decay"] && s.resume == "":
		return shell.Usage("-optimizer adamw: say with -weight-decay how fast kernels decay, such as 0.01")
	case s.Rate()*s.WeightDecay >= 1:
		return shell.Usagef("-weight-decay %v: times the learning rate %v is no part of a weight: must be below 1", s.WeightDecay, s.Rate())
	}
	return nil
}
