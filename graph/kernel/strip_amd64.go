//go:build !purego

package kernel

import "unsafe"

// strip is work for a micro-kernel: matrix products one after the other, in
// each of which tiles of c stand below each other, one or two vectors wide. A
// tile stays in registers while k goes by, and k is outer runs of inner.
// Counts are at least 1, steps are in bytes:
//
//	for p := range repeat {
//		for i := range tiles · the kernel's rows {
//			for j := range the kernel's columns {
//				sum := 0
//				for o := range outer {
//					for l := range inner {
//						sum += a[p·ar + i·ai + o·(inner·al+ao) + l·al] * b[p·br + (o·inner+l)·bl + j]
//					}
//				}
//				if flags has add  { sum += c[p·cr + i·ci + j] }
//				if bias != nil    { sum += bias[j] }
//				if flags has relu { sum = max(0, sum) } // a NaN stays
//				c[p·cr + i·ci + j] = sum
//			}
//		}
//	}
//
// Where al or ai is one float, steps of k go by in eights, which is fastest. With
// every eight steps of an inner run the kernel asks for the two cache lines
// from ahead on and the two from also on to come into the cache, and these move on
// by their paces; ahead moves by skip too after each inner run. The order of the fields is known to _asm/product.go.
type strip struct {
	repeat, tiles, outer, inner int

	a              *float32
	ai, al, ao, ar int
	b              *float32
	bl, br         int
	c              *float32
	ci, cr         int
	bias           *float32
	flags          int
	ahead          *float32
	pace, skip     int
	also           *float32
	alsoPace       int
}

// unroll is how many steps of k go by between two requests to the cache, as in
// _asm/walk.go.
const unroll = 8

// rounds is how often an inner run asks the cache.
func (s *strip) rounds() int { return s.inner / unroll }

const (
	flagAdd = 1 << iota
	flagReLU
	flagStream // c goes past the caches; it must be aligned to a cache line
)

// microKernel computes a strip, whose first field it is given.
type microKernel func(first *int)

// strips are lent to calls of micro-kernels: what is passed to a function of
// whom the compiler knows nothing cannot stay on the stack.
var strips = make(lender[strip], 64)

// lender keeps what has been given back, as far as it has room.
type lender[T any] chan *T

func (l lender[T]) get() *T {
	select {
	case x := <-l:
		return x
	default:
		return new(T)
	}
}

func (l lender[T]) put(x *T) {
	select {
	case l <- x:
	default:
	}
}

// run calls the kernel on s.
func (k microKernel) run(s strip) {
	lent := strips.get()
	*lent = s
	k(&lent.repeat)
	strips.put(lent)
}

// bytes is the size of n floats.
func bytes(n int) int { return 4 * n }

// tiles is how an instruction set multiplies matrices.
type tiles struct {
	width    int // floats in a vector
	height   int // of a tile of Gemm's, which divides a batch; others may be taller
	packRows func(rows int, x *float32, stride int, y *float32)
	kernels  [2][]microKernel // kernels[v][r] computes tiles of r+1 rows and v+1 vectors; those of one are the taller ones
}

// columns is how wide the widest tile is.
func (t *tiles) columns() int { return 2 * t.width }

// tallest is how tall the tallest tile of all its columns is.
func (t *tiles) tallest() int { return len(t.kernels[1]) }

// multiply computes rows x columns of c, no wider than a tile, in tiles of about
// one height, at most of that given, or of a single vector as tall as there are.
func (t *tiles) multiply(s strip, height, rows, columns int) {
	vectors := (columns + t.width - 1) / t.width
	if vectors == 1 {
		height = len(t.kernels[0])
	}
	if s.ahead == nil {
		s.ahead = s.b
	}
	if s.also == nil {
		s.also = s.b
	}
	if columns == vectors*t.width {
		t.cover(s, height, rows, vectors)
		return
	}
	t.overhang(s, height, rows, columns, vectors)
}

// cover covers rows with tiles.
func (t *tiles) cover(s strip, height, rows, vectors int) {
	kernels := t.kernels[vectors-1]
	count := ceil(rows, height)
	height, taller := rows/count, rows%count
	if taller > 0 {
		s.tiles = taller
		kernels[height].run(s)
		s.a, s.c = further(s.a, taller*(height+1)*s.ai), further(s.c, taller*(height+1)*s.ci)
		rounds := s.repeat * taller * s.outer * s.rounds()
		if s.skip == 0 { // else rows were asked for, of which there may be no more
			s.ahead = further(s.ahead, rounds*s.pace)
		}
		s.also = further(s.also, rounds*s.alsoPace)
	}
	s.tiles = count - taller
	kernels[height-1].run(s)
}

func further(p *float32, bytes int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes))
}

// overhang computes columns that do not fill their vectors, by way of memory
// that they do fill.
func (t *tiles) overhang(s strip, height, rows, columns, vectors int) {
	width := vectors * t.width
	whole := borrow[float32]((rows + 1) * width)
	defer giveBack(whole)
	bias := whole[rows*width:]
	if s.bias != nil {
		copy(bias, unsafe.Slice(s.bias, columns))
	}
	for i := range s.repeat {
		if i > 0 { // a pointer must not leave its memory, not even unused
			s.a, s.b, s.c = further(s.a, s.ar), further(s.b, s.br), further(s.c, s.cr)
		}
		one := s
		one.repeat, one.c, one.ci = 1, &whole[0], bytes(width)
		if s.bias != nil {
			one.bias = &bias[0]
		}
		c := unsafe.Slice(s.c, (rows-1)*s.ci/4+columns)
		if s.flags&flagAdd != 0 {
			copyRows(c, s.ci/4, rows, columns, whole, width)
		}
		t.cover(one, height, rows, vectors)
		copyRows(whole, width, rows, columns, c, s.ci/4)
	}
}

// copyRows copies rows x columns of x, whose rows are stride apart, to rows
// that are step apart.
func copyRows(x []float32, stride, rows, columns int, y []float32, step int) {
	for i := range rows {
		copy(y[i*step:i*step+columns], x[i*stride:])
	}
}
