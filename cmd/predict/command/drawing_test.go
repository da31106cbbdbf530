package command

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
)

// A hand is simulated by strokes on a sheet of 100 x 100: polylines whose
// corners are rounded, drawn with a round pen, a little unsteadily and aslant.
type point struct{ x, y float64 }

type stroke []point

// arc is a part of an ellipse about (cx,cy), in degrees clockwise from the right.
func arc(cx, cy, rx, ry, from, to float64) (s stroke) {
	for i := range 25 {
		a := (from + (to-from)*float64(i)/24) * math.Pi / 180
		s = append(s, point{cx + rx*math.Cos(a), cy + ry*math.Sin(a)})
	}
	return s
}

func line(coordinates ...float64) (s stroke) {
	for i := 0; i < len(coordinates); i += 2 {
		s = append(s, point{coordinates[i], coordinates[i+1]})
	}
	return s
}

func join(strokes ...stroke) (s stroke) {
	for _, t := range strokes {
		s = append(s, t...)
	}
	return s
}

// hands are two ways to write each digit.
var hands = [10][2][]stroke{
	{{arc(50, 50, 26, 40, -90, 270)}, {arc(50, 50, 33, 38, -60, 310)}},
	{{line(52, 10, 50, 90)}, {line(38, 28, 56, 10, 52, 90)}},
	{
		{join(arc(50, 30, 24, 20, 190, 380), line(60, 55, 26, 88), line(78, 88))},
		{join(arc(48, 30, 22, 18, 180, 385), line(50, 65, 32, 84), arc(30, 80, 8, 8, 60, 300), line(45, 82, 62, 90, 80, 82))},
	},
	{
		{join(arc(46, 30, 24, 19, 200, 440), arc(46, 70, 28, 21, -85, 160))},
		{line(26, 12, 74, 12, 46, 44), join(line(46, 44), arc(46, 67, 27, 23, -80, 165))},
	},
	{{line(30, 12, 24, 56, 78, 54), line(66, 14, 62, 92)}, {line(62, 10, 20, 62, 82, 62), line(62, 34, 60, 92)}},
	{
		{line(74, 12, 34, 12, 30, 44), join(line(30, 44), arc(46, 66, 26, 24, -110, 150))},
		{join(line(34, 14, 30, 46), arc(47, 67, 27, 23, -120, 140)), line(34, 14, 76, 11)},
	},
	{
		{join(line(64, 10, 44, 26, 30, 54), arc(48, 68, 21, 22, 180, 545))},
		{join(arc(62, 50, 34, 42, 265, 180), arc(49, 70, 22, 20, 180, 530))},
	},
	{{line(24, 14, 76, 14, 44, 90)}, {line(26, 24, 28, 14, 74, 12, 62, 46, 52, 92)}},
	{
		{arc(50, 29, 19, 18, 90, 450), arc(50, 69, 24, 22, -90, 270)},
		{join(arc(51, 30, 20, 20, -30, -270), arc(49, 70, 22, 20, -90, 180), line(27, 68, 42, 54, 60, 42, 69, 24))},
	},
	{
		{arc(48, 32, 22, 21, 0, 360), line(70, 30, 68, 60, 60, 92)},
		{join(arc(46, 32, 21, 20, -20, -380), line(67, 28, 66, 60), arc(46, 68, 20, 22, 0, 110))},
	},
}

// paint is how a picture is made.
type paint struct {
	digit, hand   int
	width, height int     // of the picture
	side          float64 // of the sheet of 100 in it
	left, top     float64 // of the sheet
	pen           float64 // width, in parts of the sheet of 100
	paper, ink    color.NRGBA
	jpeg          int // quality; 0 is PNG
}

func (p paint) String() string {
	return fmt.Sprintf("%d in hand %d, %d x %d, pen %.0f, jpeg %d", p.digit, p.hand+1, p.width, p.height, p.pen, p.jpeg)
}

// paints are twenty pictures: each digit by both hands.
func paints() (list []paint) {
	rng := rand.New(rand.NewPCG(20, 28))
	colours := [][2]color.NRGBA{
		{{255, 255, 255, 255}, {0, 0, 0, 255}}, {{0, 0, 0, 255}, {255, 255, 255, 255}},
		{{250, 245, 225, 255}, {25, 40, 140, 255}}, {{25, 70, 50, 255}, {235, 235, 225, 255}},
		{{225, 225, 225, 255}, {190, 30, 40, 255}}, {{40, 40, 60, 255}, {250, 210, 60, 255}},
		{{200, 180, 150, 255}, {70, 60, 55, 255}},
	}
	sizes := []int{100, 160, 240, 400, 640, 800}
	for i := range 20 {
		p := paint{digit: i / 2, hand: i % 2, width: sizes[i%6], height: sizes[(i+i/6)%6], pen: []float64{3, 6, 9, 12}[(i*7+i/4)%4]}
		shorter := float64(min(p.width, p.height))
		p.side = shorter * (0.5 + 0.4*rng.Float64())
		p.left, p.top = rng.Float64()*(float64(p.width)-p.side), rng.Float64()*(float64(p.height)-p.side)
		p.paper, p.ink = colours[i%7][0], colours[i%7][1]
		if i%3 == 1 {
			p.jpeg = 60 + 10*(i%4)
		}
		list = append(list, p)
	}
	return list
}

// rounded cuts a stroke's corners, twice, by Chaikin's algorithm.
func (s stroke) rounded() stroke {
	for range 2 {
		cut := stroke{s[0]}
		for i := range len(s) - 1 {
			a, b := s[i], s[i+1]
			cut = append(cut, point{.8*a.x + .2*b.x, .8*a.y + .2*b.y}, point{.2*a.x + .8*b.x, .2*a.y + .8*b.y})
		}
		s = append(cut, s[len(s)-1])
	}
	return s
}

// draw makes the picture. The hand leans, trembles and bends.
func (p paint) draw() image.Image {
	rng := rand.New(rand.NewPCG(uint64(p.digit), uint64(p.hand)))
	lean, bend := 0.2*rng.Float64()-0.05, rng.Float64()*2*math.Pi
	var strokes []stroke
	for _, s := range hands[p.digit][p.hand] {
		s = s.rounded()
		for i, q := range s {
			q.x += lean*(50-q.y) + 1.5*math.Sin(q.y/14+bend)
			q.y += 1.5 * math.Cos(q.x/12+bend)
			s[i] = point{p.left + q.x*p.side/100, p.top + q.y*p.side/100}
		}
		strokes = append(strokes, s)
	}
	radius, cover := p.pen*p.side/200, make([]float64, p.width*p.height)
	for _, s := range strokes {
		for i := range len(s) - 1 {
			p.segment(cover, s[i], s[i+1], radius)
		}
	}
	img := image.NewNRGBA(image.Rect(0, 0, p.width, p.height))
	for i, share := range cover {
		img.SetNRGBA(i%p.width, i/p.width, blend(p.paper, p.ink, share))
	}
	return img
}

// segment covers what a round pen passes from a to b.
func (p paint) segment(cover []float64, a, b point, radius float64) {
	dx, dy, reach := b.x-a.x, b.y-a.y, radius+1
	for y := max(0, int(min(a.y, b.y)-reach)); y <= min(p.height-1, int(max(a.y, b.y)+reach)); y++ {
		for x := max(0, int(min(a.x, b.x)-reach)); x <= min(p.width-1, int(max(a.x, b.x)+reach)); x++ {
			px, py := float64(x)-a.x, float64(y)-a.y
			t := min(1, max(0, (px*dx+py*dy)/max(1e-9, dx*dx+dy*dy)))
			c := &cover[y*p.width+x]
			*c = max(*c, min(1, radius+0.5-math.Hypot(px-t*dx, py-t*dy)))
		}
	}
}

func blend(a, b color.NRGBA, share float64) color.NRGBA {
	m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + share*(float64(y)-float64(x)))) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), 255}
}

// file is the picture as PNG or JPEG, and the ending of its name.
func (p paint) file(t testing.TB) (content []byte, extension string) {
	t.Helper()
	var b bytes.Buffer
	err := error(nil)
	if extension = ".png"; p.jpeg == 0 {
		err = png.Encode(&b, p.draw())
	} else {
		extension = ".jpg"
		err = jpeg.Encode(&b, p.draw(), &jpeg.Options{Quality: p.jpeg})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), extension
}
