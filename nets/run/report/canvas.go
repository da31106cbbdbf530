package report

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// canvas is a vg.Canvas that writes SVG. Three things are its own, which is why it
// is not gonum/plot's: what is transparent is left out, for a colour without
// opacity has no name there; a text hangs on the point that it was aligned by, as
// the reader's font may be another than the one that was measured; and a colour is
// named by paint, which may know it as a variable of a page.
type canvas struct {
	width, height vg.Length
	paint         func(color.NRGBA) string

	body  bytes.Buffer
	stack []pen
	align text.XAlignment // of the next text
}

// pen is what Push keeps and Pop brings back.
type pen struct {
	color  color.NRGBA
	width  vg.Length
	dashes []vg.Length
	offset vg.Length
	groups int // that were opened since
}

func newCanvas(width, height vg.Length, paint func(color.NRGBA) string) *canvas {
	c := &canvas{width: width, height: height, paint: paint, stack: []pen{{}}}
	vg.Initialize(c)
	return c
}

// document is what was drawn, as an element of these attributes. vg counts from
// the bottom, SVG from the top.
func (c *canvas) document(attributes string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<svg %s viewBox=\"0 0 %s %s\" font-family=\"'Liberation Sans',Arial,Helvetica,sans-serif\">\n<g transform=\"translate(0 %s) scale(1 -1)\">\n",
		attributes, hundredths(c.width), hundredths(c.height), hundredths(c.height))
	b.Write(c.body.Bytes())
	for range c.pen().groups {
		b.WriteString("</g>\n")
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// hundredths has hundredths of a point, so that no rounding of an architecture shows.
func hundredths[T ~float64](v T) string {
	return strconv.FormatFloat(math.Round(100*float64(v))/100+0, 'f', -1, 64)
}

func coordinates(format string, v ...vg.Length) string {
	texts := make([]any, len(v))
	for i, v := range v {
		texts[i] = hundredths(v)
	}
	return fmt.Sprintf(format, texts...)
}

func (c *canvas) pen() *pen { return &c.stack[len(c.stack)-1] }

// Size is the canvas's, in points.
func (c *canvas) Size() (w, h vg.Length) { return c.width, c.height }

func (c *canvas) SetLineWidth(w vg.Length) { c.pen().width = w }

func (c *canvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.pen().dashes, c.pen().offset = pattern, offset
}

func (c *canvas) SetColor(to color.Color) {
	if to == nil {
		to = color.Black
	}
	c.pen().color = color.NRGBAModel.Convert(to).(color.NRGBA)
}

func (c *canvas) Rotate(radians float64) {
	c.transform("rotate(" + hundredths(radians*180/math.Pi) + ")")
}
func (c *canvas) Translate(pt vg.Point) { c.transform(coordinates("translate(%s %s)", pt.X, pt.Y)) }
func (c *canvas) Scale(x, y float64) {
	c.transform("scale(" + hundredths(x) + " " + hundredths(y) + ")")
}

func (c *canvas) transform(what string) {
	fmt.Fprintf(&c.body, "<g transform=\"%s\">\n", what)
	c.pen().groups++
}

func (c *canvas) Push() {
	top := *c.pen()
	top.groups = 0
	c.stack = append(c.stack, top)
}

func (c *canvas) Pop() {
	for range c.pen().groups {
		c.body.WriteString("</g>\n")
	}
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *canvas) Stroke(p vg.Path) {
	pen := c.pen()
	if pen.color.A == 0 || pen.width <= 0 {
		return
	}
	fmt.Fprintf(&c.body, "<path d=\"%s\" style=\"fill:none;%s;stroke-width:%s", outline(p), c.colored("stroke"), hundredths(pen.width))
	if len(pen.dashes) > 0 {
		var dashes []string
		for _, d := range pen.dashes {
			dashes = append(dashes, hundredths(d))
		}
		fmt.Fprintf(&c.body, ";stroke-dasharray:%s;stroke-dashoffset:%s", strings.Join(dashes, ","), hundredths(pen.offset))
	}
	c.body.WriteString("\"/>\n")
}

func (c *canvas) Fill(p vg.Path) {
	if c.pen().color.A > 0 {
		fmt.Fprintf(&c.body, "<path d=\"%s\" style=\"%s\"/>\n", outline(p), c.colored("fill"))
	}
}

// colored is the pen's colour as a property of CSS.
func (c *canvas) colored(property string) string {
	color := c.pen().color
	s := property + ":" + c.paint(color)
	if color.A < 255 {
		s += ";" + property + "-opacity:" + hundredths(float64(color.A)/255)
	}
	return s
}

// outline is a path in SVG's letters.
func outline(p vg.Path) string {
	var b strings.Builder
	for _, part := range p {
		at := part.Pos
		switch part.Type {
		case vg.MoveComp:
			b.WriteString(coordinates("M%s,%s", at.X, at.Y))
		case vg.LineComp:
			b.WriteString(coordinates("L%s,%s", at.X, at.Y))
		case vg.ArcComp:
			arc(&b, part)
		case vg.CurveComp:
			letter := "Q"
			if len(part.Control) == 2 {
				letter = "C"
			}
			for _, via := range part.Control {
				b.WriteString(letter + coordinates("%s,%s", via.X, via.Y))
				letter = " "
			}
			b.WriteString(coordinates(" %s,%s", at.X, at.Y))
		case vg.CloseComp:
			b.WriteString("Z")
		}
	}
	return b.String()
}

// arc goes to the arc's begin, and along it by halves: SVG knows none that ends
// where it begins.
func arc(b *strings.Builder, part vg.PathComp) {
	on := func(angle float64) vg.Point {
		sin, cos := math.Sincos(angle)
		return part.Pos.Add(vg.Point{X: part.Radius * vg.Length(cos), Y: part.Radius * vg.Length(sin)})
	}
	from, sweep := on(part.Start), 1
	if part.Angle < 0 {
		sweep = 0
	}
	b.WriteString(coordinates("L%s,%s", from.X, from.Y))
	for half := 1.0; half <= 2; half++ {
		to := on(part.Start + half*part.Angle/2)
		b.WriteString(coordinates("A%s,%s", part.Radius, part.Radius) + fmt.Sprintf(" 0 0 %d ", sweep) + coordinates("%s,%s", to.X, to.Y))
	}
}

// FillString is called with the left end of a text. It hangs it on the point that
// gonum/plot found that end from, by the width that it took the text to have.
func (c *canvas) FillString(f font.Face, pt vg.Point, s string) {
	if c.pen().color.A == 0 {
		return
	}
	anchor := ""
	switch c.align {
	case text.XCenter:
		anchor = ` text-anchor="middle"`
	case text.XRight:
		anchor = ` text-anchor="end"`
	}
	weight := ""
	if f.Font.Weight > 0 {
		weight = ";font-weight:bold"
	}
	x := pt.X - vg.Length(c.align)*f.Width(s)
	fmt.Fprintf(&c.body, "<text x=\"%s\" y=\"%s\" transform=\"scale(1 -1)\"%s style=\"font-size:%spx;%s%s\">%s</text>\n",
		hundredths(x), hundredths(-pt.Y), anchor, hundredths(f.Font.Size), c.colored("fill"), weight, html.EscapeString(s))
}

func (c *canvas) DrawImage(r vg.Rectangle, img image.Image) {
	size := r.Size()
	fmt.Fprintf(&c.body, "<image x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" transform=\"scale(1 -1)\" href=\"%s\"/>\n",
		hundredths(r.Min.X), hundredths(-r.Max.Y), hundredths(size.X), hundredths(size.Y), encode(img).uri())
}

// aligned is a text handler that tells a canvas how the text is aligned.
type aligned struct{ text.Handler }

func (h aligned) Draw(on vg.Canvas, s string, style text.Style, pt vg.Point) {
	if c := beneath(on); c != nil {
		c.align = style.XAlign
	}
	h.Handler.Draw(on, s, style, pt)
}

// beneath is the canvas that parts of it were cut from.
func beneath(c vg.Canvas) *canvas {
	switch c := c.(type) {
	case *canvas:
		return c
	case *draw.Canvas:
		return beneath(c.Canvas)
	case draw.Canvas:
		return beneath(c.Canvas)
	}
	return nil
}
