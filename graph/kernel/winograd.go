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
// winograd_generic.go, and as assembly in _asm/winograd.go.
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

	// outputStream is output past the caches, for results so large that whoever
	// reads them will not find them there. It needs whole, aligned cache lines.
	outputStream func(p patches[T])
}

// patches are squares of pixels, the columns' tiles side by side, and where
// they go; steps are in elements. Each channel is transformed by itself:
//
//	for t := range tiles {
//		out[t·outTile + i·outRow + j·outCol + c] = transformed(in[t·inTile + i·inRow + j·inCol + c])
//	}
type patches[T Float] struct {
	tiles, channels         int
	in                      []T
	inRow, inCol, inTile    int
	out                     []T
	outRow, outCol, outTile int

	// The output's: bias is added, floor is the least that is stored. The
	// output gradient's: inputs count where the mask is above 0, bias grows by
	// what counts.
	bias                       []T
	floor                      T
	mask                       []T
	maskRow, maskCol, maskTile int
}

// products are matrix products one after the other, c = a·b or c += a·b; steps
// are in elements. Behind each b there is room to read a vector more. What
// stands in ahead and also will be read next: the cache may be asked for it.
type products[T Float] struct {
	count, m, n, k int
	a              []T
	ai, al, ax     int
	b              []T
	bl, bx         int
	c              []T
	ci, cx         int
	add            bool
	ahead, also    []T
}

// room is what is left free behind a matrix for who reads whole vectors.
const room = 32

// winograd is Convolve.
func winograd[T Float](s Conv, x, w, b, y []T, relu bool) {
	u := borrow[T](winogradArea*s.C*s.F + room)
	defer giveBack(u)
	transformFilter(s, w, u)
	floor := T(math.Inf(-1))
	if relu {
		floor = 0
	}
	g := gridOf(s)
	parallel(s.N*g.groups(), func(i int) {
		n, group := i/g.groups(), g.group(i%g.groups())
		work := borrow[T](group.v(s.C) + group.v(s.F))
		defer giveBack(work)
		v, m := work[:group.v(s.C)], work[group.v(s.C):]
		transformInput(group, s, imagesOf(x, s.N, n), v)
		of[T]().winograd.products(products[T]{
			count: winogradArea, m: group.tiles(), n: s.F, k: s.C,
			a: v, ai: s.C, al: 1, ax: group.step(s.C), b: u, bl: s.F, bx: s.C * s.F, c: m, ci: s.F, cx: group.step(s.F),
			ahead: nextInputs(g, s, x, i+Threads()), // of the block that this thread is likely to take next
		})
		transformOutput(group, s, m, b, floor, imagesOf(y, s.N, n))
		writeBlanks(group, s, imagesOf(x, s.N, n), b, floor, imagesOf(y, s.N, n))
	})
}

// transformFilter is u (36,C,F) = G w Gᵀ.
func transformFilter[T Float](s Conv, w, u []T) {
	size := s.C * s.F
	spans(size, 1<<9, func(from, to int) {
		of[T]().winograd.filter(patches[T]{
			tiles: 1, channels: to - from,
			in: w[from:], inRow: 3 * size, inCol: size,
			out: u[from:], outRow: winogradPatch * size, outCol: size,
		})
	})
}

// winograd is ConvolveGrad.
func (g *convGrad[T]) winograd() {
	size := winogradArea * g.C * g.F
	u := borrow[T](2*size + room)
	defer giveBack(u)
	turned := u[size:]
	if g.dx != nil {
		transformFilter(g.Conv, g.w, u[:size])
		parallel(winogradArea, func(i int) {
			of[T]().transpose(u[i*g.C*g.F:], g.F, g.C, g.F, turned[i*g.C*g.F:], g.C)
		})
	}
	du, db := borrow[T](g.shards()*size), borrow[T](g.shards()*g.F)
	defer giveBack(du)
	defer giveBack(db)
	clear(db)
	parallel(g.shards(), func(shard int) {
		from, to := g.images(shard)
		for n := from; n < to; n++ {
			g.winogradImage(n, n > from, turned, imagesOf(du, g.shards(), shard), imagesOf(db, g.shards(), shard))
		}
	})
	sum := u[:size]
	addShards(g.shards(), du, sum)
	addShards(g.shards(), db, g.db)
	spans(g.C*g.F, 1<<9, func(from, to int) {
		of[T]().winograd.filterGrad(patches[T]{
			tiles: 1, channels: to - from,
			in: sum[from:], inRow: winogradPatch * g.C * g.F, inCol: g.C * g.F,
			out: g.dw[from:], outRow: 3 * g.C * g.F, outCol: g.C * g.F,
		})
	})
}

// winogradImage is image n's share, added to du and db, or for a first image
// written to du.
func (g *convGrad[T]) winogradImage(n int, add bool, turned, du, db []T) {
	grid, t := gridOf(g.Conv), &of[T]().winograd
	if g.dx != nil {
		clear(imagesOf(g.dx, g.N, n))
	}
	for i := range grid.groups() {
		group := grid.group(i)
		work := borrow[T](group.v(g.C) + group.v(g.F) + room)
		v, m := work[:group.v(g.C)], work[group.v(g.C):]
		transformInput(group, g.Conv, imagesOf(g.x, g.N, n), v)
		transformOutputGrad(group, g, n, m, db)
		t.products(products[T]{
			count: winogradArea, m: g.C, n: g.F, k: group.tiles(), add: add || i > 0,
			a: v, ai: 1, al: g.C, ax: group.step(g.C), b: m, bl: g.F, bx: group.step(g.F), c: du, ci: g.F, cx: g.C * g.F,
			ahead: nextOutputs(group, g.Conv, g.dy, n), also: nextOutputs(group, g.Conv, g.y, n),
		})
		if g.dx != nil {
			t.products(products[T]{
				count: winogradArea, m: group.tiles(), n: g.C, k: g.F,
				a: m, ai: g.F, al: 1, ax: group.step(g.F), b: turned, bl: g.C, bx: g.C * g.F, c: v, ci: g.C, cx: group.step(g.C),
				ahead: nextInputs(grid, g.Conv, g.x, n*grid.groups()+i+1),
			})
			transformInputGrad(group, g.Conv, v, imagesOf(g.dx, g.N, n))
		}
		giveBack(work)
	}
}
