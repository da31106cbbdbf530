package digit

import (
	"image"
	"image/color"
	"math"
)

// Picture is a picture in colour, and an image.Image. It is not changed once it has
// been made: any number of goroutines may use it.
type Picture struct {
	rgba  *image.RGBA
	clear bool // it is transparent somewhere
}

// Size is the picture's width and height.
func (p *Picture) Size() (width, height int) { return p.rgba.Rect.Dx(), p.rgba.Rect.Dy() }

// ColorModel is color.RGBAModel.
func (p *Picture) ColorModel() color.Model { return color.RGBAModel }

// Bounds begin at (0,0).
func (p *Picture) Bounds() image.Rectangle { return p.rgba.Rect }

// At is the colour of a pixel.
func (p *Picture) At(x, y int) color.Color { return p.rgba.RGBAAt(x, y) }

// Scale is the whole picture, stretched to the shape {H, W, C} by averaging
// areas: (H,W,C), with C channels of 1 for luminance or 3 for red, green and
// blue. A picture of that size stays what it is; transparent parts are black.
// It panics on other shapes.
func (p *Picture) Scale(shape [3]int) []uint8 {
	h, w, channels := shape[0], shape[1], shape[2]
	if h < 1 || w < 1 || channels != 1 && channels != 3 {
		panic("digit: Scale to a shape that no image has")
	}
	pixels := make([]uint8, h*w*channels)
	for c := range channels {
		plane := p.plane(w, h, func(px []uint8) float64 {
			if channels == 1 {
				return luminance(px)
			}
			return float64(px[c])
		})
		for i, v := range plane.v {
			pixels[i*channels+c] = uint8(math.Round(min(255, v)))
		}
	}
	return pixels
}

// plane is one value of each pixel, scaled to w x h.
func (p *Picture) plane(w, h int, of func(px []uint8) float64) plane {
	width, height := p.Size()
	row := make([]float64, width)
	return average(width, height, w, h, func(y int) []float64 {
		pix := p.rgba.Pix[y*p.rgba.Stride:]
		for x := range row {
			row[x] = of(pix[4*x : 4*x+3 : 4*x+3])
		}
		return row
	})
}

// plane is a picture of one channel, (H,W).
type plane struct {
	w, h int
	v    []float64
}

func newPlane(w, h int) plane { return plane{w, h, make([]float64, w*h)} }

func (p plane) row(y int) []float64 { return p.v[y*p.w : (y+1)*p.w] }

// average scales sw x sh to w x h: each pixel is the mean of the area that it
// covers. The weights are whole numbers over sw and sh, so that a picture of the
// same size stays what it is.
func average(sw, sh, w, h int, row func(y int) []float64) plane {
	out, narrow := newPlane(w, h), make([]float64, w)
	if sw == w && sh == h { // as folders of pictures have it
		for y := range h {
			copy(out.row(y), row(y))
		}
		return out
	}
	for y := range sh {
		clear(narrow)
		for x, v := range row(y) {
			spread(x, sw, w, func(k int, share float64) { narrow[k] += share * v })
		}
		spread(y, sh, h, func(k int, share float64) {
			for x, v := range narrow {
				out.v[k*w+x] += share * v
			}
		})
	}
	return out
}

// spread says which share of each of n cells pixel i of sn covers.
func spread(i, sn, n int, add func(k int, share float64)) {
	from, to := i*n, (i+1)*n // in units of 1/sn of a cell
	for k := from / sn; k*sn < to; k++ {
		add(k, float64(min(to, (k+1)*sn)-max(from, k*sn))/float64(sn))
	}
}

// crop is a rectangle of a plane, scaled to w x h.
func (p plane) crop(b image.Rectangle, w, h int) plane {
	return average(b.Dx(), b.Dy(), w, h, func(y int) []float64 { return p.row(b.Min.Y + y)[b.Min.X:b.Max.X] })
}
