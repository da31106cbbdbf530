package summary

import (
	"math"
	"strings"
	"unicode/utf8"
)

// table draws the frame; widths are those between two verticals, with a space of
// padding on either side of the text.
type table struct {
	strings.Builder
	width  int // of all, verticals included
	widths []int
}

// form is where columns end, in hundredths of the width, and how wide a table may be.
type form struct {
	ends              []int
	narrowest, widest int
}

var (
	chain     = form{[]int{45, 80, 100}, 24, 88}
	branching = form{[]int{30, 56, 74, 100}, 40, 108}
)

// newTable divides the width that a terminal has for a table.
//
// Keras takes the widths of the columns for those of the text. With padding and
// verticals these are 3 a column too many, and one, of which rich takes back a column's
// share from each, rounding the half to even: 3, 4 and 3 of ten, 3, 3, 4 and 3 of
// thirteen.
func newTable(f form, columns int) *table {
	const padding = 2
	t := &table{width: min(f.widest, max(f.narrowest, columns-4))}
	begin, excess := 0, 3*len(f.ends)+1
	for i, end := range f.ends {
		end = t.width * end / 100
		less := int(math.RoundToEven(float64(excess) / float64(len(f.ends)-i)))
		t.widths = append(t.widths, end-begin+padding-less)
		begin, excess = end, excess-less
	}
	return t
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

// parameters is the column of numbers, which are right-aligned.
const parameters = 2

// cells draws the cells of a row, as many lines high as the highest.
func (t *table) cells(vertical string, bottom bool, cells []string) {
	lines := make([][]string, len(t.widths))
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
			if i == parameters {
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
