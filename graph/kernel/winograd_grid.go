package kernel

// grid is an output image cut into tiles, the last ones of which may overhang. Of a
// plain shape each image is alone in its blocks, though it have few tiles: its sums are
// those of the runs that older versions began.
type grid struct {
	across, down int
	alone        bool
}

func gridOf(s Conv) grid {
	oh, ow := s.Out()
	return grid{ceil(ow, winogradSide), ceil(oh, winogradSide), s.plain()}
}

// rows is how many rows of tiles a block has of an image, and images how many images:
// several where one has few tiles, whole then.
func (g grid) rows() int { return max(1, winogradTiles/g.across) }

func (g grid) images() int {
	if g.alone {
		return 1
	}
	return max(1, winogradTiles/(g.across*g.down))
}

func (g grid) groups() int { return ceil(g.down, g.rows()) }

// blocks is how many blocks so many images are.
func (g grid) blocks(images int) int { return ceil(images, g.images()) * g.groups() }

// block is number i of those of images from ... to.
func (g grid) block(i, from, to int) tileBlock {
	first, row := from+i/g.groups()*g.images(), i%g.groups()*g.rows()
	return tileBlock{g, first, min(to, first+g.images()), row, min(g.down, row+g.rows())}
}

// sees is the size in pixels of what so many rows of tiles see.
func (g grid) sees(rows int) (h, w int) {
	const around = winogradPatch - winogradSide
	return rows*winogradSide + around, g.across*winogradSide + around
}

// framed says whether tiles see more than an image is: they are computed in a copy
// then, which has zeros there.
func (g grid) framed(s Conv) bool {
	h, w := g.sees(g.down)
	return s.H != h || s.W != w
}

// overhangs says whether tiles are more than an output is.
func (g grid) overhangs(s Conv) bool {
	oh, ow := s.Out()
	return oh != g.down*winogradSide || ow != g.across*winogradSide
}

// tileBlock are tiles that are computed together, a row of each of their matrices for
// each tile: rows of tiles of one image, or all of several.
type tileBlock struct {
	grid
	first, last int // images
	from, to    int // rows of tiles
}

// part is how many tiles are an image's, and tiles how many all are.
func (b tileBlock) part() int  { return (b.to - b.from) * b.across }
func (b tileBlock) tiles() int { return (b.last - b.first) * b.part() }

// place is where an image's tiles begin that are in a row.
func (b tileBlock) place(n, row int) int { return (n-b.first)*b.part() + (row-b.from)*b.across }

// inputs is what this block reads of a batch of inputs, or writes of their gradients.
func inputs[T Float](b tileBlock, s Conv, batch []T) []T {
	h, _ := b.sees(b.to)
	return rowsOf(batch, s.W*s.C, b.first*s.H+max(0, b.from*winogradSide-s.Top), (b.last-1)*s.H+min(s.H, h-s.Top))
}

// outputs is what it writes of a batch of outputs, or reads of their gradients.
func outputs[T Float](b tileBlock, s Conv, batch []T) []T {
	oh, ow := s.Out()
	return rowsOf(batch, ow*s.F, b.first*oh+b.from*winogradSide, (b.last-1)*oh+min(oh, b.to*winogradSide))
}

// rowsOf is rows from ... to of a batch, as far as there are any.
func rowsOf[T Float](batch []T, row, from, to int) []T {
	from = min(from*row, len(batch))
	return batch[from:max(from, min(to*row, len(batch)))]
}

// enter copies what the block sees of an image x (H,W,C) to a frame.
func enter[T Float](b tileBlock, s Conv, x, frame []T) {
	h, w := b.sees(b.to - b.from)
	from, to := s.Left*s.C, (s.Left+s.W)*s.C
	for i := range h {
		line, row := frame[i*w*s.C:(i+1)*w*s.C], b.from*winogradSide+i-s.Top
		if row < 0 || row >= s.H {
			clear(line)
			continue
		}
		clear(line[:from])
		copy(line[from:to], x[row*s.W*s.C:])
		clear(line[to:])
	}
}

// leave copies an image from within its frame.
func leave[T Float](g grid, s Conv, frame, x []T) {
	_, w := g.sees(g.down)
	for i := range s.H {
		copy(x[i*s.W*s.C:(i+1)*s.W*s.C], frame[((s.Top+i)*w+s.Left)*s.C:])
	}
}

// transformInput is v = Bᵀ x B for a block's tiles of images x (N,H,W,C).
func transformInput[T Float](b tileBlock, s Conv, x []T, v matrices[T]) {
	transform := of[T]().winograd.input
	p := patches[T]{
		channels: s.C, tiles: b.across, outRow: winogradPatch * v.step, outCol: v.step, outTile: v.width,
		inCol: s.C, inTile: winogradSide * s.C,
	}
	h, w := b.sees(b.to - b.from)
	framed, from := b.framed(s), 0
	var frame []T
	if framed {
		frame = borrow[T](h * w * s.C)
		defer giveBack(frame)
		from = b.from // where the frame begins
	}
	p.inRow = w * s.C
	for n := b.first; n < b.last; n++ {
		image := imagesOf(x, s.N, n)
		if framed {
			enter(b, s, image, frame)
			image = frame
		}
		for row := b.from; row < b.to; row++ {
			p.in, p.out = image[(row-from)*winogradSide*p.inRow:], v.from(0, b.place(n, row), 0)
			transform(p)
		}
	}
}

// transformInputGrad adds B v Bᵀ to a block's part of the gradient dx (N,H,W,C), which
// is cleared from the first row on that no block before it has seen. A frame, if there
// is one, is an image's, and is kept from a block of it to the next.
func transformInputGrad[T Float](b tileBlock, s Conv, v matrices[T], dx, frame []T) {
	transform := of[T]().winograd.inputGrad
	first, last := 0, 0
	if b.from > 0 {
		first, _ = b.sees(b.from)
	}
	last, w := b.sees(b.to)
	p := patches[T]{
		channels: s.C, tiles: b.across, inRow: winogradPatch * v.step, inCol: v.step, inTile: v.width,
		outRow: w * s.C, outCol: s.C, outTile: winogradSide * s.C,
	}
	for n := b.first; n < b.last; n++ {
		image := imagesOf(dx, s.N, n)
		to := image
		if frame != nil {
			to = frame
		}
		clear(to[first*p.outRow : last*p.outRow])
		for row := b.from; row < b.to; row++ {
			p.in, p.out = v.from(0, b.place(n, row), 0), to[row*winogradSide*p.outRow:]
			transform(p)
		}
		if frame != nil && b.to == b.down {
			leave(b.grid, s, frame, image)
		}
	}
}

// transformOutput is y = Aᵀ m A, with bias, and not below floor, for a block's part of
// the outputs y (N,OH,OW,F).
func transformOutput[T Float](b tileBlock, s Conv, m matrices[T], bias []T, floor T, y []T) {
	oh, ow := s.Out()
	transform := of[T]().winograd.output
	if streams(s, y) {
		transform = of[T]().winograd.outputStream
	}
	p := patches[T]{
		channels: s.F, tiles: b.across, inRow: winogradPatch * m.step, inCol: m.step, inTile: m.width,
		panel: m.width, inPanel: m.leap(), bias: bias, floor: floor,
		outRow: ow * s.F, outCol: s.F, outTile: winogradSide * s.F,
	}
	var whole []T // of a row of tiles
	if b.overhangs(s) {
		p.outRow = b.across * winogradSide * s.F
		whole = borrow[T](winogradSide * p.outRow)
		defer giveBack(whole)
		transform = of[T]().winograd.output
	}
	for n := b.first; n < b.last; n++ {
		for row := b.from; row < b.to; row++ {
			image := imagesOf(y, s.N, n)[row*winogradSide*ow*s.F:]
			p.in, p.out = m.from(0, b.place(n, row), 0), image
			if whole != nil {
				p.out = whole
			}
			transform(p)
			if whole != nil {
				copyLines(min(winogradSide, oh-row*winogradSide), ow*s.F, whole, p.outRow, image, ow*s.F)
			}
		}
	}
}

// copyLines copies so many rows, which are apart by one step there and by another here.
func copyLines[T Float](rows, width int, from []T, there int, to []T, here int) {
	for i := range rows {
		copy(to[i*here:i*here+width], from[i*there:])
	}
}

// transformOutputGrad is m = A dz Aᵀ for a block's part of the gradients, and adds the
// sum of dz to db.
func transformOutputGrad[T Float](b tileBlock, c *convGrad[T], m matrices[T], db []T) {
	oh, ow := c.Out()
	transform := of[T]().winograd.outputGrad
	ones := borrow[T](c.F) // a mask for who has no ReLU, or has taken it into account
	defer giveBack(ones)
	for i := range ones {
		ones[i] = 1
	}
	p := patches[T]{
		channels: c.F, tiles: b.across, outRow: winogradPatch * m.step, outCol: m.step, outTile: m.width,
		panel: m.width, outPanel: m.leap(), bias: db, mask: ones,
		inRow: ow * c.F, inCol: c.F, inTile: winogradSide * c.F,
	}
	var whole []T // of a row of tiles
	if b.overhangs(c.Conv) {
		p.inRow = b.across * winogradSide * c.F
		whole = borrow[T](winogradSide * p.inRow)
		defer giveBack(whole)
		clear(whole)
	} else if c.relu {
		p.maskRow, p.maskCol, p.maskTile = p.inRow, p.inCol, p.inTile
	}
	for n := b.first; n < b.last; n++ {
		dy, y := imagesOf(c.dy, c.N, n), imagesOf(c.y, c.N, n)
		for row := b.from; row < b.to; row++ {
			first := row * winogradSide * ow * c.F
			p.in, p.out = dy[first:], m.from(0, b.place(n, row), 0)
			if whole != nil {
				c.dzRows(min(winogradSide, oh-row*winogradSide), ow*c.F, dy[first:], y[first:], whole, p.inRow)
				p.in = whole
			} else if c.relu {
				p.mask = y[first:]
			}
			transform(p)
		}
	}
}

// dzRows is dz of rows of an image of gradients, which stand apart by a step there; what
// is below them there is cleared.
func (g *convGrad[T]) dzRows(rows, width int, dy, y, dz []T, step int) {
	for i := range rows {
		line, from, to := dz[i*step:i*step+width], i*width, (i+1)*width
		if g.relu {
			of[T]().reluGrad(line, dy[from:to], y[from:to])
		} else {
			copy(line, dy[from:to])
		}
	}
	clear(dz[rows*step:])
}
