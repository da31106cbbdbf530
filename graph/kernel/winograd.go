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
	parallel(s.N*g.groups(), func(i int) {
		n, group := i/g.groups(), g.group(i%g.groups())
		v, m, work := borrowMatrices[T](group, s)
		defer giveBack(work)
		transformInput(group, s, imagesOf(x, s.N, n), v)
		of[T]().winograd.products(products[T]{
			a: v, b: u, c: m,
			ahead: nextInputs(g, s, x, i+Threads()), // of the block that this thread is likely to take next
		})
		transformOutput(group, s, m, b, floor, imagesOf(y, s.N, n))
		writeBlanks(group, s, imagesOf(x, s.N, n), b, floor, imagesOf(y, s.N, n))
	})
}

// borrowMatrices are a group's v and m, in memory that is to be given back.
func borrowMatrices[T Float](g tileGroup, s Conv) (v, m matrices[T], work []T) {
	v, m = inputsOf[T](g, s), outputsOf[T](g, s)
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
		from, to := g.images(shard)
		sum := u
		sum.x = imagesOf(du, g.shards(), shard)
		for n := from; n < to; n++ {
			g.winogradImage(n, n > from, turned, sum, imagesOf(db, g.shards(), shard))
		}
	})
	addShards(g.shards(), db, g.db)
	if g.dw != nil {
		addShards(g.shards(), du, u.x)
		transformFilterGrad(g.Conv, u, g.dw)
	}
}

// winogradImage is image n's share, added to du and db, or for a first image
// written to du. Without dw there is no du.
func (g *convGrad[T]) winogradImage(n int, add bool, turned, du matrices[T], db []T) {
	grid, t := gridOf(g.Conv), &of[T]().winograd
	cleared := 0 // rows of dx
	for i := range grid.groups() {
		group := grid.group(i)
		v, m, work := borrowMatrices[T](group, g.Conv)
		transformOutputGrad(group, g, n, m, db)
		next := n*grid.groups() + i + 1
		dy, y := nextOutputs(group, g.Conv, g.dy, n), nextOutputs(group, g.Conv, g.mask(), n)
		gradient := products[T]{a: v, b: m, c: du, transposed: true, add: add || i > 0, ahead: dy, also: y}
		if g.dx != nil { // then what is larger is asked for by the second product, and does not leave the cache again
			gradient.ahead, gradient.also = nextInputs(grid, g.Conv, g.x, next), nextInputs(grid, g.Conv, g.dx, next)
		}
		if g.dw != nil {
			transformInput(group, g.Conv, imagesOf(g.x, g.N, n), v)
			t.products(gradient)
		}
		if g.dx != nil {
			t.products(products[T]{a: m, b: turned, c: v, ahead: dy, also: y})
			dx := imagesOf(g.dx, g.N, n)
			rows := group.inputRows(g.Conv)
			clear(dx[cleared*g.W*g.C : rows*g.W*g.C])
			cleared = rows
			transformInputGrad(group, g.Conv, v, dx)
		}
		giveBack(work)
	}
}
