package digit

import (
	"image"
	"math"
)

// Shares of full ink.
const (
	faint = 0.1  // from here on a pixel may belong to a stroke
	firm  = 0.5  // a stroke has at least one such pixel; compression leaves none
	dust  = 0.02 // a spot with less than this share of the largest's ink is dirt
)

// What is too weak to be ink: a contrast below leastContrast of the paper's
// brightness, or one that the paper's own noise reaches.
const (
	leastContrast = 0.07
	leastSignal   = 5 // standard deviations of the noise
)

// ink is how much ink there is on each pixel, from 0 to 1, light or dark as it
// may be; ok is false if there is none that stands out from the paper.
func (p plane) ink() (ink plane, ok bool) {
	contrast := p.contrast()
	spread := histogram(contrast, func(v float64) float64 { return v })
	t := otsu(spread)
	noise, strokes := make([]float64, 0, len(contrast)), make([]float64, 0, len(contrast))
	for _, v := range contrast {
		if v > t {
			strokes = append(strokes, v)
		} else {
			noise = append(noise, v)
		}
	}
	if len(strokes) == 0 {
		return plane{}, false
	}
	value := func(v float64) float64 { return v }
	sigma := 1.4826 * median(histogram(noise, math.Abs)) / 255
	full := percentile(histogram(strokes, value), 0.9) / 255
	if full < leastContrast || full < leastSignal*sigma {
		return plane{}, false
	}
	ink, floor := plane{p.w, p.h, contrast}, min(3*sigma, full/3)
	for i, v := range contrast {
		ink.v[i] = min(1, max(0, (v-floor)/(full-floor)))
	}
	return ink, true
}

// contrast is how far each pixel is from the paper towards the ink, as a share
// of what is possible: shadows then change nothing. The ink is on the side where
// the picture is further from its paper in all.
func (p plane) contrast() []float64 {
	s := p.paper()
	papers, differences := p.brightness(s), make([]float64, len(p.v))
	for i, v := range p.v {
		differences[i] = v - papers[i]
	}
	t := otsu(histogram(differences, math.Abs))
	var light, dark float64
	for _, d := range differences {
		if d > t {
			light += d
		} else if d < -t {
			dark -= d
		}
	}
	const darkest = 0.1 // of paper, so that a quotient stays small
	for i, d := range differences {
		if light > dark {
			differences[i] = d / max(darkest, 1-papers[i])
		} else {
			differences[i] = -d / max(darkest, papers[i])
		}
	}
	return differences
}

// brightness is the surface at each pixel.
func (p plane) brightness(s surface) []float64 {
	v := make([]float64, len(p.v))
	if s == (surface{s[0]}) {
		for i := range v {
			v[i] = min(1, max(0, s[0]))
		}
		return v
	}
	for y := range p.h {
		for x := range p.w {
			q := p.terms(x, y)
			v[y*p.w+x] = min(1, max(0, s[0]+s[1]*q[1]+s[2]*q[2]+s[3]*q[3]+s[4]*q[4]+s[5]*q[5]))
		}
	}
	return v
}

// strokes removes dirt from the ink and returns the box of the rest.
func (p plane) strokes() image.Rectangle {
	spots := p.spots()
	var largest float64
	for _, s := range spots {
		if s.firm {
			largest = max(largest, s.ink)
		}
	}
	var box image.Rectangle
	for _, s := range spots {
		if s.firm && s.ink >= dust*largest {
			box = box.Union(s.box)
			continue
		}
		for _, i := range s.pixels {
			p.v[i] = 0
		}
	}
	return box
}

// spot is ink that hangs together.
type spot struct {
	pixels []int
	box    image.Rectangle
	ink    float64
	firm   bool
}

func (p plane) spots() (spots []spot) {
	seen := make([]bool, len(p.v))
	for i, v := range p.v {
		if v > faint && !seen[i] {
			spots = append(spots, p.flood(i, seen))
		}
	}
	return spots
}

// flood collects a spot from one of its pixels, over corners too.
func (p plane) flood(i int, seen []bool) spot {
	s := spot{pixels: []int{i}}
	seen[i] = true
	for n := 0; n < len(s.pixels); n++ {
		i := s.pixels[n]
		x, y := i%p.w, i/p.w
		s.box = s.box.Union(image.Rect(x, y, x+1, y+1))
		s.ink += p.v[i]
		s.firm = s.firm || p.v[i] >= firm
		for ny := max(0, y-1); ny <= min(p.h-1, y+1); ny++ {
			for nx := max(0, x-1); nx <= min(p.w-1, x+1); nx++ {
				if j := ny*p.w + nx; p.v[j] > faint && !seen[j] {
					seen[j] = true
					s.pixels = append(s.pixels, j)
				}
			}
		}
	}
	return s
}
