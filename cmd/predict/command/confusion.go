package command

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// noClass is what a blank picture is taken for.
const noClass = -1

// confusion counts which class was taken for which, and which for none.
type confusion struct {
	classes int
	counts  []int // (true class, predicted class)
	blanks  []int // (true class)
}

func newConfusion(classes int) *confusion {
	return &confusion{classes, make([]int, classes*classes), make([]int, classes)}
}

func (c *confusion) add(label, predicted int) {
	if predicted == noClass {
		c.blanks[label]++
		return
	}
	c.counts[label*c.classes+predicted]++
}

func (c *confusion) images() int { return sum(c.counts) + c.blank() }

func (c *confusion) blank() int { return sum(c.blanks) }

func sum(counts []int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

func (c *confusion) right() (all int) {
	for i := range c.classes {
		all += c.counts[i*c.classes+i]
	}
	return all
}

func (c *confusion) accuracy() float64 { return float64(c.right()) / float64(c.images()) }

func (c *confusion) rows() [][]int {
	rows := make([][]int, c.classes)
	for i := range rows {
		rows[i] = c.counts[i*c.classes : (i+1)*c.classes]
	}
	return rows
}

// table has a row a true class, a column a predicted one, and the share of the
// row that was recognized. class says what a class is called.
func (c *confusion) table(class func(int) string) string {
	left, widths := 4, make([]int, c.classes)
	for i := range c.classes {
		left, widths[i] = max(left, text.StringWidthWithoutEscSequences(class(i))), text.StringWidthWithoutEscSequences(class(i))
		for _, row := range c.rows() {
			widths[i] = max(widths[i], len(cell(row[i])))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "true \\ predicted\n%*s", left, "")
	for i := range c.classes {
		b.WriteString("  " + aligned(class(i), widths[i]))
	}
	if c.blank() > 0 {
		b.WriteString("  blank")
	}
	b.WriteString("  recall\n")
	for i, row := range c.rows() {
		b.WriteString(aligned(class(i), left))
		for j, n := range row {
			b.WriteString("  " + aligned(cell(n), widths[j]))
		}
		if c.blank() > 0 {
			fmt.Fprintf(&b, "  %5d", c.blanks[i])
		}
		if all := sum(row) + c.blanks[i]; all > 0 {
			fmt.Fprintf(&b, "  %.4f", float64(row[i])/float64(all))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func cell(n int) string {
	if n == 0 {
		return "."
	}
	return fmt.Sprint(n)
}

// aligned puts a text to the right of so many of a terminal's columns.
func aligned(s string, width int) string {
	return strings.Repeat(" ", max(0, width-text.StringWidthWithoutEscSequences(s))) + s
}
