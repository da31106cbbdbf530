//go:build !purego

package kernel

// Convolution without a copy of the patches: within a row of an image, the
// patches of neighbouring pixels overlap, so the image itself is the first
// operand of a matrix product whose rows are SW·C numbers apart, and whose k runs
// over KW·C neighbours in each of KH rows of pixels. Only an image that zeros stand
// around is copied, to between them.

func (t *tiles) convolve(s Conv, x, w, b, y []float32, relu bool) {
	s = s.whole()
	if s.pointwise() {
		slidePoints(s, x, w, b, y, relu)
		return
	}
	panels := t.packPanels(s.patch(), s.F, w)
	defer giveBack(panels)
	flags := 0
	if relu {
		flags = flagReLU
	}
	if streams(s, y) {
		flags |= flagStream
	}
	oh, ow := s.Out()
	chunks := ceil(oh, rowsPerChunk)
	parallel(s.N*chunks, func(i int) {
		n, from := i/chunks, i%chunks*rowsPerChunk
		to := min(oh, from+rowsPerChunk)
		part, rows, frame := s.between(from, to, imagesOf(x, s.N, n))
		t.convolveRows(part, to-from, rows, panels, b, imagesOf(y, s.N, n)[from*ow*s.F:], flags)
		giveBack(frame)
	})
}

// rowsPerChunk is how many rows of an output image a block computes.
const rowsPerChunk = 8

// between are the rows of an image that rows from ... to of the output see, between
// their zeros, and the shape of that. If there are zeros, it is a copy in memory that
// is to be given back.
func (s Conv) between(from, to int, x []float32) (part Conv, rows, frame []float32) {
	first := from * s.SH
	if !s.pads() {
		return s, x[first*s.W*s.C:], nil
	}
	part = s.padded()
	part.H = (to-from-1)*s.SH + s.KH
	size, left, right := part.W*s.C, s.Left*s.C, (s.Left+s.W)*s.C
	frame = borrow[float32](part.H * size)
	for i := range part.H {
		line, row := frame[i*size:(i+1)*size], first+i-s.Top
		if row < 0 || row >= s.H {
			clear(line)
			continue
		}
		clear(line[:left])
		copy(line[left:right], x[row*s.W*s.C:])
		clear(line[right:])
	}
	return part, frame, frame
}

// convolveRows computes the first rows of an output image. A nil bias is none.
func (t *tiles) convolveRows(s Conv, rows int, x, panels, bias, y []float32, flags int) {
	_, ow := s.Out()
	t.strips(strip{
		repeat: rows, outer: s.KH, inner: s.KW * s.C,
		a: &x[0], ai: bytes(s.SW * s.C), al: bytes(1), ao: bytes((s.W - s.KW) * s.C), ar: bytes(s.SH * s.W * s.C),
		ci: bytes(s.F), cr: bytes(ow * s.F), flags: flags,
	}, ow, s.F, panels, bias, y)
}

// strips computes rows x columns of c again and again, from panels.
func (t *tiles) strips(one strip, rows, columns int, panels, bias, c []float32) {
	one.bl = bytes(t.columns())
	for f := 0; f < columns; f += t.columns() {
		one.b, one.c = &panels[f*one.outer*one.inner], &c[f]
		if bias != nil {
			one.bias = &bias[f]
		}
		t.multiply(one, t.tallest(), rows, min(t.columns(), columns-f))
	}
}

// convolveGrad computes the gradients in shards of images.
func (t *tiles) convolveGrad(g *convGrad[float32]) {
	g.Conv = g.inOneRow()
	var backs []back
	if g.dx != nil {
		backs = t.backs(g.Conv, g.w)
	}
	shards := g.shards()
	dw, db := borrow[float32](shards*len(g.dw)), borrow[float32](shards*len(g.db))
	defer giveBack(dw)
	defer giveBack(db)
	oh, _ := g.Out()
	parallel(shards, func(shard int) {
		_, ny := g.image()
		dz := borrow[float32](ny + room)
		defer giveBack(dz)
		from, to := g.images(shard)
		for n := from; n < to; n++ {
			g.dz(n, dz)
			dy, y := g.imageAfter(g.dy, n), g.imageAfter(g.mask(), n)
			if g.dw != nil {
				part, x, frame := g.between(0, oh, imagesOf(g.x, g.N, n))
				t.addProducts(part, x, dz, imagesOf(dw, shards, shard), n > from, dy, y)
				giveBack(frame)
			}
			if g.db != nil {
				t.addRows(ny/g.F, g.F, dz, imagesOf(db, shards, shard), n > from)
			}
			if g.dx != nil {
				t.convolveBack(g.Conv, backs, dz, imagesOf(g.dx, g.N, n))
			}
		}
	})
	for _, b := range backs {
		giveBack(b.panels)
	}
	addShards(shards, dw, g.dw)
	addShards(shards, db, g.db)
}

// inOneRow is the shape with all pixels in one row, if filters do not tell rows apart:
// long rows fill tiles best.
func (s Conv) inOneRow() Conv {
	s = s.whole()
	if s.pointwise() && s.SH*s.SW == 1 {
		s.H, s.W = 1, s.H*s.W
	}
	return s
}

// imageAfter is the image of a batch that follows image n, or nothing.
func (g *convGrad[T]) imageAfter(batch []T, n int) []T {
	if n+1 == g.N || batch == nil {
		return nil
	}
	return imagesOf(batch, g.N, n+1)
}

// addProducts is one image's share of a filter's gradient: for each row of the
// filter a product as deep as the output has pixels. Behind dz there is room. What
// stands in ahead and also will be read next.
func (t *tiles) addProducts(s Conv, x, dz, dw []float32, add bool, ahead, also []float32) {
	oh, ow := s.Out()
	one := strip{
		repeat: s.KH, outer: oh, inner: ow,
		a: &x[0], ai: bytes(1), al: bytes(s.SW * s.C), ao: bytes((s.SH*s.W - ow*s.SW) * s.C), ar: bytes(s.W * s.C),
		bl: bytes(s.F), ci: bytes(s.F), cr: bytes(s.KW * s.C * s.F),
	}
	if add {
		one.flags = flagAdd
	}
	var panel []float32
	if s.F > t.columns() && s.KW*s.C > t.tallest() {
		panel = borrow[float32](oh * ow * t.columns())
		defer giveBack(panel)
	}
	for f := 0; f < s.F; f += t.columns() {
		columns := min(t.columns(), s.F-f)
		one.b, one.c = &dz[f], &dw[f]
		if panel != nil { // which many tiles read; rows of dz may all fall into a few sets of the first-level cache
			t.pack(dz[f:], s.F, oh*ow, columns, panel)
			one.b, one.bl = &panel[0], bytes(t.columns())
		}
		t.share(&one, s.KW*s.C, s.F, f, ahead, also)
		t.multiply(one, t.tallest(), s.KW*s.C, columns)
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
