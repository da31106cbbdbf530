package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Point is a group of runs in a plot of test error against cost.
type Point struct {
	Name      string
	Cost      float64     // above 0
	Accuracy  float64     // mean, from 0 to 1
	Interval  *[2]float64 // of Accuracy; nil for a single run
	colorRank int
}

// Against is the plot of the points' test error against a cost, which is on a
// logarithmic axis called what. Points without a cost are left out; there is no
// plot of fewer than two.
func Against(what string, points []Point) (f Figure, ok bool) {
	var known scatter
	for i, p := range points {
		if p.Cost > 0 {
			p.colorRank = i
			known = append(known, p)
		}
	}
	if len(known) < 2 {
		return f, false
	}
	return Figure{known.drawing(what).inline("Test error by " + what)}, true
}

// scatter are points with bars for their intervals and names beside them. It is a
// plot.Plotter.
type scatter []Point

const (
	scatterWidth  = panelWidth
	scatterHeight = 320
	dotRadius     = 4
	nameSize      = 12
	spare         = 1.18 // the reader's font may be a wider one
)

// drawing lays the axes out with room for the names.
func (s scatter) drawing(what string) drawing {
	p := newPlot(what, "test images classified wrong, %")
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Horizontal.Width = rule, 0.75
	grid.Vertical.Width = 0
	p.Add(grid, s)
	low, high := math.Inf(1), 0.0
	bottom, top := math.Inf(1), 0.0
	for _, point := range s {
		low, high = min(low, point.Cost), max(high, point.Cost)
		least, most := point.interval()
		bottom, top = min(bottom, least), max(top, most)
	}
	room := max(1.6, math.Pow(high/low, 0.15))
	p.X.Min, p.X.Max = low/room, high*room
	margin := max(0.2*(top-bottom), 0.02)
	p.Y.Min, p.Y.Max = max(0, bottom-margin), top+margin
	p.X.Scale, p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogScale{}, decades, roundNumbers
	return drawing{scatterWidth, scatterHeight, func(c draw.Canvas) { p.Draw(draw.Crop(c, 4, -14, 4, -8)) }}
}

// errorRate is in per cent, as its interval is.
func (p Point) errorRate() float64 { return 100 * (1 - p.Accuracy) }

func (p Point) interval() (low, high float64) {
	if p.Interval == nil {
		return p.errorRate(), p.errorRate()
	}
	return max(0, 100*(1-p.Interval[1])), min(100, 100*(1-p.Interval[0]))
}

// Plot draws the bars and dots, then the names where nothing stands yet.
func (s scatter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var taken []vg.Rectangle
	for _, point := range s {
		low, high := point.interval()
		at := vg.Point{X: x(point.Cost), Y: y(point.errorRate())}
		color := lineColors[point.colorRank%len(lineColors)]
		bar := vg.Rectangle{Min: vg.Point{X: at.X - dotRadius, Y: min(at.Y-dotRadius, y(low))}, Max: vg.Point{X: at.X + dotRadius, Y: max(at.Y+dotRadius, y(high))}}
		c.StrokeLine2(draw.LineStyle{Color: color, Width: 1.5}, at.X, y(low), at.X, y(high))
		c.DrawGlyph(draw.GlyphStyle{Color: color, Radius: dotRadius, Shape: draw.CircleGlyph{}}, at)
		taken = append(taken, bar)
	}
	for _, point := range s {
		at := vg.Point{X: x(point.Cost), Y: y(point.errorRate())}
		style := face(nameSize, ink)
		style.YAlign = text.YCenter
		box := place(at, spare*style.Width(point.Name), c.Rectangle, taken)
		taken = append(taken, box)
		middle := (box.Min.Y + box.Max.Y) / 2
		if math.Abs(float64(middle-at.Y)) > nameSize { // it stands apart: a line leads to it
			near := max(box.Min.X, min(box.Max.X, at.X))
			c.StrokeLine2(draw.LineStyle{Color: muted, Width: 0.5}, at.X, at.Y, near, max(box.Min.Y, min(box.Max.Y, at.Y)))
		}
		c.FillText(style, vg.Point{X: box.Min.X, Y: middle}, point.Name)
	}
}

// place finds a box for a name of a width beside a point: to the right or to the
// left of it, as near to its height as nothing is in the way, within the plot.
func place(at vg.Point, width vg.Length, within vg.Rectangle, taken []vg.Rectangle) vg.Rectangle {
	const gap, height = dotRadius + 3, nameSize + 4
	right := at.X + gap
	left := at.X - gap - width
	for shift := vg.Length(0); shift < scatterHeight; shift += 3 {
		for _, middle := range []vg.Length{at.Y + shift, at.Y - shift} {
			for _, x := range []vg.Length{right, left} {
				box := vg.Rectangle{Min: vg.Point{X: x, Y: middle - height/2}, Max: vg.Point{X: x + width, Y: middle + height/2}}
				if inside(box, within) && free(box, taken) {
					return box
				}
			}
		}
	}
	return vg.Rectangle{Min: vg.Point{X: right, Y: at.Y - height/2}, Max: vg.Point{X: right + width, Y: at.Y + height/2}}
}

func inside(box, within vg.Rectangle) bool {
	return box.Min.X >= within.Min.X && box.Max.X <= within.Max.X && box.Min.Y >= within.Min.Y && box.Max.Y <= within.Max.Y
}

func free(box vg.Rectangle, taken []vg.Rectangle) bool {
	for _, t := range taken {
		if box.Min.X < t.Max.X && t.Min.X < box.Max.X && box.Min.Y < t.Max.Y && t.Min.Y < box.Max.Y {
			return false
		}
	}
	return true
}

// decades marks 1, 2 and 5 times the powers of ten, or only the powers where there
// are many.
var decades = plot.TickerFunc(func(low, high float64) (all []plot.Tick) {
	steps := []float64{1, 2, 5}
	if high/low > 1e4 {
		steps = steps[:1]
	}
	for power := math.Floor(math.Log10(low)); math.Pow(10, power) <= high; power++ {
		for _, m := range steps {
			if v := m * math.Pow(10, power); v >= low && v <= high {
				all = append(all, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 3, 64)})
			}
		}
	}
	return all
})
