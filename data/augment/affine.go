package augment

import (
	"math"

	"stheno/data/unfused"
)

// inverse is where pixel (x,y) of a distorted image comes from:
//
//	(x0 + xx·x + xy·y, y0 + yx·x + yy·y)
type inverse struct{ x0, xx, xy, y0, yx, yy float64 }

// draw draws a map of images of a size. It takes six values off the stream,
// whether they are asked for or not: what follows does not depend on them.
func (a Affine) draw(random *stream, height, width int) inverse {
	angle := random.within(a.Rotate) * math.Pi / 180
	shear := random.within(a.Shear)
	sx, sy := 1+random.within(a.Scale), 1+random.within(a.Scale)
	tx, ty := random.within(a.Shift), random.within(a.Shift)

	// The inverse of R·S·Z, read from the right: turn back, shear back, scale back.
	sin, cos := unfused.Sincos(angle)
	m := inverse{
		xx: (cos + float64(shear*sin)) / sx, xy: (sin - float64(shear*cos)) / sx,
		yx: -sin / sy, yy: cos / sy,
	}
	cx, cy := float64(width-1)/2, float64(height-1)/2
	m.x0 = cx - float64(m.xx*(cx+tx)) - float64(m.xy*(cy+ty))
	m.y0 = cy - float64(m.yx*(cx+tx)) - float64(m.yy*(cy+ty))
	return m
}
