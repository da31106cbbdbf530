package kernel

import "math"

// Winograd's convolution F(4x4,3x3) (Lavin and Gray, 2016): 4 x 4 outputs from
// 6 x 6 inputs with 36 multiplications a channel and filter where the plain
// loop needs 144,
//
//	y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A
//
// summed over the channels before A, which makes 36 matrix products of the
// middle. The gradients are the exact adjoint, through the same matrices:
//
//	dm = A dz Aᵀ,  dw = Gᵀ (Σ (Bᵀ x B) ⊙ dm) G,  dx = B (dm ⊙ (G w Gᵀ)) Bᵀ
//
// The matrices come of the points 0, ±a, ±b and infinity with a = 3/4 and
// b = 3/2: with the customary 1 and 2 the rounding error is twice as large.
// Here are the 36 products and what surrounds them; the six transforms are in
// winograd_generic.go, and as assembly in _asm/winograd.go; winograd_matrices.go
// says how the matrices stand in memory.
const (
	winogradSide  = 4 // of a tile of outputs
	winogradPatch = 6 // of the inputs that it sees
	winogradArea  = winogradPatch * winogradPatch
	winogradTiles = 18 // of a block at most, or one row of tiles: what fits the second-level cache
	winogradPad   = 16 // keeps the 36 matrices apart in the cache
)

// transforms are what an implementation brings along for Winograd.
type transforms[T Float] struct {
	filter, filterGrad, input, inputGrad, output, outputGrad func(p patches[T])
	products                                                 func(p products[T])
	panel                                                    int // columns of a panel of matrices; 0 for all

	// outputStream is output past the caches, for results so large that whoever
	// reads them will not find them there. It needs whole, aligned cache lines.
	outputStream func(p patches[T])
}

// patches are squares of pixels, the columns' tiles side by side, and where
// they go; steps are in elements. Each channel is transformed by itself:
//
//	for t := range tiles {
//		from, to := c + c/panel·inPanel, c + c/panel·outPanel // a panel of 0 is all channels
//		out[t·outTile + i·outRow + j·outCol + to] = transformed(in[t·inTile + i·inRow + j·inCol + from])
//	}
type patches[T Float] struct {
	tiles, channels          int
	in                       []T
	inRow, inCol, inTile     int
	out                      []T
	outRow, outCol, outTile  int
	panel, inPanel, outPanel int

	// The output's: bias is added, floor is the least that is stored. The
	// output gradient's: inputs count where the mask is above 0, bias grows by
	// what counts.
	bias                       []T
	floor                      T
	mask                       []T
	maskRow, maskCol, maskTile int
}

// products are 36 matrix products, c = a·b, or c += a·b, or of a transposed, which
// then is one panel. What stands in ahead and also will be read next: the cache may
// be asked for it.
type products[T Float] struct {
	a, b, c         matrices[T]
	transposed, add bool
	ahead, also     []T
}

// room is what is left free behind a matrix for who reads whole vectors.
const room = 32

// winograd is Convolve.
func winograd[T Float](s Conv, x, w, b, y []T, relu bool) {
	u := filtersOf[T](s)
	u.x = borrow[T](u.size() + room)
	defer giveBack(u.x)
	transformFilter(s, w, u)
	floor := T(math.Inf(-1))
	if relu {
		floor = 0
	}
	g := gridOf(s)
	parallel(g.blocks(s.N), func(i int) {
		block := g.block(i, 0, s.N)
		v, m, work := borrowMatrices[T](block, s)
		defer giveBack(work)
		transformInput(block, s, x, v)
		of[T]().winograd.products(products[T]{
			a: v, b: u, c: m,
			ahead: inputs(g.block(i+Threads(), 0, s.N), s, x), // of the block that this thread is likely to take next
		})
		transformOutput(block, s, m, b, floor, y)
		writeBlanks(block, s, x, b, floor, y)
	})
}

// borrowMatrices are a block's v and m, in memory that is to be given back.
func borrowMatrices[T Float](b tileBlock, s Conv) (v, m matrices[T], work []T) {
	v, m = inputsOf[T](b, s), outputsOf[T](b, s)
	work = borrow[T](v.size() + m.size() + room)
	v.x, m.x = work[:v.size()], work[v.size():]
	return v, m, work
}

// filterRows is how many rows of filters are transformed at a time.
const filterRows = 8

// transformFilter is u = G w Gᵀ.
func transformFilter[T Float](s Conv, w []T, u matrices[T]) {
	size := s.C * s.F
	spans(s.C, filterRows, func(from, to int) {
		of[T]().winograd.filter(patches[T]{
			tiles: to - from, channels: s.F,
			in: w[from*s.F:], inTile: s.F, inRow: 3 * size, inCol: size,
			out: u.from(0, from, 0), outTile: u.width, outRow: winogradPatch * u.step, outCol: u.step,
			panel: u.width, outPanel: u.leap(),
		})
	})
}

// transformFilterGrad is dw = Gᵀ du G.
func transformFilterGrad[T Float](s Conv, du matrices[T], dw []T) {
	size := s.C * s.F
	spans(s.C, filterRows, func(from, to int) {
		of[T]().winograd.filterGrad(patches[T]{
			tiles: to - from, channels: s.F,
			in: du.from(0, from, 0), inTile: du.width, inRow: winogradPatch * du.step, inCol: du.step,
			out: dw[from*s.F:], outTile: s.F, outRow: 3 * size, outCol: size,
			panel: du.width, inPanel: du.leap(),
		})
	})
}

// winograd is ConvolveGrad.
func (g *convGrad[T]) winograd() {
	u, turned := filtersOf[T](g.Conv), turnedOf[T](g.Conv)
	u.x, turned.x = borrow[T](u.size()), borrow[T](turned.size()+room)
	defer giveBack(u.x)
	defer giveBack(turned.x)
	if g.dx != nil {
		transformFilter(g.Conv, g.w, u)
		parallel(winogradArea, func(i int) { turnMatrix(i, u, turned) })
	}
	sums := 0 // of du; db is a by-product of the transform, wanted or not
	if g.dw != nil {
		sums = g.shards() * u.size()
	}
	du, db := borrow[T](sums), borrow[T](g.shards()*g.F)
	defer giveBack(du)
	defer giveBack(db)
	clear(db)
	parallel(g.shards(), func(shard int) {
		sum := u
		sum.x = imagesOf(du, g.shards(), shard)
		g.winogradShard(shard, turned, sum, imagesOf(db, g.shards(), shard))
	})
	addShards(g.shards(), db, g.db)
	if g.dw != nil {
		addShards(g.shards(), du, u.x)
		transformFilterGrad(g.Conv, u, g.dw)
	}
}

// winogradShard is a shard's share, which writes du and adds to db. Without dw there is
// no du.
func (g *convGrad[T]) winogradShard(shard int, turned, du matrices[T], db []T) {
	grid := gridOf(g.Conv)
	from, to := g.images(shard)
	var frame []T
	if g.dx != nil && grid.framed(g.Conv) {
		h, w := grid.sees(grid.down)
		frame = borrow[T](h * w * g.C)
		defer giveBack(frame)
	}
	for i := range grid.blocks(to - from) {
		g.winogradBlock(grid.block(i, from, to), grid.block(i+1, from, to), i > 0, turned, du, db, frame)
	}
}

// winogradBlock is a block's share, added to du and db, or at first written to du. The
// block after it is read next.
func (g *convGrad[T]) winogradBlock(b, next tileBlock, add bool, turned, du matrices[T], db, frame []T) {
	t := &of[T]().winograd
	v, m, work := borrowMatrices[T](b, g.Conv)
	defer giveBack(work)
	transformOutputGrad(b, g, m, db)
	var dy, y []T
	if b.to < b.down {
		dy, y = outputs(next, g.Conv, g.dy), outputs(next, g.Conv, g.mask())
	}
	gradient := products[T]{a: v, b: m, c: du, transposed: true, add: add, ahead: dy, also: y}
	if g.dx != nil { // then what is larger is asked for by the second product, and does not leave the cache again
		gradient.ahead, gradient.also = inputs(next, g.Conv, g.x), inputs(next, g.Conv, g.dx)
	}
	if g.dw != nil {
		transformInput(b, g.Conv, g.x, v)
		t.products(gradient)
	}
	if g.dx != nil {
		t.products(products[T]{a: m, b: turned, c: v, ahead: dy, also: y})
		transformInputGrad(b, g.Conv, v, g.dx, frame)
	}
}
