package predict

import (
	"fmt"
	"strings"
	"unicode/utf8"
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
	width, left := 0, 4
	for i := range c.classes {
		width, left = max(width, utf8.RuneCountInString(class(i))), max(left, utf8.RuneCountInString(class(i)))
	}
	for _, n := range c.counts {
		width = max(width, len(fmt.Sprint(n)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "true \\ predicted\n%*s", left, "")
	for i := range c.classes {
		fmt.Fprintf(&b, "  %*s", width, class(i))
	}
	if c.blank() > 0 {
		b.WriteString("  blank")
	}
	b.WriteString("  recall\n")
	for i, row := range c.rows() {
		fmt.Fprintf(&b, "%*s", left, class(i))
		all := sum(row) + c.blanks[i]
		for _, n := range row {
			text := "."
			if n > 0 {
				text = fmt.Sprint(n)
			}
			fmt.Fprintf(&b, "  %*s", width, text)
		}
		if c.blank() > 0 {
			fmt.Fprintf(&b, "  %5d", c.blanks[i])
		}
		if all > 0 {
			fmt.Fprintf(&b, "  %.4f", float64(row[i])/float64(all))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
