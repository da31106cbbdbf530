package report

import (
	"fmt"
	"math"
	"strconv"
)

// Percent prints a share: 98.36 %.
func Percent(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }

// Thousands prints 4,738,826.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Seconds prints a duration: 0.84 s, 22.3 s, 3 min 11 s; unknown for nil.
func Seconds(v *float64) string {
	switch {
	case v == nil:
		return "unknown"
	case *v >= 3600:
		return fmt.Sprintf("%d h %d min", int(*v)/3600, int(*v)%3600/60)
	case *v >= 60:
		return fmt.Sprintf("%d min %d s", int(*v)/60, int(*v)%60)
	}
	return fmt.Sprintf("%.3g s", *v)
}

// Millis prints 37.4 ms; unknown for nil.
func Millis(v *float64) string {
	if v == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.3g ms", *v)
}

// Operations prints a number of FLOPs: 31.1 MFLOP; unknown for nil.
func Operations(n *float64) string {
	if n == nil {
		return "unknown"
	}
	v, units := *n, []string{"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"}
	for v >= 1000 && len(units) > 1 {
		v, units = v/1000, units[1:]
	}
	return fmt.Sprintf("%.3g %s", v, units[0])
}

// probability prints a probability in per cent: 99.8 %, 0.12 %, < 0.01 %.
func probability(v float64) string {
	p := 100 * v
	switch {
	case math.IsNaN(p):
		return "nan"
	case p < 0.01:
		return "< 0.01 %"
	case p < 9.995:
		return fmt.Sprintf("%.2f %%", p)
	}
	return fmt.Sprintf("%.1f %%", p)
}

// Number is a count with its noun: 1 image, 3 images.
func Number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(n) + " " + noun + "s"
}
