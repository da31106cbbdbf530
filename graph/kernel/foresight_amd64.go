//go:build !purego

package kernel

// foresight is what a block of a product will read next, once the piece of k
// that it is at is done. Its strips ask the cache for it, each for its share,
// so that memory is read while they compute. It changes no result.
type foresight struct {
	*product
	tiles int  // of a strip
	last  bool // piece of k
	l     int  // where the next piece begins
	depth int  // of this piece
	a     area // will be copied
}

// area is a part of a matrix.
type area struct{ first, rows, columns, stride int }

// foresee looks ahead from rows i ... of c and a piece of k from l on, in a block
// that has k in from ... to.
func (p *product) foresee(i, l, depth, rows, from, to int) foresight {
	f := foresight{product: p, tiles: ceil(rows, p.height), last: l+depth >= to, l: l + depth, depth: depth}
	if !p.copies {
		return f
	}
	if f.last { // the block that this thread is likely to take next
		i, l = i+p.rows*Threads(), from
	} else {
		l += depth
	}
	rows, depth = min(rows, p.m-i), min(depth, to-l)
	switch {
	case i >= p.m:
	case bool(p.ta):
		f.a = area{l*p.m + i, depth, rows, p.m}
	default:
		f.a = area{i*p.k + l, rows, depth, p.k}
	}
	return f
}

// left lets a strip, so many columns into its block, ask for a: a row with each
// run of each tile.
func (f *foresight) left(s *strip, columns int) {
	s.ahead, s.pace, s.skip = nil, 0, 0
	row := columns / f.columns() * f.tiles * s.outer
	if row >= f.a.rows || s.rounds() == 0 {
		return
	}
	s.ahead = &f.product.a[f.a.first+row*f.a.stride]
	s.pace = bytes(f.a.columns) / s.rounds()
	s.skip = bytes(f.a.stride) - s.pace*s.rounds()
}

// right lets the strip at column j, so many columns into its block, ask for b:
// its share of the next piece of k, or the rows that the next strip transposes. A
// column of rows, which no pace goes through, is asked for at once.
func (f *foresight) right(s *strip, j, columns int) {
	s.also, s.alsoPace = nil, 0
	first, size := 0, 0
	switch {
	case bool(f.tb):
		next := j + f.columns()
		if columns+f.columns() >= f.strips*f.columns() {
			next += (Threads() - 1) * f.strips * f.columns()
		}
		first, size = next*f.k, f.columns()*f.k
	case f.shards > 1 && !f.last:
		size = f.depth * f.n / f.strips
		first = f.l*f.n + columns/f.columns()*size
	case f.shards == 1 && f.strips == 1 && f.panels == nil:
		if next := j + f.columns()*Threads(); next < f.n {
			ask(f.depth, &f.b[(f.l-f.depth)*f.n+next], f.n, ceil(bytes(f.columns()), cacheLine))
		}
	}
	if size = min(size, len(f.b)-first); size > 0 && s.rounds() > 0 {
		s.also = &f.b[first]
		s.alsoPace = bytes(size) / (f.tiles * s.outer * s.rounds())
	}
}

// share lets the strip at column j of rows x columns, in the tallest tiles, ask for
// its share of what will be read next.
func (t *tiles) share(s *strip, rows, columns, j int, ahead, also []float32) {
	i, strips := j/t.columns(), ceil(columns, t.columns())
	rounds := s.repeat * ceil(rows, t.tallest()) * s.outer * s.rounds()
	s.ahead, s.pace = part(ahead, i, strips, rounds)
	s.also, s.alsoPace = part(also, i, strips, rounds)
}

// part is where one of a number of parts of x begins, and the pace that walks
// over it in so many rounds.
func part(x []float32, i, parts, rounds int) (*float32, int) {
	if len(x) == 0 || rounds == 0 {
		return nil, 0
	}
	return &x[i*len(x)/parts], bytes(len(x)) / (parts * rounds)
}
