package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// wholeNumbers marks whole numbers: there is no half epoch.
var wholeNumbers = plot.TickerFunc(func(low, high float64) []plot.Tick {
	return ticks(low, high, max(1, roundStep((high-low)/8)))
})

// roundNumbers marks multiples of 1, 2 or 5 and a power of ten, about six of
// them: gonum's own ticker can leave one or two.
var roundNumbers = plot.TickerFunc(func(low, high float64) []plot.Tick {
	return ticks(low, high, roundStep((high-low)/7))
})

// roundStep is the smallest of 1, 2, 5, 10 ... times a power of ten that is not
// below v.
func roundStep(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// ticks are the multiples of step from low to high, with as many decimals as
// the step has.
func ticks(low, high, step float64) (all []plot.Tick) {
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	first := math.Ceil(low/step - 1e-9)
	for i := 0.0; i < 50 && (first+i)*step <= high+1e-9*step; i++ {
		v := (first + i) * step
		all = append(all, plot.Tick{Value: v, Label: strconv.FormatFloat(v+0, 'f', decimals, 64)})
	}
	return all
}
