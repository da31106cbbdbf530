//go:build !purego

package kernel

import "unsafe"

// A product is cut into blocks of c by its shape alone, so that no result
// depends on the number of threads.
const (
	shallow    = 1024    // up to so deep, k is taken in one piece
	panelDepth = 384     // deeper, in pieces of at most this
	blockSize  = 1 << 17 // floats of a that a block takes at a time: half of a second-level cache
	fewBlocks  = 8       // a product is cut into so many blocks at least, if it can be
	panelPad   = 16      // keeps rows of a copy apart in the cache
	deep       = 4096    // from this depth on, k is cut into shards, if c is small
	smallC     = 1 << 16
)

// product is a matrix product under way: c = op(a)·op(b), plus bias, rectified.
type product struct {
	*tiles
	ta, tb  Transpose
	m, n, k int
	a, b, c []float32
	bias    []float32 // nil for none
	relu    bool

	rows, strips int // of a block
	depth        int // of k at a time
	shards       int
	copies       bool      // whether a is copied before it is used
	panels       []float32 // of b, if they are packed beforehand
}

func (t *tiles) gemm(ta, tb Transpose, m, n, k int, a, b, c []float32) {
	p := product{tiles: t, ta: ta, tb: tb, m: m, n: n, k: k, a: a, b: b, c: c}
	p.run()
}

func (t *tiles) affine(m, n, k int, a, b, bias, c []float32, relu bool) {
	p := product{tiles: t, m: m, n: n, k: k, a: a, b: b, c: c, bias: bias, relu: relu}
	p.run()
}

// plan cuts the product. Rows of a that are a multiple of 4 KiB apart would all
// fall into one set of the first-level cache: they are copied, for all strips of
// a block at once.
func (p *product) plan() {
	p.shards, p.strips = 1, 1
	if p.k >= deep && p.m*p.n <= smallC {
		p.shards = shardCount
	}
	p.depth = ceil(p.k, p.shards)
	if p.depth > shallow || p.shards > 1 {
		p.depth = ceil(p.depth, ceil(p.depth, panelDepth))
	}
	stride := p.k
	if p.ta {
		stride = p.m
	}
	if p.copies = stride%1024 == 0; p.copies || p.shards > 1 {
		p.strips = p.stripCount()
	}
	if p.tb && p.stripCount() >= 16*fewBlocks {
		p.strips = 4
	}
	p.rows = min(p.m, max(64, blockSize/p.depth))
	if p.copies && p.rows > 128 {
		p.rows = 128
	}
	for p.blocks() < fewBlocks && p.rows > 16 {
		p.rows = (p.rows/2 + 7) &^ 7
	}
}

func (p *product) stripCount() int { return ceil(p.n, p.columns()) }

func (p *product) blocks() int {
	return p.shards * ceil(p.m, p.rows) * ceil(p.stripCount(), p.strips)
}

func (p *product) run() {
	p.plan()
	if p.skips() {
		p.sharded(p.skip)
		return
	}
	p.sharded(p.dense)
}

// sharded computes the product with the given function, in shards if there are
// any, which it adds up.
func (p *product) sharded(compute func()) {
	if p.shards == 1 {
		compute()
		return
	}
	c, bias, relu := p.c, p.bias, p.relu
	p.bias, p.relu = nil, false
	p.c = borrow[float32](p.shards * p.m * p.n)
	defer giveBack(p.c)
	compute()
	addShards(p.shards, p.c, c)
	if bias != nil {
		BiasReLU(p.m, p.n, c, bias, relu)
	}
}

// dense computes the product, or its shards, term by term.
func (p *product) dense() {
	if p.m > p.rows && !p.tb {
		p.panels = p.packPanels(p.k, p.n, p.b)
		defer giveBack(p.panels)
	}
	parallel(p.blocks(), p.block)
}

// block computes block number b of c, a piece of k at a time.
func (p *product) block(b int) {
	groups, tall := ceil(p.stripCount(), p.strips), ceil(p.m, p.rows)
	j, i, shard := b%groups*p.strips*p.columns(), b/groups%tall*p.rows, b/groups/tall
	rows, columns := min(p.rows, p.m-i), min(p.strips*p.columns(), p.n-j)
	from, to := shard*p.k/p.shards, (shard+1)*p.k/p.shards
	pack := borrow[float32](p.packSize())
	defer giveBack(pack)
	c := p.c[shard*p.m*p.n:]
	for l := from; l < to; l += p.depth {
		depth := min(p.depth, to-l)
		s := strip{repeat: 1, outer: 1, inner: depth, ci: bytes(p.n)}
		panel := p.left(&s, i, l, depth, rows, pack)
		if l > from {
			s.flags |= flagAdd
		}
		if depth%2 == 0 { // two runs a tile: as many rows to come are fetched
			s.outer, s.inner = 2, depth/2
		}
		f := p.foresee(i, l, depth, rows, from, to)
		for at := j; at < j+columns; at += p.columns() {
			width := min(p.columns(), j+columns-at)
			p.right(&s, at, l, depth, width, panel)
			f.left(&s, at-j)
			f.right(&s, at, at-j)
			s.c = &c[i*p.n+at]
			if l+depth == to {
				s.bias = p.ending(at, s.c, &s.flags)
			}
			p.multiply(s, p.height, rows, width)
		}
	}
}

// packSize is how much memory a block needs for a copy of a and a panel of b.
func (p *product) packSize() int {
	size := p.depth * p.columns()
	if p.copies {
		size += max(p.rows*(p.depth+panelPad), p.depth*(p.rows+panelPad))
	}
	return size
}

// left points s to rows i ... of op(a) from column l on, and returns what of
// pack is left.
func (p *product) left(s *strip, i, l, depth, rows int, pack []float32) []float32 {
	if p.ta {
		s.a, s.ai, s.al = &p.a[l*p.m+i], bytes(1), bytes(p.m)
	} else {
		s.a, s.ai, s.al = &p.a[i*p.k+l], bytes(p.k), bytes(1)
	}
	if !p.copies {
		return pack
	}
	step := depth + panelPad
	if p.ta {
		step = p.rows + panelPad
		copyRows(p.a[l*p.m+i:], p.m, depth, rows, pack, step)
		s.al = bytes(step)
	} else {
		copyRows(p.a[i*p.k+l:], p.k, rows, depth, pack, step)
		s.ai = bytes(step)
	}
	s.a = &pack[0]
	return pack[len(pack)-p.depth*p.columns():]
}

// right points s to rows l ... of op(b) from column j on. A b that many rows of
// a meet, and one that does not fill its vectors, is copied.
func (p *product) right(s *strip, j, l, depth, columns int, panel []float32) {
	width := p.columns()
	s.bl = bytes(width)
	switch {
	case p.panels != nil:
		s.b = &p.panels[j*p.k+l*width]
		return
	case bool(p.tb):
		packTransposed(p.b[j*p.k+l:], p.k, columns, depth, panel, width)
	case p.rows > 32 || columns < width:
		p.pack(p.b[l*p.n+j:], p.n, depth, columns, panel)
	default:
		s.b, s.bl = &p.b[l*p.n+j], bytes(p.n)
		return
	}
	s.b = &panel[0]
}

// ending asks for what is done to the last piece of k's sums, from column j on,
// which go to c, by flags and a bias.
func (p *product) ending(j int, c *float32, flags *int) (bias *float32) {
	if p.relu {
		*flags |= flagReLU
	}
	if p.m*p.n >= largeC && bytes(p.n)%cacheLine == 0 && uintptr(unsafe.Pointer(c))%cacheLine == 0 {
		*flags |= flagStream
	}
	if p.bias != nil {
		bias = &p.bias[j]
	}
	return bias
}
