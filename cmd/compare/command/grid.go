package command

import (
	"slices"

	"github.com/jedib0t/go-pretty/v6/text"

	"stheno/nets/run/report"
	"stheno/nets/train/progress"
)

// grid is a table, of a row an entry.
type grid struct {
	Head []string
	Rows [][]string
}

// telling is the table without the columns that say nothing of any entry.
func (g grid) telling() grid {
	for i := len(g.Head) - 1; i > 0; i-- {
		if slices.ContainsFunc(g.Rows, func(r []string) bool { return r[i] != "" }) {
			continue
		}
		g.Head = slices.Delete(g.Head, i, i+1)
		for j, r := range g.Rows {
			g.Rows[j] = slices.Delete(r, i, i+1)
		}
	}
	return g
}

// upright is the table with a column an entry, which a phone has the width for.
func (g grid) upright() grid {
	turned := grid{Head: []string{""}}
	for _, r := range g.Rows {
		turned.Head = append(turned.Head, r[0])
	}
	for i, name := range g.Head[1:] {
		line := []string{name}
		for _, r := range g.Rows {
			line = append(line, r[i+1])
		}
		turned.Rows = append(turned.Rows, line)
	}
	return turned
}

// text is the table for a terminal, upright where there is no room for it as it
// is and that takes less.
func (g grid) text(t progress.Terminal) string {
	flat := report.Table(g.Head, g.Rows)
	if t.Fits(flat) {
		return flat
	}
	turned := g.upright()
	tall := report.Table(turned.Head, turned.Rows)
	if text.LongestLineLen(tall) < text.LongestLineLen(flat) {
		return tall
	}
	return flat
}
