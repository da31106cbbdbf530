package digit

import (
	"image"
	"math"
)

// What MNIST's images have in common. 59,987 of its 60,000 training images have
// ink whose longer side is 20 pixels; a shift by whole pixels has put the centre
// of mass as close as possible to pixel (14,14).
const (
	Side   = 28
	inkBox = 20
	centre = 14
)

// The ink is looked for in a picture of at most workSide pixels a side.
const workSide = 512

// leastBox is the least side of ink in a picture; a smaller spot is no digit.
const leastBox = 3

// Normalize prepares the picture as MNIST's images were: (28,28), ink from 0
// to 255 on black. Ink may be dark or light, on paper as bright on one side as
// it likes, or thin: a line of a width that MNIST does not have is made as wide
// as its thinnest. The picture is to hold one digit, on paper that reaches the
// picture's rim; of a transparent picture its likely background shows. If there
// is no ink, the image is black and ink is false.
func (p *Picture) Normalize() (pixels []uint8, ink bool) {
	p, pixels = p.opaque(), make([]uint8, Side*Side)
	strokes, box, scale := p.findInk()
	if max(box.Dx(), box.Dy()) < leastBox {
		return pixels, false
	}
	if near := p.around(box, scale); scale < 1 && near.rgba.Rect != p.rgba.Rect { // a closer look
		if closer, closerBox, closerScale := near.findInk(); closerScale > scale && max(closerBox.Dx(), closerBox.Dy()) >= leastBox {
			strokes, box = closer, closerBox
		}
	}
	box = strokes.thicken(box)
	w, h := fitInto(box, inkBox)
	strokes.crop(box, w, h).place(pixels)
	return pixels, true
}

// findInk looks for ink in the picture, made smaller by scale, and for its box,
// which is empty if there is none.
func (p *Picture) findInk() (ink plane, box image.Rectangle, scale float64) {
	grey := p.grey()
	scale = float64(max(grey.w, grey.h)) / float64(max(p.rgba.Rect.Dx(), p.rgba.Rect.Dy()))
	ink, ok := grey.ink()
	if ok {
		box = ink.strokes()
	}
	return ink, box, scale
}

// around is the part of the picture around a box in the picture made smaller by
// scale, with half of its size as paper on each side.
func (p *Picture) around(box image.Rectangle, scale float64) *Picture {
	box = box.Inset(-max(box.Dx(), box.Dy())/2 - 1)
	at := func(v int) int { return int(math.Round(float64(v) / scale)) }
	part := image.Rect(at(box.Min.X), at(box.Min.Y), at(box.Max.X), at(box.Max.Y)).Intersect(p.rgba.Rect)
	return &Picture{rgba: p.rgba.SubImage(part).(*image.RGBA)}
}

// grey is the picture's luminance from 0 to 1, with sides up to workSide.
func (p *Picture) grey() plane {
	w, h := p.Size()
	if max(w, h) > workSide {
		w, h = fitInto(p.rgba.Rect, workSide)
	}
	return p.plane(w, h, func(px []uint8) float64 { return luminance(px) / 255 })
}

// fitInto is the size of a box whose longer side is scaled to side.
func fitInto(b image.Rectangle, side int) (w, h int) {
	longer := max(b.Dx(), b.Dy())
	scaled := func(n int) int { return max(1, (2*n*side+longer)/(2*longer)) }
	return scaled(b.Dx()), scaled(b.Dy())
}

// place puts an image of 20 x 20 or less, at full strength, so into 28 x 28 that
// its centre of mass is on the pixel in the middle, and all of it is inside.
func (p plane) place(pixels []uint8) {
	var sum, sumX, sumY, most float64
	for i, v := range p.v {
		sum, sumX, sumY = sum+v, sumX+v*float64(i%p.w), sumY+v*float64(i/p.w)
		most = max(most, v)
	}
	if sum == 0 {
		return
	}
	shift := func(mean float64, n int) int { return min(Side-n, max(0, int(math.Round(centre-mean)))) }
	left, top := shift(sumX/sum, p.w), shift(sumY/sum, p.h)
	for i, v := range p.v {
		pixels[(top+i/p.w)*Side+left+i%p.w] = uint8(math.Round(255 * v / most))
	}
}
