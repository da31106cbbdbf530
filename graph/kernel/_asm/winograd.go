package main

import (
	"fmt"
	"iter"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of the package's type patches, in order, eight bytes each. Steps
// are in bytes.
var patchFields = []string{
	"tiles", "bytes",
	"in", "inRow", "inCol", "inTile",
	"out", "outRow", "outCol", "outTile",
	"mask", "maskRow", "maskCol", "maskTile",
	"panel", "inPanel", "outPanel",
	"bias", "floor",
}

// The numbers of F(4x4,3x3) with the points 0, ±a, ±b and infinity, as
// winograd.go in the package explains them.
const (
	a, b       = 0.75, 1.5
	a2, b2     = a * a, b * b
	n0, na, nb = a2 * b2, 2 * a2 * (a2 - b2), 2 * b2 * (b2 - a2)
)

var constants = map[float32]Mem{}

// number is the address of a vector of equal numbers.
func number(value float32) Mem {
	m, ok := constants[value]
	if !ok {
		m = GLOBL(fmt.Sprintf("number%d", len(constants)), RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, F32(value))
		}
		constants[value] = m
	}
	return m
}

const cacheLine = 64 // bytes

// vec is a vector register under one of these names.
type vec = reg.VecPhysical

func move(from, to vec)             { VMOVAPS(from, to) }
func plus(x, y, sum vec)            { VADDPS(y, x, sum) }
func minus(x, y, difference vec)    { VSUBPS(y, x, difference) }
func times(f float32, x, y vec)     { VMULPS(number(f), x, y) }
func addTimes(f float32, x, to vec) { VFMADD231PS(number(f), x, to) }
func subTimes(f float32, x, to vec) { VFNMADD231PS(number(f), x, to) }

// winograd writes the six transforms of an instruction set.
func winograd(v isa) {
	sandwich(v, "winogradFilter", 3, 6, filter1, plain{})
	sandwich(v, "winogradFilterGrad", 6, 3, filterGrad1, plain{})
	sandwich(v, "winogradInput", 6, 6, input1, plain{})
	sandwich(v, "winogradInputGrad", 6, 6, inputGrad1, adding{})
	sandwich(v, "winogradOutput", 6, 4, output1, rectifying{})
	sandwich(v, "winogradOutputStream", 6, 4, output1, &streaming{})
	sandwich(v, "winogradOutputGrad", 4, 6, outputGrad1, masking{})
}

// filter1 is u = G·g.
func filter1(g, u, t []vec) {
	times(1/n0, g[0], u[0])
	times(1/na, g[0], u[2])
	addTimes(a2/na, g[2], u[2])
	spread(a/na, g[1], u[1], u[2])
	times(1/nb, g[0], u[4])
	addTimes(b2/nb, g[2], u[4])
	spread(b/nb, g[1], u[3], u[4])
	move(g[2], u[5])
}

// spread is plus = m + f·x and m = m - f·x.
func spread(f float32, x, plus, m vec) {
	move(m, plus)
	addTimes(f, x, plus)
	subTimes(f, x, m)
}

// filterGrad1 is g = Gᵀ·u.
func filterGrad1(u, g, t []vec) {
	fold(u, t)
	p1, q1, p2, q2 := t[0], t[1], t[2], t[3]
	times(1/n0, u[0], g[0])
	addTimes(1/na, p1, g[0])
	addTimes(1/nb, p2, g[0])
	times(a/na, q1, g[1])
	addTimes(b/nb, q2, g[1])
	move(u[5], g[2])
	addTimes(a2/na, p1, g[2])
	addTimes(b2/nb, p2, g[2])
}

// fold is t = x1 + x2, x1 - x2, x3 + x4, x3 - x4.
func fold(x, t []vec) {
	plus(x[1], x[2], t[0])
	minus(x[1], x[2], t[1])
	plus(x[3], x[4], t[2])
	minus(x[3], x[4], t[3])
}

// input1 is v = Bᵀ·x.
func input1(x, v, t []vec) {
	for i := range 2 { // the points 0 and infinity
		u := v[5*i]
		move(x[4+i], u)
		addTimes(a2*b2, x[i], u)
		subTimes(a2+b2, x[2+i], u)
	}
	for i, at := range []struct{ here, there float32 }{{a, b2}, {b, a2}} {
		above, below := v[1+2*i], v[2+2*i]
		move(x[4], below)
		subTimes(at.there, x[2], below)
		move(x[3], t[0])
		subTimes(at.there, x[1], t[0])
		spread(at.here, t[0], above, below)
	}
}

// inputGrad1 is x = B·v.
func inputGrad1(v, x, t []vec) {
	fold(v, t)
	p1, q1, p2, q2 := t[0], t[1], t[2], t[3]
	times(a2*b2, v[0], x[0])
	times(a2*b2, v[5], x[1])
	subTimes(a*b2, q1, x[1])
	subTimes(b*a2, q2, x[1])
	times(-(a2 + b2), v[0], x[2])
	subTimes(b2, p1, x[2])
	subTimes(a2, p2, x[2])
	times(a, q1, x[3])
	addTimes(b, q2, x[3])
	subTimes(a2+b2, v[5], x[3])
	plus(v[0], p1, x[4])
	plus(x[4], p2, x[4])
	move(v[5], x[5])
}

// output1 is y = Aᵀ·m.
func output1(m, y, t []vec) {
	fold(m, t)
	p1, q1, p2, q2 := t[0], t[1], t[2], t[3]
	plus(m[0], p1, y[0])
	plus(y[0], p2, y[0])
	times(a, q1, y[1])
	addTimes(b, q2, y[1])
	times(a2, p1, y[2])
	addTimes(b2, p2, y[2])
	move(m[5], y[3])
	addTimes(a*a2, q1, y[3])
	addTimes(b*b2, q2, y[3])
}

// outputGrad1 is m = A·y.
func outputGrad1(y, m, t []vec) {
	move(y[0], m[0])
	for i, p := range []float32{a, b} {
		above, below := m[1+2*i], m[2+2*i]
		move(y[0], below)
		addTimes(p*p, y[2], below)
		move(y[1], t[0])
		addTimes(p*p, y[3], t[0])
		spread(p, t[0], above, below)
	}
	move(y[3], m[5])
}

// edges is what a transform does beside its matrices. Its registers are the
// last two; when it stores, those of the matrices' temporaries are free too.
type edges interface {
	begin(t *transform)                           // before a patch
	column(t *transform)                          // before a column of the input
	load(t *transform, from Mem, row int, to vec) // an input
	store(t *transform, x vec, to Mem)            // an output
	end(t *transform)                             // after a patch
	together(v isa) int                           // vectors of channels that are taken one after the other
	finish()                                      // after all
}

// plain is loads and stores.
type plain struct{}

func (plain) begin(*transform)                           {}
func (plain) column(*transform)                          {}
func (plain) load(_ *transform, from Mem, _ int, to vec) { VMOVUPS(from, to) }
func (plain) store(_ *transform, x vec, to Mem)          { VMOVUPS(x, to) }
func (plain) end(*transform)                             {}
func (plain) together(isa) int                           { return 1 }
func (plain) finish()                                    {}

// adding adds to what is there, as overlapping patches do.
type adding struct{ plain }

func (adding) store(_ *transform, x vec, to Mem) {
	VADDPS(to, x, x)
	VMOVUPS(x, to)
}

// rectifying adds a bias and takes the maximum with floor: 0, or -Inf where
// there is no ReLU.
type rectifying struct{ plain }

func (rectifying) begin(t *transform) {
	bias := t.load("bias")
	VMOVUPS(Mem{Base: bias, Index: t.at, Scale: 1}, t.reg[15])
	VBROADCASTSS(t.field("floor"), t.reg[14])
}

func (r rectifying) store(t *transform, x vec, to Mem) {
	r.rectify(t, x)
	VMOVUPS(x, to)
}

func (rectifying) rectify(t *transform, x vec) {
	VADDPS(t.reg[15], x, x)
	rectify(x, t.reg[14])
}

// streaming stores past the caches, to where whole cache lines are aligned. The
// vectors of a line must follow each other, or memory is written in parts, each
// of them a read and a write: where a line is two vectors, the first one's outputs
// wait on the stack for the second's.
type streaming struct {
	rectifying
	waiting Mem // outputs of vectors before
	vectors int // that have begun
	stored  int // outputs of this vector
}

func (streaming) together(v isa) int { return cacheLine / v.bytes() }

func (s *streaming) begin(t *transform) {
	s.rectifying.begin(t)
	if s.vectors == 0 && s.together(t.isa) > 1 {
		s.waiting = aligned(t.isa, 4*4)
	}
	s.vectors++
	s.stored = 0
}

func (s *streaming) store(t *transform, x vec, to Mem) {
	s.rectify(t, x)
	waits := s.waiting.Offset(s.stored * t.bytes())
	s.stored++
	switch {
	case s.together(t.isa) == 1:
		VMOVNTPS(x, to)
	case s.vectors == 1:
		VMOVAPS(x, waits)
	default:
		first := t.reg[13]
		VMOVAPS(waits, first)
		VMOVNTPS(first, to.Offset(-t.bytes()))
		VMOVNTPS(x, to)
	}
}

func (streaming) finish() { SFENCE() }

// masking takes only what a ReLU let through, where the mask is above 0, and
// adds what it takes to bias.
type masking struct {
	plain
}

func (masking) begin(t *transform) {
	zero(t.isa, t.reg[14])
	zero(t.isa, t.reg[15])
	t.mask = t.start(t.maskNow)
}

func (masking) column(t *transform) {
	t.masks = pointersTo(t.mask, t.load("maskRow"), 4)
	ADDQ(t.field("maskCol"), t.mask)
}

func (masking) load(t *transform, from Mem, row int, to vec) {
	VMOVUPS(t.masks.at(row), to)
	takeWhereAbove(t.isa, t.reg[14], from, to)
	VADDPS(to, t.reg[15], t.reg[15])
}

func (masking) end(t *transform) {
	bias := t.load("bias")
	m := Mem{Base: bias, Index: t.at, Scale: 1}
	VADDPS(m, t.reg[15], t.reg[15])
	VMOVUPS(t.reg[15], m)
}

// transform is a function on patches that is being written.
type transform struct {
	isa
	s  reg.Register
	at reg.GPVirtual // where among a pixel's channels, in bytes

	inNow, outNow, maskNow Mem // where the tile begins, on the stack

	mask  reg.GPVirtual // a column of the mask
	masks pointers
}

// start is where this vector of channels begins.
func (t *transform) start(now Mem) reg.GPVirtual {
	r := GP64()
	MOVQ(now, r)
	ADDQ(t.at, r)
	return r
}

func (t *transform) field(name string) Mem { return fieldOf(t.s, patchFields, name) }

func (t *transform) load(name string) reg.GPVirtual {
	r := GP64()
	MOVQ(t.field(name), r)
	return r
}

// sandwich writes a transform of n x n patches to outs x outs: by columns into
// the stack, from there by rows. It goes on from a vector of channels to the
// next, and from a tile to the next.
func sandwich(v isa, name string, n, outs int, apply func(x, y, t []vec), e edges) {
	TEXT(name+v.name, 0, "func(p *int)") // no NOSPLIT: its frame is large
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%s transforms patches of %d x %d to %d x %d.", name, v.name, n, n, outs, outs))
	t := &transform{isa: v, s: param("p")}
	slots := AllocLocal(5 * 8)
	t.inNow, t.outNow, t.maskNow = slots, slots.Offset(8), slots.Offset(16)
	tiles, panelEnd := slots.Offset(24), slots.Offset(32)
	for name, now := range t.positions() {
		MOVQ(t.load(name), now)
	}
	MOVQ(t.load("tiles"), tiles)
	between := aligned(v, outs*n)

	Label("tile")
	t.at = GP64()
	XORQ(t.at, t.at)
	MOVQ(t.at, panelEnd)
	Label("panel")
	ADDQ(t.load("panel"), panelEnd)
	Label("vector")
	for range e.together(v) {
		t.patch(n, outs, apply, e, between)
	}
	CMPQ(t.at, panelEnd)
	JL(LabelRef("vector"))
	ADDQ(t.load("inPanel"), t.inNow)
	ADDQ(t.load("outPanel"), t.outNow)
	CMPQ(t.at, t.field("bytes"))
	JL(LabelRef("panel"))

	for name, now := range t.positions() {
		ADDQ(t.load(name+"Tile"), now)
	}
	repeatUntilZero(tiles, "tile")
	e.finish()
	finish()
}

// patch transforms a vector of channels of a patch, and moves on to the next.
func (t *transform) patch(n, outs int, apply func(x, y, t []vec), e edges, between Mem) {
	e.begin(t)
	v, in, out, free := t.isa, t.reg[:n], t.reg[6:6+outs], t.reg[6+outs:]
	p, step := t.start(t.inNow), t.load("inRow")
	for j := range n {
		rows := pointersTo(p, step, n)
		e.column(t)
		for i := range n {
			e.load(t, rows.at(i), i, in[i])
		}
		if j < n-1 {
			ADDQ(t.field("inCol"), p)
		}
		apply(in, out, free)
		for i := range outs {
			VMOVAPS(out[i], between.Offset((i*n+j)*v.bytes()))
		}
	}
	q, side := t.start(t.outNow), t.load("outCol")
	for i := range outs {
		columns := pointersTo(q, side, outs)
		for j := range n {
			VMOVAPS(between.Offset((i*n+j)*v.bytes()), in[j])
		}
		apply(in, out, free)
		for j := range outs {
			e.store(t, out[j], columns.at(j))
		}
		if i < outs-1 {
			ADDQ(t.field("outRow"), q)
		}
	}
	e.end(t)
	ADDQ(Imm(uint64(v.bytes())), t.at)
}

// aligned is room for so many vectors on the stack.
func aligned(v isa, vectors int) Mem {
	base := GP64()
	LEAQ(AllocLocal((vectors+1)*v.bytes()), base)
	ADDQ(Imm(uint64(v.bytes()-1)), base)
	ANDQ(I32(-v.bytes()), base)
	return Mem{Base: base}
}

// positions are the fields that move from tile to tile, and where they are now.
func (t *transform) positions() iter.Seq2[string, Mem] {
	return func(yield func(string, Mem) bool) {
		_ = yield("in", t.inNow) && yield("out", t.outNow) && yield("mask", t.maskNow)
	}
}
