package summary

import (
	"strings"
	"unicode/utf8"
)

// table draws the frame; widths are those between two verticals, with a space of
// padding on either side of the text.
type table struct {
	strings.Builder
	widths [3]int
}

// newTable divides a width of so many columns, verticals included.
//
// Keras ends its columns at 45, 80 and 100 % of the width and takes these for the
// widths of the text. With padding and verticals that is 10 columns too many, of
// which rich takes back a third each, rounding the half to even: 3, 4 and 3.
func newTable(width int) *table {
	first, second := width*45/100, width*80/100
	const padding = 2
	return &table{widths: [3]int{
		first + padding - 3,
		second - first + padding - 4,
		width - second + padding - 3,
	}}
}

// rule draws a horizontal line.
func (t *table) rule(left, line, cross, right string) {
	for i, w := range t.widths {
		if i == 0 {
			t.WriteString(left)
		} else {
			t.WriteString(cross)
		}
		t.WriteString(strings.Repeat(line, w))
	}
	t.WriteString(right + "\n")
}

// header draws the column names, which stand at the bottom of their cells.
func (t *table) header(names ...string) {
	t.rule("┏", "━", "┳", "┓")
	t.cells("┃", true, names)
	t.rule("┡", "━", "╇", "┩")
}

// row draws a layer.
func (t *table) row(cells ...string) { t.cells("│", false, cells) }

// cells draws three cells, as many lines high as the highest; the last is
// right-aligned.
func (t *table) cells(vertical string, bottom bool, cells []string) {
	var lines [3][]string
	height := 0
	for i, cell := range cells {
		lines[i] = wrap(cell, t.widths[i]-2)
		height = max(height, len(lines[i]))
	}
	for i := range lines {
		if bottom {
			lines[i] = append(make([]string, height-len(lines[i])), lines[i]...)
		}
	}
	for y := range height {
		for i, w := range t.widths {
			text := ""
			if y < len(lines[i]) {
				text = lines[i][y]
			}
			pad := strings.Repeat(" ", w-2-utf8.RuneCountInString(text))
			if i == 2 {
				text, pad = pad+text, ""
			}
			t.WriteString(vertical + " " + text + pad + " ")
		}
		t.WriteString(vertical + "\n")
	}
}

// wrap breaks s between words into lines of at most width characters; what cannot be
// broken ends in an ellipsis. Spaces at the front stay.
func wrap(s string, width int) []string {
	words := strings.Split(printable(s), " ")
	lines := []string{words[0]}
	for _, word := range words[1:] {
		last := &lines[len(lines)-1]
		longer := *last + " " + word
		if utf8.RuneCountInString(longer) <= width {
			*last = longer
		} else {
			lines = append(lines, word)
		}
	}
	for i, line := range lines {
		if r := []rune(line); len(r) > width {
			lines[i] = string(r[:width-1]) + "…"
		}
	}
	return lines
}
