package command

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"stheno/nets/run/report"
)

// certain is the p below which a difference is not taken for chance.
const certain = 0.05

// conclude says in plain words what the figures say.
func (c *comparison) conclude() (lines []string) {
	for _, e := range c.Entries {
		if e.Accuracy.Interval != nil {
			lines = append(lines, e.spread())
		}
	}
	for i, d := range c.Against {
		e, first := c.Entries[i+1], c.Entries[0]
		lines = append(lines, c.accuracy(d, e, first)+chance(d))
		if line := c.classes(d, e, first); line != "" {
			lines = append(lines, line)
		}
		lines = append(lines, costs(d, first))
	}
	for _, e := range c.Entries {
		if line := e.uncounted(); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// tested says how runs were tested, where not by each test image as it is.
func tested(reports []*report.Report) (lines []string) {
	for _, r := range reports {
		if line := "Tested " + r.Tested() + "."; r.Tested() != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// spread says how far the seeds lie apart.
func (e *entry) spread() string {
	low, high := e.Accuracy.Interval[0], e.Accuracy.Interval[1]
	return fmt.Sprintf("%s: mean accuracy %s, standard deviation %.2f points; with 95 %% confidence the mean of such runs is between %s and %s.",
		e.Name, report.Percent(e.Accuracy.Mean), 100**e.Accuracy.Deviation, report.Percent(max(0, low)), report.Percent(min(1, high)))
}

// accuracy says which of two is ahead; whether that is more than chance, chance does.
func (c *comparison) accuracy(d difference, e, first *entry) string {
	if d.Accuracy == 0 {
		return fmt.Sprintf("%s and %s are equally accurate: %s of %s.", e.Name, first.Name, report.Percent(e.Accuracy.Mean), c.Images())
	}
	better, other := e, first
	if d.Accuracy < 0 {
		better, other = first, e
	}
	what := "is more accurate than"
	if d.P == nil || *d.P >= certain {
		what = "got more images right in these runs than"
	}
	return fmt.Sprintf("%s %s %s: %s against %s, %s wrong images of %s in place of %s.", better.Name, what, other.Name,
		report.Percent(better.Accuracy.Mean), report.Percent(other.Accuracy.Mean), count(better.Errors), report.Thousands(c.TestImages), count(other.Errors))
}

// count prints a mean number of images.
func count(v float64) string {
	if v == math.Trunc(v) {
		return report.Thousands(int(v))
	}
	return fmt.Sprintf("%.1f", v)
}

// chance says whether the difference may be one of chance.
func chance(d difference) string {
	if d.P == nil {
		return " One run against several allows no test: give more seeds of both."
	}
	what := "That may well be chance"
	if *d.P < certain {
		what = "The difference is hardly chance"
	}
	text := fmt.Sprintf(" %s (p %s, %s).", what, pValue(*d.P), d.Test)
	if d.OnlyThis != nil {
		text += fmt.Sprintf(" Only %s gets %s right that the other gets wrong, and the other %d.", d.Name, report.Number(*d.OnlyThis, "image"), *d.OnlyFirst)
	}
	return text
}

// pValue is behind its sign: = 3e-4; what is too small for a number is < 1e-300.
func pValue(p float64) string {
	switch {
	case p < 1e-300:
		return "< 1e-300"
	case p < 1e-3:
		return fmt.Sprintf("= %.0e", p)
	}
	return fmt.Sprintf("= %.3f", p)
}

// classes says on which classes the entry is better, and on which most.
func (c *comparison) classes(d difference, e, first *entry) string {
	var parts []string
	for _, side := range []struct {
		word   string
		labels []int
		sign   float64
	}{{"better", d.Better, 1}, {"worse", d.Worse, -1}} {
		if len(side.labels) == 0 {
			continue
		}
		most, change := 0, -1.0
		for _, label := range side.labels {
			if v := side.sign * (e.Recall[label] - first.Recall[label]); v > change {
				most, change = label, v
			}
		}
		text := fmt.Sprintf("%s on %s", side.word, c.list(side.labels))
		if len(side.labels) > 1 {
			text += fmt.Sprintf(", most on %s", c.className(most))
		}
		parts = append(parts, text+fmt.Sprintf(" (%s of its images found, against %s)", report.Percent(e.Recall[most]), report.Percent(first.Recall[most])))
	}
	if parts == nil {
		return ""
	}
	return fmt.Sprintf("By class, %s is %s.", e.Name, strings.Join(parts, "; "))
}

func (c *comparison) className(label int) string { return c.Runs[0].Classes[label].Name }

// list writes 1, 2 and 3.
func (c *comparison) list(labels []int) string {
	var names []string
	for _, label := range labels {
		names = append(names, c.className(label))
	}
	return enumeration(names)
}

// enumeration writes one, two and three.
func enumeration(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// uncounted says whose operations are not known, and are left out of what is held
// against each other here.
func (e *entry) uncounted() string {
	if e.Cost.Uncounted == "" {
		return ""
	}
	return fmt.Sprintf("The operations of %s are not known, and left out: %s.", e.Name, e.Cost.Uncounted)
}

// costs says what the entry takes of the first one's cost.
func costs(d difference, first *entry) string {
	parts := []string{share(d.Params, "number of parameters")}
	if d.FLOPs != nil {
		parts = append(parts, share(*d.FLOPs, "operations of a training step"))
	}
	if d.Step != nil {
		parts = append(parts, share(*d.Step, "time of a step"))
	}
	if d.Seconds != nil {
		parts = append(parts, share(*d.Seconds, "training time"))
	}
	return fmt.Sprintf("Against %s, %s takes %s.", first.Name, d.Name, enumeration(parts))
}

// fractions are the shares of one that have a name.
var fractions = map[string]float64{
	"half": 1. / 2, "a third of": 1. / 3, "two thirds of": 2. / 3, "a quarter of": 1. / 4, "three quarters of": 3. / 4, "a fifth of": 1. / 5,
	"a sixth of": 1. / 6, "a seventh of": 1. / 7, "an eighth of": 1. / 8, "a ninth of": 1. / 9, "a tenth of": 1. / 10,
}

// share says v times a thing as one would: a fraction is named where it is within
// 2 % of one, a small one is a percentage.
func share(v float64, thing string) string {
	if math.Abs(v-1) < 0.005 {
		return "the same " + thing
	}
	for name, fraction := range fractions {
		if math.Abs(v/fraction-1) <= 0.02 {
			return name + " the " + thing
		}
	}
	switch {
	case v < 0.1:
		return fmt.Sprintf("%.2g %% of the %s", 100*v, thing)
	case v < 1:
		return fmt.Sprintf("%.0f %% of the %s", 100*v, thing)
	case v >= 100:
		return fmt.Sprintf("%.0f times the %s", v, thing)
	}
	return fmt.Sprintf("%.3g times the %s", v, thing)
}
