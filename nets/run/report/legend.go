package report

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// spot is where an entry of a legend stands: its line from 0 at the top, and
// its left end.
type spot struct {
	line line
	row  int
	x    vg.Length
}

const (
	legendLeft  = 92 // behind the title
	sampleWidth = 18
)

// legend places the named lines behind the title, in as many rows as it takes.
func (p panel) legend(width vg.Length) (spots []spot, rows int) {
	x := vg.Length(legendLeft)
	rows = 1
	for _, l := range p.lines {
		if l.name == "" {
			continue
		}
		w := sampleWidth + 6 + spare*face(12, ink).Width(l.name) + 16
		if x+w > width && x > legendLeft {
			x = legendLeft
			rows++
		}
		spots = append(spots, spot{l, rows - 1, x})
		x += w
	}
	return spots, rows
}

func (p panel) legendHeight(width vg.Length) vg.Length {
	_, rows := p.legend(width)
	return vg.Length(rows) * bandHeight
}

// drawBand draws title and legend from the top of c downwards.
func (p panel) drawBand(c draw.Canvas) {
	title := face(14, ink)
	title.Font.Weight = 3 // bold
	c.FillText(title, vg.Point{X: c.Min.X + 4, Y: c.Max.Y - 16}, p.title)
	spots, _ := p.legend(panelWidth)
	for _, s := range spots {
		y := c.Max.Y - 15 - vg.Length(s.row)*bandHeight
		x := c.Min.X + s.x
		c.StrokeLine2(s.line.style(), x, y+4, x+sampleWidth, y+4)
		c.FillText(face(12, ink), vg.Point{X: x + sampleWidth + 6, Y: y}, s.line.name)
	}
}
