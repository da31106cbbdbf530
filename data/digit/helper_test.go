package digit_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"stheno/data/digit"
)

// seven is a picture of w x h paper with the lines of a 7 in a box.
func seven(w, h int, box image.Rectangle, width float64, paper, ink func(x, y int) color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	a, b, c := box.Min, image.Pt(box.Max.X, box.Min.Y), image.Pt(box.Min.X+box.Dx()/3, box.Max.Y)
	for y := range h {
		for x := range w {
			d := min(distance(x, y, a, b), distance(x, y, b, c))
			cover := min(1, max(0, width/2+0.5-d))
			img.Set(x, y, mix(paper(x, y), ink(x, y), cover))
		}
	}
	return img
}

// distance is that of a point from a line between two others.
func distance(x, y int, a, b image.Point) float64 {
	px, py, dx, dy := float64(x-a.X), float64(y-a.Y), float64(b.X-a.X), float64(b.Y-a.Y)
	t := min(1, max(0, (px*dx+py*dy)/(dx*dx+dy*dy)))
	return math.Hypot(px-t*dx, py-t*dy)
}

func mix(a, b color.Color, share float64) color.Color {
	p, q := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + share*(float64(y)-float64(x)))) }
	return color.NRGBA{m(p.R, q.R), m(p.G, q.G), m(p.B, q.B), m(p.A, q.A)}
}

func plain(c color.Color) func(x, y int) color.Color { return func(int, int) color.Color { return c } }

func grey(v int) color.Color { return color.Gray{uint8(v)} }

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, frames ...image.Image) []byte {
	t.Helper()
	g := &gif.GIF{}
	for _, f := range frames {
		p := image.NewPaletted(f.Bounds(), color.Palette{color.Black, color.Gray{128}, color.White})
		for y := range p.Rect.Dy() {
			for x := range p.Rect.Dx() {
				p.Set(x, y, f.At(x, y))
			}
		}
		g.Image, g.Delay = append(g.Image, p), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t testing.TB, file []byte) *digit.Picture {
	t.Helper()
	p, err := digit.Decode(bytes.NewReader(file), digit.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// normalize is a picture that has ink.
func normalize(t testing.TB, p *digit.Picture) []uint8 {
	t.Helper()
	pixels, ink := p.Normalize()
	if !ink {
		t.Fatal("no ink is found")
	}
	return pixels
}

// apart is the sum of differences by the sum of the first image.
func apart(a, b []uint8) float64 {
	var sum, of float64
	for i := range a {
		sum += math.Abs(float64(a[i]) - float64(b[i]))
		of += float64(a[i])
	}
	return sum / max(1, of)
}
