package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// allImages are MNIST's: what is trained on without -labels.
const allImages = 60_000

var labelsFlag = regexp.MustCompile(`-labels (\d+)`)

// labels is how many images the runs of a group are trained on.
func (g *group) labels() float64 {
	m := labelsFlag.FindStringSubmatch(g.job.flags)
	if m == nil {
		return allImages
	}
	n, _ := strconv.Atoi(m[1]) // of digits
	return float64(n)
}

// method is the last word of a group's name.
func (g *group) method() string { return g.job.name[strings.LastIndex(g.job.name, "-")+1:] }

var lineColors = []color.Color{
	color.NRGBA{0x59, 0x63, 0x6e, 255}, color.NRGBA{0x09, 0x69, 0xda, 255}, color.NRGBA{0xbc, 0x4c, 0x00, 255}, color.NRGBA{0x1a, 0x7f, 0x37, 255},
}

const (
	panelWidth  = 4.6 * vg.Inch
	panelHeight = 4.0 * vg.Inch
	dodge       = 0.06 // of a line to the next, as a factor of the labels: bars stay apart
)

// picture draws test error against labels, a panel for each network and a line for
// each method, with 95 % intervals, of the studies that have a control.
func picture(w io.Writer, all []*group) error {
	groups := slices.DeleteFunc(slices.Clone(all), func(g *group) bool {
		return len(g.lines) == 0 || g.controlOf(all) == nil && !strings.HasSuffix(g.job.name, controlName)
	})
	plot.DefaultFont.Variant = "Sans"
	var panels []*plot.Plot
	for _, network := range []string{"mlp", "cnn"} {
		p := newPanel(strings.ToUpper(network))
		methods := 0
		for _, method := range methodsOf(groups, network) {
			shift := math.Pow(1+dodge, float64(methods)-1.5)
			points := curve(groups, network, method, shift)
			if err := points.addTo(p, method, lineColors[methods%len(lineColors)]); err != nil {
				return err
			}
			methods++
		}
		if methods > 0 {
			panels = append(panels, p)
		}
	}
	if len(panels) == 0 {
		return errors.New("-picture: no run of a study that has a control is done: see -only '^metric/' -list")
	}
	return tile(w, panels)
}

func methodsOf(groups []*group, network string) (all []string) {
	for _, g := range groups {
		if g.job.network == network && !slices.Contains(all, g.method()) {
			all = append(all, g.method())
		}
	}
	return all
}

// errorCurve is a line with bars, in per cent.
type errorCurve struct {
	plotter.XYs
	plotter.YErrors
}

func curve(groups []*group, network, method string, shift float64) (c errorCurve) {
	for _, g := range groups {
		if g.job.network != network || g.method() != method {
			continue
		}
		var errors []float64
		for _, l := range g.lines {
			errors = append(errors, 100*(1-l.accuracy()))
		}
		mean, half := errors[0], 0.0
		if len(errors) > 1 {
			mean, half = interval(errors)
		}
		c.XYs = append(c.XYs, plotter.XY{X: shift * g.labels(), Y: mean})
		// A logarithmic axis has no zero for a bar to reach.
		c.YErrors = append(c.YErrors, struct{ Low, High float64 }{min(half, 0.9*mean), half})
	}
	return c
}

func (c errorCurve) addTo(p *plot.Plot, name string, color color.Color) error {
	line, points, err := plotter.NewLinePoints(c.XYs)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(c)
	if err != nil {
		return err
	}
	line.Color, line.Width = color, 1.5
	points.Color, points.Radius, points.Shape = color, 2.5, draw.CircleGlyph{}
	bars.Color, bars.Width = color, 1.2
	p.Add(line, bars, points)
	p.Legend.Add(name+" ", line, points) // the reader's font may be a wider one
	return nil
}

func newPanel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, "labelled training images", "test images classified wrong, %"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks([]plot.Tick{{Value: 100, Label: "100"}, {Value: 1000, Label: "1,000"}, {Value: 10_000, Label: "10,000"}, {Value: allImages, Label: "60,000"}})
	p.Y.Tick.Marker = plot.ConstantTicks(percents())
	p.Legend.Top, p.Legend.Padding, p.Legend.YOffs = true, 4, -4
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Width = color.Gray{225}, 0
	p.Add(grid)
	return p
}

// percents are 1, 2 and 5 times powers of ten.
func percents() (all []plot.Tick) {
	for _, power := range []float64{0.1, 1, 10} {
		for _, m := range []float64{1, 2, 5} {
			all = append(all, plot.Tick{Value: m * power, Label: fmt.Sprintf("%g", m*power)})
		}
	}
	return all
}

// tile writes the panels side by side, on white.
func tile(w io.Writer, panels []*plot.Plot) error {
	width := vg.Length(len(panels)) * panelWidth
	canvas := vgsvg.New(width, panelHeight)
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	for i, p := range panels {
		left := vg.Length(i) * panelWidth
		p.Draw(draw.Crop(c, left+8, left+panelWidth-12-width, 8, -8))
	}
	var b bytes.Buffer
	canvas.WriteTo(&b) // a buffer takes it
	// It is set in Liberation Sans, whose widths are Arial's.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif")))
	return err
}
