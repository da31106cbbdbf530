package digit

import (
	"image"
	"math"
)

// leastStroke is the width of MNIST's thinner lines, in pixels of the box of
// 20: one in twenty of its images has thinner ones.
const leastStroke = 1.6

// thicken widens lines that are too thin for the box's size, and returns the
// box that they then have.
func (p plane) thicken(box image.Rectangle) image.Rectangle {
	longer := float64(max(box.Dx(), box.Dy()))
	grow := (leastStroke*longer/inkBox - p.strokeWidth(box)) / 2
	if grow < 0.5 {
		return box
	}
	d := p.distances()
	for i, v := range d {
		p.v[i] = max(p.v[i], min(1, grow+0.5-v))
	}
	return box.Inset(-int(grow)).Intersect(image.Rect(0, 0, p.w, p.h))
}

// strokeWidth is the mean width of the lines in a box: a line's area by half of
// its rim. Pixel edges overstate the rim of a line in no special direction by
// 4/pi.
func (p plane) strokeWidth(box image.Rectangle) float64 {
	on := func(x, y int) bool {
		return image.Pt(x, y).In(box) && p.v[y*p.w+x] >= firm
	}
	var area, edges float64
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			area += p.v[y*p.w+x]
			if !on(x, y) {
				continue
			}
			for _, n := range [4]image.Point{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
				if !on(n.X, n.Y) {
					edges++
				}
			}
		}
	}
	const overstated = 4 / math.Pi
	return 2 * area / (max(1, edges) / overstated)
}

// distances are those to the nearest firm ink, in pixels: the chamfer of 3 and
// 4, which is at most 6 % from Euclid's.
func (p plane) distances() []float64 {
	d := make([]float64, len(p.v))
	for i, v := range p.v {
		if v < firm {
			d[i] = float64(p.w + p.h)
		}
	}
	step := func(x, y, dx, dy int, cost float64) {
		if nx, ny := x+dx, y+dy; nx >= 0 && nx < p.w && ny >= 0 && ny < p.h {
			i := y*p.w + x
			d[i] = min(d[i], d[ny*p.w+nx]+cost)
		}
	}
	const straight, diagonal = 1, 4.0 / 3
	for y := range p.h {
		for x := range p.w {
			step(x, y, -1, 0, straight)
			step(x, y, 0, -1, straight)
			step(x, y, -1, -1, diagonal)
			step(x, y, 1, -1, diagonal)
		}
	}
	for y := p.h - 1; y >= 0; y-- {
		for x := p.w - 1; x >= 0; x-- {
			step(x, y, 1, 0, straight)
			step(x, y, 0, 1, straight)
			step(x, y, 1, 1, diagonal)
			step(x, y, -1, 1, diagonal)
		}
	}
	return d
}
