package compare

import (
	_ "embed"
	"io"
	"strings"

	"stheno/cmd/internal/report"
)

//go:embed compare.html
var body string

var page = report.Page(body)

// grid is a table in a page.
type grid struct {
	Head []string
	Rows [][]string
}

// HTML writes the comparison as a page that holds all that it shows.
func (c *Comparison) HTML(w io.Writer) error {
	var names []string
	var lines []report.Line
	for i, e := range c.Entries {
		names = append(names, e.Name)
		for _, r := range e.reports {
			lines = append(lines, report.Line{Name: e.Name, Color: i, Run: r})
		}
	}
	v := struct {
		*Comparison
		Title                  string
		Curves                 []report.Figure
		Accuracy, Cost, Recall grid
	}{Comparison: c, Title: strings.Join(names, ", "), Curves: report.Curves(lines)}
	v.Accuracy.Head, v.Accuracy.Rows = c.accuracyTable()
	v.Cost.Head, v.Cost.Rows = c.costTable()
	v.Recall.Head, v.Recall.Rows = c.classTable()
	return page.Execute(w, v)
}
