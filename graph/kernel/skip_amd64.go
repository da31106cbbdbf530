//go:build !purego

package kernel

import "unsafe"

// A product whose left operand is mostly zeros, as images with black margins and
// rectified features are, is computed a row at a time: each row of a is listed
// without its zeros, and a row of c is the sum of the rows of b that the list
// names. What is left out would have added nothing, and the rest is added in the
// order of the dense product, so both have the same bits, but for the sign of a
// zero, and for what a NaN or an infinity of b does beside a zero of a. So the
// choice is free to follow whatever is faster.

const (
	skipWidth  = 64      // columns of c that are computed at a time: eight vectors
	skipDepth  = 128     // rows of b, so wide, fill the first-level cache
	skipPiece  = 96      // deeper, b is taken so many rows at a time: others need room there too
	skipRows   = 128     // of c that share such a piece of b
	fewRows    = 8       // of c, up to which b is read where it stands
	skipSmall  = 1 << 20 // numbers of a, up to which all are listed beforehand
	mostlyZero = 0.6     // share of a that is not zero, up to which skipping pays
	turnedZero = 0.5     // the same, where a is large and has to be turned to be listed
	someZeros  = 0.9     // the same, for a few rows that are deep
)

// listing is work for the micro-kernel that skips zeros. Steps are in bytes,
// places in bytes from b:
//
//	for i := range rows {
//		for j := range the kernel's columns {
//			sum := 0
//			if start != nil { sum = start[i·si + j] }
//			for x := range the next counts[i] numbers of the list {
//				sum += values[x] * b[places[x] + j]
//			}
//			...and on as in strip, with c, ci, bias and flags
//		}
//	}
//
// The order of the fields is known to _asm/skip.go.
type listing struct {
	rows   int
	counts *int32
	places *int32
	values *float32
	b      *float32
	start  *float32
	si     int
	c      *float32
	ci     int
	bias   *float32
	flags  int
	ahead  *float32
	pace   int
}

var listings = make(lender[listing], 64)

// skipKernels[v] computes rows of v+1 vectors, of AVX2 on every machine: what
// limits them is how many bytes the first-level cache delivers.
var skipKernels = [skipWidth / 8]microKernel{skipAVX2x1, skipAVX2x2, skipAVX2x3, skipAVX2x4, skipAVX2x5, skipAVX2x6, skipAVX2x7, skipAVX2x8}

// skips says whether to skip zeros of a. A few rows that are not deep always go
// by lists: tiles so low would wait for their own sums.
func (p *product) skips() bool {
	if p.n%8 != 0 || p.depth*p.n >= 1<<29 {
		return false
	}
	if p.m <= fewRows {
		return p.tb == NoTrans && (p.k < deep || density(p.a) <= someZeros)
	}
	if p.ta && p.m*p.k > skipSmall {
		return density(p.a) <= turnedZero
	}
	return density(p.a) <= mostlyZero
}

// density estimates which share of x is not zero, by spots that are spread with
// the golden ratio, so that they fall into no rhythm of the rows.
func density(x []float32) float64 {
	const spots, spot = 32, 64
	if len(x) <= spots*spot {
		return float64(nonzeros(x)) / float64(len(x))
	}
	count := 0
	for i := range uint64(spots) {
		at := i * 0x9E3779B9 & (1<<32 - 1) * uint64(len(x)-spot) >> 32
		count += nonzeros(x[at:][:spot])
	}
	return float64(count) / (spots * spot)
}

func nonzeros(x []float32) (n int) {
	for _, v := range x {
		if v != 0 {
			n++
		}
	}
	return n
}

// skipping is such a product under way.
type skipping struct {
	*product
	piece  int       // of k that is listed at a time
	strips int       // of a block
	lists  []float32 // of all of a, if it is listed beforehand
}

// skip computes the product, or its shards. Where many strips share an a that is
// not large, it is listed first; otherwise each block lists its own rows.
func (p *product) skip() {
	s := skipping{product: p, piece: p.depth, strips: ceil(p.n, skipWidth)}
	if !s.inPlace() && p.depth > skipDepth {
		s.piece = (ceil(p.depth, ceil(p.depth, skipPiece)) + 7) &^ 7
	}
	if p.depth == p.k && p.m*p.k <= skipSmall {
		s.strips = 1
		count := s.groups() * ceil(p.k, s.piece)
		s.lists = borrow[float32](count * s.listSize())
		defer giveBack(s.lists)
		parallel(count, func(i int) { s.list(i%s.groups(), i/s.groups()*s.piece, p.k, s.lists[i*s.listSize():]) })
	}
	parallel(p.shards*s.groups()*ceil(p.n, s.strips*skipWidth), s.block)
}

// inPlace says that b is read where it stands.
func (s *skipping) inPlace() bool { return s.m <= fewRows }

// groups is how many groups of rows a has.
func (s *skipping) groups() int { return ceil(s.m, skipRows) }

// listSize is the size of a list: counts of a group's rows, and places and
// values of all their numbers.
func (s *skipping) listSize() int { return skipRows + 2*s.listRoom() }
func (s *skipping) listRoom() int { return s.groupRows() * s.piece }

// groupRows is how many rows of a a group has at most.
func (s *skipping) groupRows() int { return min(s.m, skipRows) }

// parts are the parts of a list.
func (s *skipping) parts(list []float32) (counts, places []int32, values []float32) {
	room := s.listRoom()
	return integers(list[:skipRows]), integers(list[skipRows:][:room]), list[skipRows+room:][:room]
}

// integers lends memory of floats to integers.
func integers(f []float32) []int32 { return unsafe.Slice((*int32)(unsafe.Pointer(&f[0])), len(f)) }

// list lists a group's rows of op(a), a piece of columns from l on, which ends
// before end.
func (s *skipping) list(group, l, end int, list []float32) {
	i, depth := group*skipRows, min(s.piece, end-l)
	rows, step := min(skipRows, s.m-i), bytes(skipWidth)
	if s.inPlace() {
		step = bytes(s.n)
	}
	counts, places, values := s.parts(list)
	rowsOf := func(first int, x []float32, stride, rows int) {
		for r := range rows {
			n := listRow(x[r*stride:][:depth], step, places, values)
			counts[first+r], places, values = int32(n), places[n:], values[n:]
		}
	}
	if !s.ta {
		inEights(rows, depth, s.a[i*s.k+l:], s.k, func(first int, x []float32, eight int) { rowsOf(first, x, s.k, eight) })
		return
	}
	turned := borrow[float32](skipRows * s.piece)
	defer giveBack(turned)
	inEights(depth, rows, s.a[l*s.m+i:], s.m, func(l int, x []float32, eight int) {
		packTransposed(x, s.m, eight, rows, turned[l:], s.piece)
	})
	rowsOf(0, turned, s.piece, rows)
}

// inEights calls eight for eight rows of x at a time, or fewer at the end, and asks
// the cache for the next: rows that are far apart come from memory one by one
// otherwise.
func inEights(rows, columns int, x []float32, stride int, eight func(first int, x []float32, rows int)) {
	for i := 0; i < rows; i += 8 {
		if next := i + 8; next < rows {
			ask(min(8, rows-next), &x[next*stride], stride, ceil(bytes(columns), cacheLine))
		}
		eight(i, x[i*stride:], min(8, rows-i))
	}
}

// listRow lists the numbers of x that are not zero, at places that are step
// apart, and returns how many there are.
func listRow(x []float32, step int, places []int32, values []float32) (n int) {
	whole := len(x) &^ 7
	if whole > 0 {
		n = listAVX2(whole, &x[0], step, &fronts[0], &places[0], &values[0])
	}
	for i, v := range x[whole:] {
		if v != 0 {
			places[n], values[n] = int32((whole+i)*step), v
			n++
		}
	}
	return n
}

// fronts says for each pattern of numbers that are not zero, in bits, which of
// eight move to the front, in bytes.
var fronts = func() (t [256]uint64) {
	for pattern := range t {
		front := 0
		for i := range 8 {
			if pattern>>i&1 != 0 {
				t[pattern] |= uint64(i) << (8 * front)
				front++
			}
		}
	}
	return t
}()

// block computes block number b of c: a group of rows and some strips, a piece
// of k at a time. Sums of the pieces between stand in memory of the block's.
func (s *skipping) block(b int) {
	across := ceil(s.n, s.strips*skipWidth)
	j, group, shard := b%across*s.strips*skipWidth, b/across%s.groups(), b/across/s.groups()
	from, to := shard*s.k/s.shards, (shard+1)*s.k/s.shards
	list, panel, partial := borrow[float32](s.listSize()), borrow[float32](s.piece*skipWidth), borrow[float32](s.strips*s.groupRows()*skipWidth)
	defer giveBack(list)
	defer giveBack(panel)
	defer giveBack(partial)
	w := listings.get()
	defer listings.put(w)
	for l := from; l < to; l += s.depth {
		end := min(l+s.depth, to)
		for at := l; at < end; at += s.piece {
			s.listed(w, group, at, end, list)
			for left := j; left < min(s.n, j+s.strips*skipWidth); left += skipWidth {
				width := min(skipWidth, s.n-left)
				w.b = s.panel(left, at, min(s.piece, end-at), width, panel)
				s.sums(w, at > l, &partial[(left-j)*s.groupRows()])
				s.foresee(w, left, left-j, group, at, to)
				if at+s.piece >= end {
					w.c, w.ci = &s.c[(shard*s.m+group*skipRows)*s.n+left], bytes(s.n)
					s.complete(w, left, l > from, end == to)
				}
				skipKernels[width/8-1](&w.rows)
			}
		}
	}
}

// listed points w to the list of a group's rows of op(a), which it may have to
// make.
func (s *skipping) listed(w *listing, group, l, end int, list []float32) {
	if s.lists != nil {
		list = s.lists[(l/s.piece*s.groups()+group)*s.listSize():]
	} else {
		s.list(group, l, end, list)
	}
	counts, places, values := s.parts(list)
	w.rows, w.counts, w.places, w.values = min(skipRows, s.m-group*skipRows), &counts[0], &places[0], &values[0]
}

// panel is rows l ... of op(b) from column j on.
func (s *skipping) panel(j, l, depth, columns int, panel []float32) *float32 {
	switch {
	case s.inPlace():
		return &s.b[l*s.n+j]
	case bool(s.tb):
		packTransposed(s.b[j*s.k+l:], s.k, columns, depth, panel, skipWidth)
	case columns == skipWidth:
		packWideAVX2(depth, &s.b[l*s.n+j], s.n, &panel[0])
	default:
		copyRows(s.b[l*s.n+j:], s.n, depth, columns, panel, skipWidth)
	}
	return &panel[0]
}

// foresee has w, at column j and so many columns into its block, ask for what panel
// will copy of op(b) for the next piece of k or the next block, or for what that
// block will list of a: memory is read while it computes.
func (s *skipping) foresee(w *listing, j, columns, group, l, to int) {
	w.ahead, w.pace = nil, 0
	x, at, pace := s.b, (l+s.piece)*s.n+j, s.n
	switch {
	case s.inPlace():
		return
	case bool(s.tb) && s.piece == s.k: // 64 rows of b, one after the other: each of 128 steps takes half of one
		at, pace = (j+s.nextPanel())*s.k, s.k/2
	case bool(s.tb):
		return
	case l+s.piece < to:
	case bool(s.ta) && s.lists == nil && s.depth == s.k: // rows of a's columns that this thread is likely to list
		at, pace = (group+Threads())*skipRows+columns, s.m
		if x = s.a; at >= s.m {
			return
		}
	default:
		return
	}
	if at < len(x) {
		w.ahead, w.pace = &x[at], bytes(pace)
	}
}

// nextPanel is how many columns further this thread's next panel is likely to be.
func (s *skipping) nextPanel() int {
	if s.strips > 1 {
		return skipWidth
	}
	return skipWidth * Threads()
}

// sums has w go on with the sums at partial, or begin with zeros, and leave them
// there.
func (s *skipping) sums(w *listing, goOn bool, partial *float32) {
	w.start, w.si = nil, bytes(skipWidth)
	if goOn {
		w.start = partial
	}
	w.c, w.ci, w.bias, w.flags = partial, bytes(skipWidth), nil, 0
}

// complete has w complete the sums of one of the product's own pieces of k, of
// columns from j on: they are added to those of the pieces before.
func (s *skipping) complete(w *listing, j int, add, last bool) {
	if add {
		w.flags = flagAdd
	}
	if last {
		w.bias = s.ending(j, w.c, &w.flags)
	}
}
