//go:build !purego

package kernel

// Convolution without a copy of the patches: within a row of an image, the
// patches of neighbouring pixels overlap, so the image itself is the first
// operand of a matrix product whose rows are C numbers apart, and whose k runs
// over KW·C neighbours in each of KH rows of pixels.

func (t *tiles) convolve(s Conv, x, w, b, y []float32, relu bool) {
	panels := t.packPanels(s.patch(), s.F, w)
	defer giveBack(panels)
	oh, _ := s.Out()
	chunks := ceil(oh, rowsPerChunk)
	parallel(s.N*chunks, func(i int) {
		n, from := i/chunks, i%chunks*rowsPerChunk
		t.convolveRows(s, from, min(oh, from+rowsPerChunk), imagesOf(x, s.N, n), panels, b, imagesOf(y, s.N, n), relu)
	})
}

// rowsPerChunk is how many rows of an output image a block computes.
const rowsPerChunk = 8

// convolveRows computes rows from ... to of an image. A nil bias is none.
func (t *tiles) convolveRows(s Conv, from, to int, x, panels, bias, y []float32, relu bool) {
	_, ow := s.Out()
	one := strip{
		repeat: to - from, outer: s.KH, inner: s.KW * s.C,
		a: &x[from*s.W*s.C], ai: bytes(s.C), al: bytes(1), ao: bytes((s.W - s.KW) * s.C), ar: bytes(s.W * s.C),
		bl: bytes(t.columns()), ci: bytes(s.F), cr: bytes(ow * s.F),
	}
	if relu {
		one.flags = flagReLU
	}
	if streams(s, y) { // not gradients, which come as a batch of one image and are read soon
		one.flags |= flagStream
	}
	for f := 0; f < s.F; f += t.columns() {
		one.b, one.c = &panels[f*s.patch()], &y[from*ow*s.F+f]
		if bias != nil {
			one.bias = &bias[f]
		}
		t.multiply(one, t.tallest(), ow, min(t.columns(), s.F-f))
	}
}

// convolveGrad computes the gradients in shards of images. That by the input
// is a convolution of the gradients, between margins of zeros, with the filters
// turned round and their channels exchanged.
func (t *tiles) convolveGrad(g *convGrad[float32]) {
	var panels []float32
	back := g.backwards()
	if g.dx != nil {
		turned := borrow[float32](len(g.w))
		defer giveBack(turned)
		turn(g.Conv, g.w, turned)
		panels = t.packPanels(back.patch(), back.F, turned)
		defer giveBack(panels)
	}
	shards := g.shards()
	dw, db := borrow[float32](shards*len(g.dw)), borrow[float32](shards*len(g.db))
	defer giveBack(dw)
	defer giveBack(db)
	parallel(shards, func(shard int) {
		_, ny := g.image()
		dz := borrow[float32](ny + room)
		defer giveBack(dz)
		from, to := g.images(shard)
		for n := from; n < to; n++ {
			g.dz(n, dz)
			dy, y := g.imageAfter(g.dy, n), g.imageAfter(g.mask(), n)
			if g.dw != nil {
				t.addProducts(g.Conv, imagesOf(g.x, g.N, n), dz, imagesOf(dw, shards, shard), n > from, dy, y)
			}
			if g.db != nil {
				t.addRows(ny/g.F, g.F, dz, imagesOf(db, shards, shard), n > from)
			}
			if g.dx != nil {
				t.convolveBack(g.Conv, back, dz, panels, imagesOf(g.dx, g.N, n))
			}
		}
	})
	addShards(shards, dw, g.dw)
	addShards(shards, db, g.db)
}

// imageAfter is the image of a batch that follows image n, or nothing.
func (g *convGrad[T]) imageAfter(batch []T, n int) []T {
	if n+1 == g.N || batch == nil {
		return nil
	}
	return imagesOf(batch, g.N, n+1)
}

// backwards is the convolution that gives an image's gradient.
func (s Conv) backwards() Conv {
	return Conv{N: 1, H: s.H + s.KH - 1, W: s.W + s.KW - 1, C: s.F, KH: s.KH, KW: s.KW, F: s.C}
}

// turn writes w[KH-1-u,KW-1-v,c,f] as turned[u,v,f,c].
func turn(s Conv, w, turned []float32) {
	area := s.KH * s.KW
	for uv := range area {
		packTransposed(w[(area-1-uv)*s.C*s.F:], s.F, s.C, s.F, turned[uv*s.C*s.F:], s.C)
	}
}

// convolveBack is an image's gradient.
func (t *tiles) convolveBack(s, back Conv, dz, panels, dx []float32) {
	oh, ow := s.Out()
	margin := borrow[float32](back.H * back.W * back.C)
	defer giveBack(margin)
	clear(margin)
	for i := range oh {
		copy(margin[((i+s.KH-1)*back.W+s.KW-1)*s.F:], dz[i*ow*s.F:(i+1)*ow*s.F])
	}
	t.convolveRows(back, 0, s.H, margin, panels, nil, dx, false)
}

// addProducts is one image's share of a filter's gradient: for each row of the
// filter a product as deep as the image has pixels. Behind dz there is room. What
// stands in ahead and also will be read next.
func (t *tiles) addProducts(s Conv, x, dz, dw []float32, add bool, ahead, also []float32) {
	oh, ow := s.Out()
	one := strip{
		repeat: s.KH, outer: oh, inner: ow,
		a: &x[0], ai: bytes(1), al: bytes(s.C), ao: bytes((s.W - ow) * s.C), ar: bytes(s.W * s.C),
		bl: bytes(s.F), ci: bytes(s.F), cr: bytes(s.KW * s.C * s.F),
	}
	if add {
		one.flags = flagAdd
	}
	for f := 0; f < s.F; f += t.columns() {
		one.b, one.c = &dz[f], &dw[f]
		t.share(&one, s.KW*s.C, s.F, f, ahead, also)
		t.multiply(one, t.tallest(), s.KW*s.C, min(t.columns(), s.F-f))
	}
}

// addRows sums the rows of x (n,o), behind which there is room, as a product
// with a row of ones.
func (t *tiles) addRows(n, o int, x, sum []float32, add bool) {
	s := strip{repeat: 1, outer: 1, inner: n, a: &one, bl: bytes(o)}
	if add {
		s.flags = flagAdd
	}
	for j := 0; j < o; j += t.columns() {
		s.b, s.c = &x[j], &sum[j]
		t.multiply(s, 1, 1, min(t.columns(), o-j))
	}
}

var one float32 = 1

// sumRows leaves what does not fill a vector to the generic loop.
func (t *tiles) sumRows(n, o int, x, sum []float32) {
	whole := o &^ (t.width - 1)
	if whole > 0 {
		s := strip{repeat: 1, outer: 1, inner: n, a: &one, bl: bytes(o)}
		for j := 0; j < whole; j += t.columns() {
			s.b, s.c = &x[j], &sum[j]
			t.multiply(s, 1, 1, min(t.columns(), whole-j))
		}
	}
	if whole < o {
		clear(sum[whole:])
		for i := range n {
			genericAdd(sum[whole:], x[i*o+whole:(i+1)*o])
		}
	}
}
