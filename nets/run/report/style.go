package report

import (
	"fmt"
	"html"
	"html/template"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours of the pictures. In a page each is the CSS variable of its name,
// which is another colour in the dark; a file of its own has them as they are,
// on white.
var (
	paper  = rgb(0xffffff)
	ink    = rgb(0x1f2328)
	muted  = rgb(0x59636e)
	rule   = rgb(0xd1d9e0)
	blue   = rgb(0x0969da)
	orange = rgb(0xbc4c00)
	green  = rgb(0x1a7f37)
	red    = rgb(0xcf222e)
	purple = rgb(0x8250df)
	teal   = rgb(0x1b7c83)
	pink   = rgb(0xbf3989)
	ochre  = rgb(0x9a6700)
)

var variables = []struct {
	name  string
	color color.NRGBA
}{
	{"paper", paper}, {"ink", ink}, {"muted", muted}, {"rule", rule}, {"blue", blue}, {"orange", orange},
	{"green", green}, {"red", red}, {"purple", purple}, {"teal", teal}, {"pink", pink}, {"ochre", ochre},
}

// lineColors are those of several lines in one plot.
var lineColors = []color.NRGBA{blue, orange, green, purple, pink, teal, ochre, red}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

// faint is a colour that lets the page shine through, so that text on it is
// readable on light and dark.
func faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(255*max(0, min(1, opacity)) + 0.5)
	return c
}

// face is the text style of a size in points.
func face(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color: c, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		Handler: aligned{plot.DefaultTextHandler},
	}
}

// newPlot is an empty plot in our style.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent // the page's, or a file's white
	for axis, label := range map[*plot.Axis]string{&p.X: x, &p.Y: y} {
		axis.Label.Text, axis.Label.Padding = label, 6
		axis.Label.TextStyle.Color, axis.Label.TextStyle.Font = ink, face(12, ink).Font
		axis.Tick.Label.Color, axis.Tick.Label.Font = muted, face(11, muted).Font
		axis.Label.TextStyle.Handler, axis.Tick.Label.Handler = face(12, ink).Handler, face(11, muted).Handler
		axis.Color, axis.Width = muted, 0.75
		axis.Tick.Color, axis.Tick.Width, axis.Tick.Length = muted, 0.75, 4
	}
	return p
}

// drawing is a picture that knows how to draw itself on a canvas of its size.
type drawing struct {
	width, height vg.Length
	draw          func(draw.Canvas)
}

// file is the drawing as an SVG file, on white.
func (d drawing) file() []byte {
	c := newCanvas(d.width, d.height, hex)
	on := draw.New(c)
	on.SetColor(paper)
	on.Fill(on.Rectangle.Path())
	d.draw(on)
	return c.document(fmt.Sprintf(`xmlns="http://www.w3.org/2000/svg" width="%spt" height="%spt"`, hundredths(d.width), hundredths(d.height)))
}

// inline is the drawing as an element of a page, as wide as its place. Label
// says for those who do not see it what it shows.
func (d drawing) inline(label string) template.HTML {
	c := newCanvas(d.width, d.height, variable)
	d.draw(draw.New(c))
	return template.HTML(c.document(fmt.Sprintf(`role="img" aria-label="%s"`, html.EscapeString(label))))
}

// hex is a colour's number, without its opacity.
func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// variable is the CSS variable of a colour, if it has one.
func variable(c color.NRGBA) string {
	for _, v := range variables {
		if v.color == rgb(uint32(c.R)<<16|uint32(c.G)<<8|uint32(c.B)) {
			return "var(--" + v.name + ")"
		}
	}
	return hex(c)
}
