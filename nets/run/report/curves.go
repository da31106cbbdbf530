package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"stheno/nets/run"
	"stheno/nets/train"
)

// The size of a panel, in points.
const (
	panelWidth  = 420
	panelHeight = 300
	bandHeight  = 22 // of a line of the legend
)

// line is a line in a panel.
type line struct {
	name   string // in the legend; empty is not there
	color  color.NRGBA
	dashed bool
	points plotter.XYs
}

// panel is a plot of lines with a title and a legend above it, where no line
// can run into it.
type panel struct {
	title, x, y string
	fromZero    bool
	lines       []line
}

// curves are the two panels of a run, loss and accuracy; none if it has
// neither epochs nor steps.
func (r *Run) curves() []panel {
	const x = "epoch (a pass over the training images)"
	loss := panel{title: "Loss", x: x, y: "cross-entropy, nats", fromZero: true}
	accuracy := panel{title: "Accuracy", x: x, y: "images classified right, %"}
	switch {
	case len(r.History) > 0:
		loss.lines = historyLines(r.History, func(row train.Row) (float64, *float64) { return row.Loss, row.ValLoss }, 1)
		accuracy.lines = historyLines(r.History, func(row train.Row) (float64, *float64) { return row.Accuracy, row.ValAccuracy }, 100)
	case len(r.Steps) > 0:
		loss.x, accuracy.x = "optimizer step", "optimizer step"
		loss.lines = []line{stepLine(r.Steps, func(s run.Step) float64 { return s.Loss })}
		accuracy.lines = []line{stepLine(r.Steps, func(s run.Step) float64 { return 100 * s.Accuracy })}
	default:
		return nil
	}
	return []panel{loss, accuracy}
}

// historyLines are a metric of training and, where it was measured, of
// validation.
func historyLines(rows []train.Row, metric func(train.Row) (float64, *float64), scale float64) []line {
	training, validation := line{name: "training", color: blue}, line{name: "validation", color: orange}
	for _, row := range rows {
		v, val := metric(row)
		training.add(float64(row.Epoch), scale*v)
		if val != nil {
			validation.add(float64(row.Epoch), scale**val)
		}
	}
	if len(validation.points) == 0 {
		return []line{training}
	}
	return []line{training, validation}
}

// add leaves out what is not finite: a diverged loss has no place on an axis.
func (l *line) add(x, y float64) {
	if !math.IsNaN(y) && !math.IsInf(y, 0) {
		l.points = append(l.points, plotter.XY{X: x, Y: y})
	}
}

// stepLine is a metric of the steps, as means of as many neighbours as leave
// at most 400 points.
func stepLine(steps []run.Step, metric func(run.Step) float64) line {
	const most = 400
	l := line{name: "training batches", color: blue}
	size := (len(steps) + most - 1) / most
	for begin := 0; begin < len(steps); begin += size {
		part := steps[begin:min(begin+size, len(steps))]
		x, y := 0.0, 0.0
		for _, s := range part {
			x += float64(s.Step) / float64(len(part))
			y += metric(s) / float64(len(part))
		}
		l.add(x, y)
	}
	return l
}

// drawing is the panel as a picture.
func (p panel) drawing() drawing {
	band := p.legendHeight(panelWidth)
	return drawing{panelWidth, panelHeight + band, func(c draw.Canvas) {
		p.drawBand(draw.Crop(c, 0, 0, panelHeight, 0))
		p.plot().Draw(draw.Crop(c, 2, -14, 2, -band))
	}}
}

// beside draws panels next to each other, in one picture.
func beside(panels []panel) drawing {
	band := vg.Length(0)
	for _, p := range panels {
		band = max(band, p.legendHeight(panelWidth))
	}
	return drawing{vg.Length(len(panels)) * panelWidth, panelHeight + band + 12, func(c draw.Canvas) {
		for i, p := range panels {
			left := vg.Length(i) * panelWidth
			part := draw.Crop(c, left+6, left+panelWidth-c.Max.X-6, 6, -6)
			p.drawBand(draw.Crop(part, 0, 0, panelHeight, 0))
			p.plot().Draw(draw.Crop(part, 2, -14, 2, -band))
		}
	}}
}

func (p panel) plot() *plot.Plot {
	plot := newPlot(p.x, p.y)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Horizontal.Width = rule, 0.75
	grid.Vertical.Width = 0
	plot.Add(grid)
	last := 0.0
	for _, l := range p.lines {
		for _, at := range l.points {
			last = max(last, at.X)
		}
		l.addTo(plot)
	}
	plot.X.Min, plot.X.Max = 1, max(last, 2)
	if last <= 1 {
		plot.X.Min = 0 // a single epoch stands in the middle
	}
	if p.fromZero {
		plot.Y.Min = 0
	}
	plot.X.Tick.Marker, plot.Y.Tick.Marker = wholeNumbers, roundNumbers
	return plot
}

// addTo draws the line, and its points where there are few.
func (l line) addTo(p *plot.Plot) {
	if len(l.points) == 0 {
		return
	}
	path := &plotter.Line{XYs: l.points, LineStyle: l.style()}
	p.Add(path)
	if len(l.points) <= 30 {
		dots := &plotter.Scatter{XYs: l.points, GlyphStyle: draw.GlyphStyle{Color: l.color, Radius: 2.5, Shape: draw.CircleGlyph{}}}
		p.Add(dots)
	}
}

func (l line) style() draw.LineStyle {
	s := draw.LineStyle{Color: l.color, Width: 2}
	if l.dashed {
		s.Dashes, s.Width = []vg.Length{4, 3}, 1.25
	}
	return s
}
