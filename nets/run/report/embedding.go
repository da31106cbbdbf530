package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// EmbeddingFile is the picture of what the pre-training made of images; not
// written where there was none.
const EmbeddingFile = "embedding.svg"

// classColors are Okabe and Ito's, which people of any colour vision can tell
// apart, with black made gray. More classes than these take other shapes.
var classColors = []color.NRGBA{
	rgb(0x0072b2), rgb(0xe69f00), rgb(0x009e73), rgb(0xcc79a7), rgb(0x56b4e9), rgb(0xd55e00), rgb(0x6e6e6e), rgb(0xb8a90b),
}

var classShapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{}, draw.SquareGlyph{}, draw.RingGlyph{}, draw.PlusGlyph{}}

// classStyle tells a class by colour and shape: eight shapes of one kind, then
// eight of the next.
func classStyle(class int) draw.GlyphStyle {
	n := len(classColors)
	return draw.GlyphStyle{Color: classColors[class%n], Shape: classShapes[class/n%len(classShapes)], Radius: 2}
}

// The size of the embedding's picture, in points.
const (
	mapSide   = 420
	legendTop = 14
)

// embeddingDrawing is the map of an embedding, with a legend at its right.
func (r *Report) embeddingDrawing() drawing {
	q, classes, name := r.Embedding, r.run.Config.Data.Classes, r.names
	width := vg.Length(0)
	for c := range classes {
		width = max(width, spare*face(12, ink).Width(name(c)))
	}
	columns := 1 + classes/20
	legend := vg.Length(columns) * (width + 34)
	return drawing{mapSide + legend, mapSide, func(c draw.Canvas) {
		plot := newPlot(fmt.Sprintf("first principal component: %.0f %% of the variance", 100*q.Variance[0]),
			fmt.Sprintf("second: %.0f %%", 100*q.Variance[1]))
		for class := range classes {
			var points plotter.XYs
			for _, p := range q.Map {
				if p.Label == class {
					points = append(points, plotter.XY{X: p.X, Y: p.Y})
				}
			}
			if len(points) > 0 {
				plot.Add(&plotter.Scatter{XYs: points, GlyphStyle: classStyle(class)})
			}
		}
		plot.Draw(draw.Crop(c, 2, -legend-6, 4, -10))
		each := (classes + columns - 1) / columns
		for class := range classes {
			x := c.Max.X - legend + vg.Length(class/each)*(width+34)
			y := c.Max.Y - legendTop - vg.Length(class%each)*18
			style := classStyle(class)
			style.Radius = 4
			c.DrawGlyph(style, vg.Point{X: x + 10, Y: y - 4})
			c.FillText(face(12, ink), vg.Point{X: x + 22, Y: y - 8}, name(class))
		}
	}}
}
