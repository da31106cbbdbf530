package kernel

// grid is an output image cut into tiles, the last ones of which may overhang.
type grid struct{ across, down int }

func gridOf(s Conv) grid {
	oh, ow := s.Out()
	return grid{ceil(ow, winogradSide), ceil(oh, winogradSide)}
}

// rows is how many rows of tiles a group has.
func (g grid) rows() int { return max(1, winogradTiles/g.across) }

func (g grid) groups() int { return ceil(g.down, g.rows()) }

func (g grid) group(i int) tileGroup {
	return tileGroup{g, i * g.rows(), min(g.down, (i+1)*g.rows())}
}

// tileGroup are rows of tiles that are computed together: a row of each of their
// matrices for each tile.
type tileGroup struct {
	grid
	from, to int
}

func (g tileGroup) tiles() int { return (g.to - g.from) * g.across }

// inputRows is how many rows of an image this group and those before it see: with
// the last one, all.
func (g tileGroup) inputRows(s Conv) int {
	if g.to == g.down {
		return s.H
	}
	return g.to*winogradSide + winogradPatch - winogradSide
}

// each calls whole for the tiles of each row that lie within an image of oh x ow
// outputs, and edge for each that overhangs it. at is a tile's place among the
// group's.
func (g tileGroup) each(oh, ow int, whole func(at, row, tiles int), edge func(at, row, column int)) {
	for row := g.from; row < g.to; row++ {
		at, full := (row-g.from)*g.across, 0
		if (row+1)*winogradSide <= oh {
			full = ow / winogradSide
		}
		if full > 0 {
			whole(at, row, full)
		}
		for column := full; column < g.across; column++ {
			edge(at+column, row, column)
		}
	}
}

// square is a patch of an image: side x side pixels from (row, column) on, of
// which the image has rows x columns.
type square struct{ row, column, side, rows, columns int }

func (g tileGroup) square(row, column, side, h, w int) square {
	s := square{row: row * winogradSide, column: column * winogradSide, side: side}
	s.rows, s.columns = min(side, h-s.row), min(side, w-s.column)
	return s
}

// nextInputs is what block number i reads of a batch of inputs, or writes of their
// gradients.
func nextInputs[T Float](g grid, s Conv, batch []T, i int) []T {
	group := g.group(i % g.groups())
	from := (i/g.groups()*s.H + group.from*winogradSide) * s.W * s.C
	rows := min(s.H-group.from*winogradSide, (group.to-group.from)*winogradSide+2)
	return batch[min(from, len(batch)):min(from+rows*s.W*s.C, len(batch))]
}

// nextOutputs is the part of a batch of outputs that is read after this group of
// image n: the next group's, or nothing behind the last.
func nextOutputs[T Float](g tileGroup, s Conv, batch []T, n int) []T {
	oh, ow := s.Out()
	rows := (g.to - g.from) * winogradSide
	from := (n*oh + g.to*winogradSide) * ow * s.F
	if g.to >= g.down {
		from = (n + 1) * oh * ow * s.F
	}
	return batch[min(from, len(batch)):min(from+rows*ow*s.F, len(batch))]
}

// cut copies a square out of an image of width w, zeros where there is none.
func cut[T Float](q square, image []T, w, channels int, to []T) {
	clear(to)
	for i := range q.rows {
		copy(to[i*q.side*channels:], image[((q.row+i)*w+q.column)*channels:][:q.columns*channels])
	}
}

// paste gives put each row of a square with its place in an image of width w.
func paste[T Float](q square, from, image []T, w, channels int, put func(to, from []T)) {
	for i := range q.rows {
		put(image[((q.row+i)*w+q.column)*channels:][:q.columns*channels], from[i*q.side*channels:][:q.columns*channels])
	}
}

func copyTo[T Float](to, from []T) { copy(to, from) }

// transformInput is v = Bᵀ x B for a group's tiles of an image x (H,W,C).
func transformInput[T Float](g tileGroup, s Conv, x []T, v matrices[T]) {
	oh, ow := s.Out()
	transform := of[T]().winograd.input
	to := patches[T]{channels: s.C, outRow: winogradPatch * v.step, outCol: v.step, outTile: v.width}
	g.each(oh, ow, func(at, row, tiles int) {
		p := to
		p.tiles, p.out = tiles, v.from(0, at, 0)
		p.in, p.inRow, p.inCol, p.inTile = x[row*winogradSide*s.W*s.C:], s.W*s.C, s.C, winogradSide*s.C
		transform(p)
	}, func(at, row, column int) {
		margin := borrow[T](winogradArea * s.C)
		defer giveBack(margin)
		cut(g.square(row, column, winogradPatch, s.H, s.W), x, s.W, s.C, margin)
		p := to
		p.tiles, p.out = 1, v.from(0, at, 0)
		p.in, p.inRow, p.inCol = margin, winogradPatch*s.C, s.C
		transform(p)
	})
}

// transformInputGrad adds B v Bᵀ to a group's part of an image's gradient dx (H,W,C).
func transformInputGrad[T Float](g tileGroup, s Conv, v matrices[T], dx []T) {
	oh, ow := s.Out()
	transform := of[T]().winograd.inputGrad
	from := patches[T]{channels: s.C, inRow: winogradPatch * v.step, inCol: v.step, inTile: v.width}
	g.each(oh, ow, func(at, row, tiles int) {
		p := from
		p.tiles, p.in = tiles, v.from(0, at, 0)
		p.out, p.outRow, p.outCol, p.outTile = dx[row*winogradSide*s.W*s.C:], s.W*s.C, s.C, winogradSide*s.C
		transform(p)
	}, func(at, row, column int) {
		margin := borrow[T](winogradArea * s.C)
		defer giveBack(margin)
		clear(margin)
		p := from
		p.tiles, p.in = 1, v.from(0, at, 0)
		p.out, p.outRow, p.outCol = margin, winogradPatch*s.C, s.C
		transform(p)
		paste(g.square(row, column, winogradPatch, s.H, s.W), margin, dx, s.W, s.C, of[T]().add)
	})
}

// transformOutput is y = Aᵀ m A, with bias, and not below floor, for a group's
// part of an image y (OH,OW,F).
func transformOutput[T Float](g tileGroup, s Conv, m matrices[T], bias []T, floor T, y []T) {
	oh, ow := s.Out()
	transform, whole := of[T]().winograd.output, of[T]().winograd.output
	if streams(s, y) {
		whole = of[T]().winograd.outputStream
	}
	from := patches[T]{
		channels: s.F, inRow: winogradPatch * m.step, inCol: m.step, inTile: m.width,
		panel: m.width, inPanel: m.leap(), bias: bias, floor: floor,
	}
	g.each(oh, ow, func(at, row, tiles int) {
		p := from
		p.tiles, p.in = tiles, m.from(0, at, 0)
		p.out, p.outRow, p.outCol, p.outTile = y[row*winogradSide*ow*s.F:], ow*s.F, s.F, winogradSide*s.F
		whole(p)
	}, func(at, row, column int) {
		margin := borrow[T](winogradSide * winogradSide * s.F)
		defer giveBack(margin)
		p := from
		p.tiles, p.in = 1, m.from(0, at, 0)
		p.out, p.outRow, p.outCol = margin, winogradSide*s.F, s.F
		transform(p)
		paste(g.square(row, column, winogradSide, oh, ow), margin, y, ow, s.F, copyTo[T])
	})
}

// transformOutputGrad is m = A dz Aᵀ for a group's part of image n, and adds
// the sum of dz to db.
func transformOutputGrad[T Float](g tileGroup, c *convGrad[T], n int, m matrices[T], db []T) {
	oh, ow := c.Out()
	transform := of[T]().winograd.outputGrad
	dy, y := imagesOf(c.dy, c.N, n), imagesOf(c.y, c.N, n)
	to := patches[T]{
		channels: c.F, outRow: winogradPatch * m.step, outCol: m.step, outTile: m.width,
		panel: m.width, outPanel: m.leap(), bias: db,
	}
	ones := borrow[T](c.F) // a mask for who has no ReLU
	defer giveBack(ones)
	for i := range ones {
		ones[i] = 1
	}
	to.mask = ones
	g.each(oh, ow, func(at, row, tiles int) {
		p, first := to, row*winogradSide*ow*c.F
		p.tiles, p.out = tiles, m.from(0, at, 0)
		p.in, p.inRow, p.inCol, p.inTile = dy[first:], ow*c.F, c.F, winogradSide*c.F
		if c.relu {
			p.mask, p.maskRow, p.maskCol, p.maskTile = y[first:], p.inRow, p.inCol, p.inTile
		}
		transform(p)
	}, func(at, row, column int) {
		const area = winogradSide * winogradSide
		margin := borrow[T](2 * area * c.F)
		defer giveBack(margin)
		p, q := to, g.square(row, column, winogradSide, oh, ow)
		cut(q, dy, ow, c.F, margin[:area*c.F])
		p.tiles, p.out = 1, m.from(0, at, 0)
		p.in, p.inRow, p.inCol = margin, winogradSide*c.F, c.F
		if c.relu {
			p.mask, p.maskRow, p.maskCol = margin[area*c.F:], p.inRow, p.inCol
			cut(q, y, ow, c.F, p.mask)
		}
		transform(p)
	})
}
