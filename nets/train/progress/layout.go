package progress

import (
	"strings"
	"unicode/utf8"
)

const (
	barCells = 20 // as Keras draws
	minCells = 5  // narrower, a bar says nothing
)

// frame is what one drawn line should say. It knows no width: line fits it.
type frame struct {
	done, total int
	time, step  string   // 6s, 11ms/step
	metrics     []metric // in the order of display
	note        string   // what goes on besides training steps
	final       bool     // the line stays, so its metrics matter most
	color       bool
}

// ranks bounds the metrics that are shown, from all to none.
var ranks = []int{4, 3, 2, 1, 0}

// layout says which parts of a frame a line shows before its metrics. A bar
// comes with a count, a step with a time.
type layout struct{ count, bar, time, step bool }

// layouts go from all to nothing, each narrower than the one before.
var layouts = []layout{
	{count: true, bar: true, time: true, step: true},
	{count: true, bar: true, time: true},
	{count: true, time: true},
	{time: true},
	{},
}

// line returns the richest line of at most limit columns, and its width. The
// bar shrinks first. Then a running line gives up metrics before the time that
// is left, but a final line gives up everything else before its metrics.
func (f frame) line(limit int) (text string, width int) {
	for i := range len(layouts) * len(ranks) {
		l, r := i/len(ranks), i%len(ranks)
		if f.final {
			l, r = i%len(layouts), i/len(layouts)
		}
		if text, width = f.fit(layouts[l], ranks[r], limit); width > 0 {
			return text, width
		}
	}
	text = count(f.done, f.total)
	text = text[:min(len(text), max(0, limit))]
	return text, len(text)
}

// fit draws the frame in one layout with the metrics below a rank. Its width is
// 0 if that is wider than limit.
func (f frame) fit(l layout, rank, limit int) (string, int) {
	text := f.words(l, rank)
	width := utf8.RuneCountInString(text)
	if !l.count {
		if width > limit {
			return "", 0
		}
		return text, width
	}
	label := count(f.done, f.total)
	width += len(label) + 1
	bar := ""
	if l.bar {
		cells := min(barCells, limit-width-1)
		if cells < minCells {
			return "", 0
		}
		width += cells + 1
		bar = f.bar(cells) + " "
	}
	if width > limit {
		return "", 0
	}
	return paint(label, "1", f.color) + " " + bar + text, width
}

// words is what follows the bar.
func (f frame) words(l layout, rank int) string {
	var parts []string
	switch {
	case l.step:
		parts = append(parts, f.time+" "+f.step)
	case l.time:
		parts = append(parts, f.time)
	}
	for _, m := range f.metrics {
		if m.rank < rank {
			parts = append(parts, m.text)
		}
	}
	if f.note != "" {
		parts = append(parts, f.note)
	}
	return strings.Join(parts, " - ")
}

// bar draws cells, the done ones green. Without colour the rest is thin, or
// else no progress could be seen.
func (f frame) bar(cells int) string {
	full := 0
	if f.total > 0 {
		full = min(cells, max(0, cells*f.done/f.total))
	}
	rest := "━"
	if !f.color {
		rest = "─"
	}
	return paint(strings.Repeat("━", full), "32", f.color) +
		paint(strings.Repeat(rest, cells-full), "37", f.color)
}

// paint wraps text in a code of select graphic rendition.
func paint(text, code string, color bool) string {
	if !color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
