//go:build !purego

package kernel

// The gradient by a convolution's input is convolutions as well: of the output's
// gradients, between margins of zeros, with the filters turned round and their channels
// exchanged. With strides, pixels are told apart by what remains of their places: each
// remainder sees every SH-th row of the filters, and every SW-th column. So there are
// SH·SW convolutions, none of which multiplies zeros that strides leave.

// back is that of one remainder, down and across.
type back struct {
	down, across backAxis
	panels       []float32 // its filters
}

// backAxis is a remainder along one axis.
type backAxis struct {
	taps   int // of the filters
	first  int // pixel of the image
	pixels int // that there are, a stride apart
	margin int // from where in the margins on the first one sees
}

// backAlong is remainder r along an axis of so many pixels, with a filter of k, and
// zeros before.
func backAlong(r, stride, pixels, k, zeros int) backAxis {
	p := max(0, ceil(zeros-r, stride)) // place of the first pixel that is none of the zeros
	taps := max(0, ceil(k-r, stride))
	return backAxis{
		taps:   taps,
		first:  p*stride + r - zeros,
		pixels: max(0, ceil(pixels+zeros-r, stride)-p),
		margin: p + ceil(k, stride) - taps,
	}
}

// backs are the convolutions that give an image's gradient. Their panels are to be
// given back.
func (t *tiles) backs(s Conv, w []float32) (list []back) {
	for r := range s.SH * s.SW {
		b := back{
			down:   backAlong(r/s.SW, s.SH, s.H, s.KH, s.Top),
			across: backAlong(r%s.SW, s.SW, s.W, s.KW, s.Left),
		}
		depth := b.down.taps * b.across.taps * s.F
		turned := borrow[float32](depth * s.C)
		turn(s, r/s.SW, r%s.SW, b, w, turned)
		b.panels = t.packPanels(depth, s.C, turned)
		giveBack(turned)
		list = append(list, b)
	}
	return list
}

// turn writes every SH-th row from u0 on of the filters, and of it every SW-th column
// from v0 on, from last to first, with their channels exchanged.
func turn(s Conv, u0, v0 int, b back, w, turned []float32) {
	size := s.C * s.F
	for u := range b.down.taps {
		for v := range b.across.taps {
			from := (u0+u*s.SH)*s.KW + v0 + v*s.SW
			to := (b.down.taps-1-u)*b.across.taps + b.across.taps - 1 - v
			packTransposed(w[from*size:(from+1)*size], s.F, s.C, s.F, turned[to*size:], s.C)
		}
	}
}

// margins is the size in pixels of an output image between its margins.
func (s Conv) margins() (h, w int) {
	oh, ow := s.Out()
	h = max(oh, (s.H-1+s.Top)/s.SH+1) + ceil(s.KH, s.SH) - 1
	w = max(ow, (s.W-1+s.Left)/s.SW+1) + ceil(s.KW, s.SW) - 1
	return h, w
}

// convolveBack is an image's gradient.
func (t *tiles) convolveBack(s Conv, list []back, dz, dx []float32) {
	oh, ow := s.Out()
	h, w := s.margins()
	margin := borrow[float32](h * w * s.F)
	defer giveBack(margin)
	clear(margin)
	above, left := ceil(s.KH, s.SH)-1, ceil(s.KW, s.SW)-1
	for i := range oh {
		copy(margin[((i+above)*w+left)*s.F:], dz[i*ow*s.F:(i+1)*ow*s.F])
	}
	for _, b := range list {
		down, across := b.down, b.across
		if down.pixels*across.pixels == 0 {
			continue
		}
		from := (down.first*s.W + across.first) * s.C
		if down.taps*across.taps == 0 {
			s.clearBack(b, dx[from:])
			continue
		}
		t.strips(strip{
			repeat: down.pixels, outer: down.taps, inner: across.taps * s.F,
			a: &margin[(down.margin*w+across.margin)*s.F], ai: bytes(s.F), al: bytes(1),
			ao: bytes((w - across.taps) * s.F), ar: bytes(w * s.F),
			ci: bytes(s.SW * s.C), cr: bytes(s.SH * s.W * s.C),
		}, across.pixels, s.C, b.panels, nil, dx[from:])
	}
}

// clearBack writes the gradient of pixels that no filter sees.
func (s Conv) clearBack(b back, dx []float32) {
	for i := range b.down.pixels {
		for j := range b.across.pixels {
			clear(dx[(i*s.SH*s.W+j*s.SW)*s.C:][:s.C])
		}
	}
}
