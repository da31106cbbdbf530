package train

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Schedule is the learning rate of each optimizer step; steps count from 0, the
// number of steps that are done.
type Schedule func(step int) float64

// Constant does not change the rate.
func Constant(rate float64) Schedule { return func(int) float64 { return rate } }

// StepDecay multiplies the rate by factor every so many steps.
func StepDecay(rate, factor float64, every int) Schedule {
	return func(step int) float64 { return rate * math.Pow(factor, float64(step/every)) }
}

// Cosine falls from rate to floor over so many steps, as half a cosine does
// (Loshchilov and Hutter 2017, without restarts), and stays there.
func Cosine(rate, floor float64, steps int) Schedule {
	return func(step int) float64 { return anneal(rate, floor, step, steps) }
}

// OneCycle is Smith's policy (2018) with the defaults of PyTorch's OneCycleLR: in
// three tenths of the steps from rate/25 up to rate, then down to rate/250,000,
// both along a cosine.
func OneCycle(rate float64, steps int) Schedule {
	const first, last, rising = 25, 25e4, 0.3
	up := max(1, int(math.Round(rising*float64(steps)))-1)
	return func(step int) float64 {
		if step <= up {
			return anneal(rate/first, rate, step, up)
		}
		return anneal(rate, rate/last, step-up, max(1, steps-1-up))
	}
}

// WarmUp rises linearly over so many steps to where then is at that moment, and
// follows it from there.
func WarmUp(steps int, then Schedule) Schedule {
	return func(step int) float64 {
		if step < steps {
			return then(step) * float64(step+1) / float64(steps)
		}
		return then(step)
	}
}

// anneal goes from one value to another along half a cosine.
func anneal(from, to float64, step, steps int) float64 {
	part := min(1, float64(step)/float64(steps))
	return to + (from-to)*(1+math.Cos(math.Pi*part))/2
}

// ScheduleForms is what ParseSchedule takes, for a help text.
const ScheduleForms = "constant, step:FACTOR/EPOCHS, cosine, onecycle; warmup:STEPS,REST rises to REST"

// ParseSchedule makes a schedule of a text: constant, step:FACTOR/EPOCHS, cosine
// or onecycle, each also behind "warmup:STEPS,". An epoch has perEpoch steps,
// the run total.
func ParseSchedule(text string, rate float64, perEpoch, total int) (Schedule, error) {
	if rest, ok := strings.CutPrefix(text, "warmup:"); ok {
		count, rest, _ := strings.Cut(rest, ",")
		steps, err := strconv.Atoi(count)
		if err != nil || steps < 1 || strings.HasPrefix(rest, "warmup:") {
			return nil, scheduleError(text)
		}
		then, err := ParseSchedule(rest, rate, perEpoch, total)
		if err != nil {
			return nil, scheduleError(text)
		}
		return WarmUp(steps, then), nil
	}
	switch text {
	case "constant":
		return Constant(rate), nil
	case "cosine":
		return Cosine(rate, 0, total), nil
	case "onecycle":
		return OneCycle(rate, total), nil
	}
	if rest, ok := strings.CutPrefix(text, "step:"); ok {
		first, second, _ := strings.Cut(rest, "/")
		factor, err := strconv.ParseFloat(first, 64)
		epochs, err2 := strconv.Atoi(second)
		if err == nil && err2 == nil && factor > 0 && factor <= 1 && epochs > 0 {
			return StepDecay(rate, factor, epochs*perEpoch), nil
		}
	}
	return nil, scheduleError(text)
}

func scheduleError(text string) error {
	return fmt.Errorf("train: no schedule is called %q; there is %s", text, ScheduleForms)
}

// DependsOnLength says whether the schedule of this text would be another one in
// a longer run.
func DependsOnLength(text string) bool {
	return strings.HasSuffix(text, "cosine") || strings.HasSuffix(text, "onecycle")
}

// LearningRateSchedule sets the rate before each optimizer step. What it sets
// depends on the step alone, so a run that goes on finds its rate.
type LearningRateSchedule struct {
	Hooks
	Optimizer Optimizer
	Schedule  Schedule
}

// TrainBegin sets the rate of the next step.
func (l *LearningRateSchedule) TrainBegin(s *Stats) error { return l.set(s) }

// BatchEnd sets the rate of the next step.
func (l *LearningRateSchedule) BatchEnd(s *Stats) error { return l.set(s) }

func (l *LearningRateSchedule) set(s *Stats) error {
	l.Optimizer.SetLearningRate(l.Schedule(s.Step))
	return nil
}
