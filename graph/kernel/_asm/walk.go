package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const float = 4 // bytes

// unroll is how many steps of k follow each other without a jump. A core whose
// other hardware thread is busy takes about three instructions a cycle, and a step
// of a tile of 6 x 16 has twenty loads and multiply-adds for its six cycles: there is
// no room beside them for many that count, move pointers and ask the cache.
const unroll = 8

// walk goes along k, through rows of a and down b, and asks the cache for what
// is to come.
type walk struct {
	s           block
	a, b        pointers
	al          reg.Register
	ahead, also reg.Register
}

func newWalk(s block) *walk {
	w := &walk{s: s, al: s.load("al"), ahead: s.load("ahead"), also: s.load("also")}
	w.a.stride, w.b.stride = s.load("ai"), s.load("bl")
	return w
}

// begin goes back to where rows of a and b begin.
func (w *walk) begin(a, b Mem, rows int) {
	first, second := GP64(), GP64()
	MOVQ(a, first)
	MOVQ(b, second)
	w.a, w.b = pointersTo(first, w.a.stride, rows), pointersTo(second, w.b.stride, 4)
}

// step is one step of k: row i of a stands at a(i).
type step func(a func(row int) Mem, b Mem)

// run writes one inner run. Numbers of a that stand side by side, along k or
// across the rows, need no arithmetic to be reached; others go one at a time.
func (w *walk) run(step step) {
	k := w.s.load("inner")
	SUBQ(Imm(unroll), k)
	JLT(LabelRef("few"))
	if w.a.count > 1 {
		CMPQ(w.al, Imm(float))
		JNE(LabelRef("crossing"))
		w.steps("along", k, step, func(u, row int) Mem { return w.a.at(row).Offset(float * u) }, func(done int) {
			if done == unroll {
				w.a.move(Imm(unroll * float))
			}
		})
		JMP(LabelRef("few"))
		Label("crossing")
		CMPQ(w.a.stride, Imm(float))
		JNE(LabelRef("few"))
	}
	columns := pointers{bases: w.a.bases[:1], stride: w.al, stride3: tripled(w.al)}
	w.steps("across", k, step, func(u, row int) Mem { return columns.at(u % 4).Offset(float * row) }, func(int) { columns.four() })
	for i, base := range w.a.bases[1:] {
		LEAQ(Mem{Base: w.a.bases[0], Disp: 4 * float * (i + 1)}, base)
	}

	Label("few")
	ADDQ(Imm(unroll), k)
	JZ(LabelRef("ran"))
	Label("one")
	step(w.a.at, w.b.at(0))
	w.a.move(w.al)
	w.b.move(w.b.stride)
	repeatUntilZero(k, "one")
	Label("ran")
	w.a.move(w.s.at("ao"))
	ADDQ(w.s.at("skip"), w.ahead)
}

// steps writes the loop over k from its name on, with k at least 0 before each
// round and counted down by a round's steps. Row i of a stands at a(u, i) in step u
// of a round; after every fourth, a may move on.
func (w *walk) steps(name string, k reg.Register, step step, a func(u, row int) Mem, move func(done int)) {
	Label(name)
	for u := range unroll {
		if u%4 == 0 {
			PREFETCHT1(Mem{Base: w.ahead, Disp: u / 4 * cacheLine})
			PREFETCHT1(Mem{Base: w.also, Disp: u / 4 * cacheLine})
		}
		step(func(row int) Mem { return a(u, row) }, w.b.at(u%4))
		if u%4 == 3 {
			move(u + 1)
			w.b.four()
		}
	}
	ADDQ(w.s.at("pace"), w.ahead)
	ADDQ(w.s.at("alsoPace"), w.also)
	SUBQ(Imm(unroll), k)
	JGE(LabelRef(name))
}

// pointers reach each of a count of numbers a stride apart: a base for every
// fourth, and three strides to step from it.
type pointers struct {
	count           int
	bases           []reg.GPVirtual
	stride, stride3 reg.Register
}

func pointersTo(first, stride reg.Register, count int) pointers {
	p := pointers{count: count, stride: stride}
	if count > 3 {
		p.stride3 = tripled(stride)
	}
	for i := 0; i < count; i += 4 {
		base := GP64()
		if i == 0 {
			MOVQ(first, base)
		} else {
			LEAQ(Mem{Base: p.bases[i/4-1], Index: stride, Scale: 4}, base)
		}
		p.bases = append(p.bases, base)
	}
	return p
}

func tripled(stride reg.Register) reg.Register {
	r := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, r)
	return r
}

func (p pointers) at(i int) Mem {
	m := Mem{Base: p.bases[i/4]}
	switch i % 4 {
	case 1, 2:
		m.Index, m.Scale = p.stride, uint8(i%4)
	case 3:
		m.Index, m.Scale = p.stride3, 1
	}
	return m
}

// move adds bytes to each.
func (p pointers) move(bytes Op) {
	for _, base := range p.bases {
		ADDQ(bytes, base)
	}
}

// four moves the only base by four strides.
func (p pointers) four() { LEAQ(Mem{Base: p.bases[0], Index: p.stride, Scale: 4}, p.bases[0]) }
