package train

import (
	"errors"
	"math"

	"stheno/data/unfused"
)

// Schedule is the learning rate of the step that follows so many steps: a pure
// function, so that a training which goes on has the rates of one that was
// never interrupted. Lengths are above 0.
type Schedule func(step int) float64

// Constant is one rate.
func Constant(rate float64) Schedule { return func(int) float64 { return rate } }

// StepDecay multiplies the rate by factor after every so many steps: Keras's
// ExponentialDecay with staircase=True.
func StepDecay(rate, factor float64, steps int) Schedule {
	return func(step int) float64 { return rate * math.Pow(factor, float64(step/steps)) }
}

// Cosine falls from rate to floor over so many steps along half a cosine, and
// stays there: Keras's CosineDecay, SGDR without restarts (Loshchilov and
// Hutter, 2017).
func Cosine(rate, floor float64, steps int) Schedule {
	return func(step int) float64 { return anneal(rate, floor, float64(step)/float64(steps)) }
}

// OneCycle rises from peak/25 to peak over the first 30 per cent of the steps
// and falls to 1/10,000 of where it began at the last, both along cosines:
// Smith's policy (2018) with the settings of PyTorch's OneCycleLR. Unlike there
// momentum stays as it is.
func OneCycle(peak float64, steps int) Schedule {
	const rising, div, finalDiv = 0.3, 25, 1e4
	top, last := float64(rising*float64(steps))-1, float64(steps-1)
	return func(step int) float64 {
		if at := float64(step); at > top {
			return anneal(peak, peak/div/finalDiv, (at-top)/(last-top))
		}
		return anneal(peak/div, peak, float64(step)/top)
	}
}

// anneal goes from one rate to another along half a cosine; part is how much of
// the way is done.
func anneal(from, to, part float64) float64 {
	return to + float64((from-to)*(1+unfused.Cos(float64(math.Pi*min(1, part))))/2)
}

// WarmUp multiplies the rates of the first so many steps of another schedule by
// a factor that grows linearly: 1/(steps+1) at the first step, 1 behind the
// last. The other schedule is not delayed, so that it ends where it would.
func WarmUp(steps int, then Schedule) Schedule {
	return func(step int) float64 {
		return then(step) * min(1, float64(step+1)/float64(steps+1))
	}
}

// LearningRateSchedule sets the optimizer's rate before each step. Keras's
// counterparts are LearningRateScheduler, which does so before each epoch, and
// the schedules that its optimizers take, which do so before each step. It
// needs no state: the rate depends on the number of steps alone.
type LearningRateSchedule struct {
	Hooks
	Optimizer Optimizer
	Schedule  Schedule
}

// TrainBegin sets the rate of the first step, or of the next one.
func (l LearningRateSchedule) TrainBegin(s *Stats) error {
	if l.Optimizer == nil || l.Schedule == nil {
		return errors.New("train: LearningRateSchedule has no Optimizer or no Schedule")
	}
	return l.BatchEnd(s)
}

// BatchEnd sets the rate of the next step.
func (l LearningRateSchedule) BatchEnd(s *Stats) error {
	l.Optimizer.SetLearningRate(l.Schedule(s.Step))
	return nil
}
