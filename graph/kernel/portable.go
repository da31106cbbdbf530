package kernel

// The portable path is plain Go for every architecture, and gonum's dot product
// where that is assembled. A product goes one of three ways:
//
//   - dots: both operands are brought to rows along k, a tile at a time, and
//     multiplied row by row;
//   - rows: where that would be more work than to multiply, rows of b are added to
//     those of c, eight at a time, which eight zeros of a spare; and in the generic
//     order by gonum's assembled loop, one at a time, which each zero of a spares;
//   - the generic loop, where there is next to nothing to do.
//
// Where rows of a may be images, which is where neither operand is stored
// transposed, each sum has the generic loop's order whichever way it goes: an
// image's result does not depend on how many stand beside it.
const (
	tile  = 64  // rows and columns of c that a block computes
	depth = 512 // how much of k is copied at a time: 128 KiB an operand
	few   = 4   // rows or columns from which copies are worthwhile

	genericWork  = 256     // products that are done before memory is borrowed,
	parallelWork = 1 << 15 // and before another thread has begun
)

// multiplication is a Gemm under way.
type multiplication[T Float] struct {
	ta, tb  Transpose
	m, n, k int
	a, b, c []T
	inOrder bool // whether sums have the generic loop's order
}

// portableGemm is Gemm's fast path: blocks of c in parallel.
func portableGemm[T Float](ta, tb Transpose, m, n, k int, a, b, c []T) {
	switch {
	case isPlain(m, n, k):
		genericGemm(ta, tb, m, n, k, a, b, c)
	case m*n*k < parallelWork:
		p := multiplication[T]{ta, tb, m, n, k, a, b, c, !bool(ta || tb)}
		p.all()
	default:
		p := multiplication[T]{ta, tb, m, n, k, a, b, c, !bool(ta || tb)}
		parallel(p.blocks(), p.block)
	}
}

// portableAffine is Affine's.
func portableAffine[T Float](m, n, k int, a, b, bias, c []T, relu bool) {
	portableGemm(NoTrans, NoTrans, m, n, k, a, b, c)
	BiasReLU(m, n, c, bias, relu)
}

// portableSerialGemm is portableGemm on this thread alone, for callers that are
// themselves one of several blocks, with sums in any order.
func portableSerialGemm[T Float](ta, tb Transpose, m, n, k int, a, b, c []T) {
	if isPlain(m, n, k) {
		genericGemm(ta, tb, m, n, k, a, b, c)
		return
	}
	p := multiplication[T]{ta, tb, m, n, k, a, b, c, false}
	p.all()
}

// isPlain says that the generic loop is not to be beaten.
func isPlain(m, n, k int) bool { return m*n*k < genericWork || m < few && n < few }

// blocks is how many tiles c has.
func (p *multiplication[T]) blocks() int { return ceil(p.m, tile) * ceil(p.n, tile) }

// all computes c on this thread.
func (p *multiplication[T]) all() {
	for i := range p.blocks() {
		p.block(i)
	}
}

// isFlat says that there is more to copy than to multiply.
func (p *multiplication[T]) isFlat() bool {
	return !bool(p.tb) && (p.m < few || p.k < 2*few && p.n >= 2*few)
}

// block computes a tile of c.
func (p *multiplication[T]) block(n int) {
	columns := ceil(p.n, tile)
	i0, j0 := n/columns*tile, n%columns*tile
	i1, j1 := min(i0+tile, p.m), min(j0+tile, p.n)
	if p.isFlat() {
		for i := i0; i < i1; i++ {
			p.row(i, j0, j1)
		}
		return
	}
	if assembledLoops && p.inOrder && p.n >= tile/2 {
		for i := i0; i < i1; i++ {
			assembledRow(p.a[i*p.k:][:p.k], p.b[j0:], p.n, p.c[i*p.n+j0:i*p.n+j1])
		}
		return
	}
	pack := borrow[T](2 * tile * depth)
	defer giveBack(pack)
	for l := 0; l < p.k; l += depth {
		kc := min(depth, p.k-l)
		a, lda := p.a[i0*p.k+l:], p.k
		if p.ta {
			a, lda = pack[:tile*depth], kc
			portableTranspose(p.a[l*p.m+i0:], p.m, kc, i1-i0, a, kc)
		}
		b, ldb := p.b[j0*p.k+l:], p.k
		if !p.tb && p.n > 1 {
			b, ldb = pack[tile*depth:], kc
			portableTranspose(p.b[l*p.n+j0:], p.n, kc, j1-j0, b, kc)
		}
		p.dots(i1-i0, j1-j0, kc, a, lda, b, ldb, l > 0, p.c[i0*p.n+j0:])
	}
}

// dots is c = a·bᵀ, or c += a·bᵀ, for a (m,k) and b (n,k).
func (p *multiplication[T]) dots(m, n, k int, a []T, lda int, b []T, ldb int, add bool, c []T) {
	switch {
	case assembledLoops && !p.inOrder && k >= tile/4:
		assembledDots(m, n, k, a, lda, b, ldb, add, c, p.n)
	case n < few:
		for j := range n {
			fourDots(m, b[j*ldb:][:k], a, lda, add, c[j:], p.n)
		}
	default:
		for i := range m {
			fourDots(n, a[i*lda:][:k], b, ldb, add, c[i*p.n:], 1)
		}
	}
}

// row computes columns j0...j1 of row i of c.
func (p *multiplication[T]) row(i, j0, j1 int) {
	c, at, step := p.c[i*p.n+j0:i*p.n+j1], i*p.k, 1
	if p.ta {
		at, step = i, p.m
	}
	clear(c)
	l := 0
	for ; l+8 <= p.k; l += 8 {
		var by [8]T
		for q := range by {
			by[q] = p.a[at+(l+q)*step]
		}
		if by != [8]T{} {
			addEight(c, p.b[l*p.n+j0:], p.n, &by)
		}
	}
	for ; l < p.k; l++ {
		by := p.a[at+l*step]
		for j, v := range p.b[l*p.n+j0 : l*p.n+j1] {
			c[j] += T(by * v)
		}
	}
}
