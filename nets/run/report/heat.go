package report

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// heat draws a confusion matrix: a row a true class, from the top, and a column
// a predicted one. It is a plot.Plotter.
type heat struct {
	counts [][]int
	size   vg.Length // of a cell
}

// confusionDrawing is the matrix as a picture.
func (r *Report) confusionDrawing() drawing {
	n := len(r.Confusion)
	size := vg.Length(max(18, 380/max(n, 1)))
	size = min(size, 60)
	p := newPlot("predicted class", "true class")
	p.Add(heat{r.Confusion, size})
	var x, y []plot.Tick
	longest := 0
	for label := range n {
		name := r.names(label)
		longest = max(longest, len(name))
		x = append(x, plot.Tick{Value: float64(label), Label: name})
		y = append(y, plot.Tick{Value: float64(n - 1 - label), Label: name})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(x), plot.ConstantTicks(y)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding, axis.Width, axis.Tick.Length = 3, 0, 0
	}
	if longest > 3 { // numbers stand upright, names would run into each other
		p.X.Tick.Label.Rotation = math.Pi / 4
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = text.XRight, text.YTop
	}
	margin := 44 + 5*vg.Length(longest)
	side := size * vg.Length(n)
	return drawing{side + margin + 6, side + margin, func(c draw.Canvas) {
		p.Draw(draw.Crop(c, 2, -4, 2, -4))
	}}
}

// DataRange leaves half a cell around the centres.
func (h heat) DataRange() (xmin, xmax, ymin, ymax float64) {
	end := float64(len(h.counts)) - 0.5
	return -0.5, end, -0.5, end
}

// Plot draws the cells. Right answers are green, and confusions red: by the
// root of their share of the row, since most are below a hundredth.
func (h heat) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	n := len(h.counts)
	for label, row := range h.counts {
		images := 0
		for _, count := range row {
			images += count
		}
		for taken, count := range row {
			cx, cy := float64(taken), float64(n-1-label)
			cell := vg.Rectangle{
				Min: vg.Point{X: x(cx-0.5) + 0.75, Y: y(cy-0.5) + 0.75},
				Max: vg.Point{X: x(cx+0.5) - 0.75, Y: y(cy+0.5) - 0.75},
			}
			h.cell(c, cell, count, share(count, images), label == taken)
		}
	}
}

func (h heat) cell(c draw.Canvas, at vg.Rectangle, count int, part float64, right bool) {
	fill := faint(rule, 0.3)
	switch {
	case count > 0 && right:
		fill = faint(green, 0.1+0.4*part)
	case count > 0:
		fill = faint(red, 0.06+0.9*math.Sqrt(part))
		fill.A = min(fill.A, 178)
	}
	c.SetColor(fill)
	c.Fill(at.Path())
	if count == 0 {
		return
	}
	number := strconv.Itoa(count)
	style := face(12, ink)
	style.XAlign, style.YAlign = text.XCenter, text.YCenter
	for style.Font.Size > 6 && spare*style.Width(number) > h.size-5 {
		style.Font.Size--
	}
	if spare*style.Width(number) <= h.size-2 {
		c.FillText(style, vg.Point{X: (at.Min.X + at.Max.X) / 2, Y: (at.Min.Y + at.Max.Y) / 2}, number)
	}
}

// label says what the matrix shows to those who do not see it.
func (r *Report) confusionLabel() string {
	return fmt.Sprintf("Confusion matrix of %d classes: %d of %d test images are on its diagonal.", len(r.Confusion), r.TestImages-r.Errors, r.TestImages)
}
