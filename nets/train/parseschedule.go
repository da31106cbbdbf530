package train

import (
	"fmt"
	"strconv"
	"strings"
)

// ScheduleForms are the texts that ParseSchedule takes, for a flag's help.
const ScheduleForms = "constant, step[:FACTOR/EPOCHS], cosine[:FLOOR] or onecycle, each with warmup:STEPS, before it"

// ParseSchedule makes a Schedule of a text, a base rate and the length of a
// training. The forms are
//
//	constant              the base rate; so is an empty text
//	step:FACTOR/EPOCHS    times FACTOR (above 0, below 1) after every so many epochs; step alone is step:0.1/5
//	cosine:FLOOR          falls to FLOOR (0 to 1) times the base rate at the end; cosine alone is cosine:0
//	onecycle              rises to the base rate and falls almost to 0
//
// and warmup:STEPS, may stand before each, as in warmup:100,cosine.
func ParseSchedule(text string, base float64, stepsPerEpoch, totalSteps int) (Schedule, error) {
	if !(base > 0) || !finite(base) || stepsPerEpoch < 1 || totalSteps < 1 {
		return nil, fmt.Errorf("train: a schedule needs a rate above 0 and at least a step, not rate %g, %d steps an epoch, %d in all", base, stepsPerEpoch, totalSteps)
	}
	warm, form := cutWarmUp(text)
	name, settings, set := strings.Cut(form, ":")
	s, ok := Schedule(nil), false
	switch name {
	case "", "constant":
		s, ok = Constant(base), !set && (name != "" || warm == "")
	case "step":
		if !set {
			settings = "0.1/5"
		}
		factor, epochs, _ := strings.Cut(settings, "/")
		f, fOK := number(factor)
		n, nOK := count(epochs)
		s, ok = StepDecay(base, f, n*stepsPerEpoch), fOK && nOK && f > 0 && f < 1
	case "cosine":
		if !set {
			settings = "0"
		}
		floor, floorOK := number(settings)
		s, ok = Cosine(base, floor*base, totalSteps), floorOK && floor >= 0 && floor <= 1
	case "onecycle":
		s, ok = OneCycle(base, totalSteps), !set
	}
	if warm != "" {
		n, nOK := count(warm)
		s, ok = WarmUp(n, s), ok && nOK
	}
	if !ok {
		return nil, fmt.Errorf("train: schedule %q; there are %s", text, ScheduleForms)
	}
	return s, nil
}

// SchedulePlansLength says whether the schedule of this text depends on the
// length of the whole training: a training that goes on with another length
// would then not be the one that began.
func SchedulePlansLength(text string) bool {
	_, form := cutWarmUp(text)
	name, _, _ := strings.Cut(form, ":")
	return name == "cosine" || name == "onecycle"
}

// cutWarmUp takes apart warmup:STEPS, and what stands behind it. Without a
// warm-up, warm is empty.
func cutWarmUp(text string) (warm, form string) {
	rest, ok := strings.CutPrefix(text, "warmup:")
	if !ok {
		return "", text
	}
	warm, form, _ = strings.Cut(rest, ",")
	if warm == "" {
		warm = "no steps" // which no count is
	}
	return warm, form
}

func number(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && finite(v)
}

// count is a whole number above 0.
func count(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil && n > 0
}
