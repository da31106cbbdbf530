package command

import (
	_ "embed"
	"io"
	"strings"

	"stheno/nets/run/report"
)

// parts are in both pages.
//
//go:embed parts.html
var parts string

//go:embed compare.html
var body string

var page = report.Page(parts + body)

// unbroken keeps a number and its per cent sign on one line.
func unbroken(lines []string) (out []string) {
	for _, l := range lines {
		out = append(out, strings.ReplaceAll(l, " %", "\u00a0%"))
	}
	return out
}

// HTML writes the comparison as a page that holds all that it shows.
func (c *comparison) HTML(w io.Writer) error {
	var names []string
	var lines []report.Line
	for i, e := range c.Entries {
		names = append(names, e.Name)
		for _, r := range e.reports {
			lines = append(lines, report.Line{Name: e.Name, Color: i, Run: r})
		}
	}
	v := struct {
		*comparison
		Title                  string
		Words                  []string
		Curves, Trade          []report.Figure
		Accuracy, Cost, Recall grid
	}{
		comparison: c, Title: strings.Join(names, ", "), Words: unbroken(c.Conclusion), Curves: report.Curves(lines), Trade: c.trade(),
		Accuracy: c.accuracyTable().upright(), Cost: c.costTable().upright(),
	}
	v.Recall = c.classTable()
	return page.Execute(w, v)
}

// trade is test error against what training has taken, in seconds and in operations,
// where they are known.
func (c *comparison) trade() (figures []report.Figure) {
	var seconds, operations []report.Point
	for _, e := range c.Entries {
		p := report.Point{Name: e.Name, Accuracy: e.Accuracy.Mean, Interval: e.Accuracy.Interval}
		if e.Cost.Seconds != nil {
			p.Cost = *e.Cost.Seconds
		}
		seconds = append(seconds, p)
		p.Cost = 0
		if e.Cost.FLOPs != nil {
			p.Cost = *e.Cost.FLOPs / 1e12
		}
		operations = append(operations, p)
	}
	for _, side := range []struct {
		what   string
		points []report.Point
	}{{"seconds of training", seconds}, {"operations of training, 10¹² FLOP", operations}} {
		if f, ok := report.Against(side.what, side.points); ok {
			figures = append(figures, f)
		}
	}
	return figures
}
