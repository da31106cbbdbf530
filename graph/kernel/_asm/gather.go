package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of the package's type gatherArgs, in order, eight bytes each. Steps are
// in bytes.
var gatherFields = []string{
	"pixels", "vectors", "taps", "reaches",
	"x", "xStep", "y", "yStep",
	"marks", "marksStep",
	"w", "bias", "relu", "least",
	"left", "atX", "atY", "atBeside",
}

// The fields of the package's type reach, in bytes.
const (
	reachAt    = 0 // in numbers
	reachMark  = 8
	reachW     = 16 // in numbers
	reachBy    = 24
	reachBytes = 32
)

// gatherLoop is a loop over a gathering of the package: up to four pixels at a time, a
// vector of channels each, in which the reaches are taken one after the other.
type gatherLoop struct {
	v      isa
	s      block
	x, y   reg.GPVirtual // at the vector, of the first pixel
	beside reg.GPVirtual // weights or marks, likewise
	bias   reg.GPVirtual
	xSteps pointers
	reach  reg.GPVirtual // the reach
	from   reg.GPVirtual // where it is, in numbers from x on
}

// body is what the loop does with a number of pixels.
type body struct {
	begin, take, end func(l *gatherLoop, pixels int) // no end is none

	beside string // the field that goes along with the channels, besides x and y: marks or w
	size   int    // of a channel in it, in bytes
	along  string // the step by which it goes from pixel to pixel of y; "" is none
}

const together = 4 // pixels

func gatherKernel(v isa, name, doc string, b body) {
	TEXT(name+v.name, NOSPLIT, "func(s *int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%s is %s", name, v.name, doc))
	s := block{Load(Param("s"), GP64()), gatherFields}
	xStep := s.load("xStep")
	l := &gatherLoop{v: v, s: s, xSteps: pointers{stride: xStep, stride3: tripled(xStep)}}
	x, y, beside := s.load("x"), s.load("y"), s.load(b.beside)
	MOVQ(x, s.at("atX")) // as numbers: the collector must not meet a pointer that has left its memory
	MOVQ(y, s.at("atY"))
	MOVQ(beside, s.at("atBeside"))
	SUBQ(Imm(together), s.at("pixels"))
	JLT(LabelRef("few"))
	l.pixels(b, "four", together)
	SUBQ(Imm(together), s.at("pixels"))
	JGE(LabelRef("four"))
	Label("few")
	ADDQ(Imm(together), s.at("pixels"))
	JZ(LabelRef("done"))
	l.pixels(b, "one", 1)
	repeatUntilZero(s.at("pixels"), "one")
	Label("done")
	finish()
}

// pixels writes all channels of so many pixels.
func (l *gatherLoop) pixels(b body, name string, pixels int) {
	Label(name)
	l.x, l.y, l.beside, l.bias = l.s.load("atX"), l.s.load("atY"), l.s.load("atBeside"), l.s.load("bias")
	vectors := l.s.load("vectors")
	MOVQ(vectors, l.s.at("left"))
	Label(name + "vector")
	b.begin(l, pixels)
	taps := l.s.load("taps")
	l.reach = l.s.load("reaches")
	TESTQ(taps, taps)
	JZ(LabelRef(name + "end"))
	Label(name + "tap")
	l.from = GP64()
	MOVQ(Mem{Base: l.reach, Disp: reachAt}, l.from)
	b.take(l, pixels)
	ADDQ(Imm(reachBytes), l.reach)
	repeatUntilZero(taps, name+"tap")
	Label(name + "end")
	if b.end != nil {
		b.end(l, pixels)
	}
	for _, p := range []reg.Register{l.x, l.y, l.bias} {
		ADDQ(Imm(uint64(l.v.bytes())), p)
	}
	ADDQ(Imm(uint64(l.v.width*b.size)), l.beside)
	repeatUntilZero(l.s.at("left"), name+"vector")
	l.move("atX", "xStep", pixels)
	l.move("atY", "yStep", pixels)
	if b.along != "" {
		l.move("atBeside", b.along, pixels)
	}
}

// move moves a pointer by a step for each of so many pixels.
func (l *gatherLoop) move(field, step string, pixels int) {
	by := l.s.load(step)
	if pixels == together {
		SHLQ(Imm(2), by)
	}
	ADDQ(by, l.s.at(field))
}

// reached is a field of the reach.
func (l *gatherLoop) reached(field int) Mem { return Mem{Base: l.reach, Disp: field} }

// sources are the reach's pixels of x, by their number.
func (l *gatherLoop) sources() pointers {
	p, base := l.xSteps, GP64()
	LEAQ(Mem{Base: l.x, Index: l.from, Scale: float}, base)
	p.bases = []reg.GPVirtual{base}
	return p
}

// targets are the pixels of y, or of what goes beside them.
func (l *gatherLoop) targets(first reg.Register, step string, pixels int) pointers {
	p := pointers{}
	if pixels == 1 {
		p.bases = []reg.GPVirtual{GP64()}
		MOVQ(first, p.bases[0])
		return p
	}
	p.stride = l.s.load(step)
	return pointersTo(first, p.stride, pixels)
}

// store writes the sums.
func (l *gatherLoop) store(pixels int) {
	y := l.targets(l.y, "yStep", pixels)
	for i := range pixels {
		VMOVUPS(l.v.reg[i], y.at(i))
	}
}

func zeros(l *gatherLoop, pixels int) {
	for i := range pixels {
		zero(l.v, l.v.reg[i])
	}
}

// greatest writes the loop of MaxPool.
func greatest(v isa) {
	best, which := v.reg[:4], v.reg[4:8]
	mark, x, larger, number := v.reg[8], v.reg[9], v.reg[10], v.reg[11]
	gatherKernel(v, "greatest", "MaxPool's loop over a gathering.", body{
		begin: func(l *gatherLoop, pixels int) {
			first := l.s.load("reaches")
			for i := range pixels {
				VBROADCASTSS(l.s.at("least"), best[i])
				VBROADCASTSS(Mem{Base: first, Disp: reachMark}, which[i])
			}
		},
		take: func(l *gatherLoop, pixels int) {
			const notUpTo, ordered = 6, 7 // NLE_US, true for NaN; ORD_Q
			VBROADCASTSS(l.reached(reachMark), mark)
			from := l.sources()
			for i := range pixels {
				VMOVUPS(from.at(i), x)
				if v.width == 16 {
					VCMPPS(Imm(notUpTo), best[i], x, reg.K1)
					VCMPPS(Imm(ordered), best[i], best[i], reg.K1, reg.K2)
					VMOVAPS(x, reg.K2, best[i])
					VMOVAPS(mark, reg.K2, which[i])
					continue
				}
				VCMPPS(Imm(notUpTo), best[i], x, larger)
				VCMPPS(Imm(ordered), best[i], best[i], number)
				VANDPS(number, larger, larger)
				VBLENDVPS(larger, x, best[i], best[i])
				VBLENDVPS(larger, mark, which[i], which[i])
			}
		},
		end: func(l *gatherLoop, pixels int) {
			l.store(pixels)
			marks := l.targets(l.beside, "marksStep", pixels)
			for i := range pixels {
				narrow(v, which[i], marks.at(i))
			}
		},
		beside: "marks", size: 1, along: "marksStep",
	})
}

// narrow stores numbers below 256 as bytes.
func narrow(v isa, x reg.VecPhysical, to Mem) {
	if v.width == 16 {
		VPMOVDB(x, to)
		return
	}
	low, high := x.AsX(), reg.X12
	VPACKUSDW(x, x, x)
	VPACKUSWB(x, x, x)
	VEXTRACTI128(Imm(1), x, high)
	VPUNPCKLDQ(high, low, low)
	VMOVQ(low, to)
}

// selected writes the loop of MaxPool's gradient.
func selected(v isa) {
	sum, mark, marks, y := v.reg[:4], v.reg[8], v.reg[9], v.reg[10]
	gatherKernel(v, "selected", "the loop of MaxPool's gradient over a gathering.", body{
		begin: zeros,
		take: func(l *gatherLoop, pixels int) {
			VBROADCASTSS(l.reached(reachMark), mark)
			from := l.sources()
			at, step := GP64(), l.s.load("marksStep")
			LEAQ(Mem{Base: l.beside, Index: l.from, Scale: 1}, at)
			for i := range pixels {
				if i > 0 {
					ADDQ(step, at)
				}
				VPMOVZXBD(Mem{Base: at}, marks)
				if v.width == 16 {
					VPCMPEQD(marks, mark, reg.K1)
					VADDPS(from.at(i), sum[i], reg.K1, sum[i])
					continue
				}
				VPCMPEQD(marks, mark, marks)
				VANDPS(from.at(i), marks, y)
				VADDPS(y, sum[i], sum[i])
			}
		},
		end:    (*gatherLoop).store,
		beside: "marks", size: 1, along: "marksStep",
	})
}

// spreadMarked writes the way back of greatest where windows do not overlap: what is in y
// goes to the one reach that is marked, and zero to the others.
func spreadMarked(v isa) {
	y, marks, mark, one := v.reg[:4], v.reg[4:8], v.reg[8], v.reg[9]
	gatherKernel(v, "spread", "the loop of MaxPool's gradient where windows do not overlap: x is made of y.", body{
		begin: func(l *gatherLoop, pixels int) {
			l.loadTargets(y, pixels)
			at := l.targets(l.beside, "marksStep", pixels)
			for i := range pixels {
				VPMOVZXBD(at.at(i), marks[i])
			}
		},
		take: func(l *gatherLoop, pixels int) {
			VBROADCASTSS(l.reached(reachMark), mark)
			to := l.sources()
			for i := range pixels {
				if v.width == 16 {
					VPCMPEQD(marks[i], mark, reg.K1)
					VMOVAPS_Z(y[i], reg.K1, one)
				} else {
					VPCMPEQD(marks[i], mark, one)
					VANDPS(y[i], one, one)
				}
				VMOVUPS(one, to.at(i))
			}
		},
		beside: "marks", size: 1, along: "marksStep",
	})
}

// shared writes the way back of weighted where windows do not overlap.
func shared(v isa) {
	y, by, one := v.reg[:4], v.reg[8], v.reg[9]
	gatherKernel(v, "shared", "the loop of MeanPool's gradient where windows do not overlap: x is made of y.", body{
		begin: func(l *gatherLoop, pixels int) { l.loadTargets(y, pixels) },
		take: func(l *gatherLoop, pixels int) {
			VBROADCASTSS(l.reached(reachBy), by)
			to := l.sources()
			for i := range pixels {
				VMULPS(y[i], by, one)
				VMOVUPS(one, to.at(i))
			}
		},
		beside: "w", size: 4,
	})
}

// loadTargets reads the pixels of y.
func (l *gatherLoop) loadTargets(to []reg.VecPhysical, pixels int) {
	y := l.targets(l.y, "yStep", pixels)
	for i := range pixels {
		VMOVUPS(y.at(i), to[i])
	}
}

// weighted writes the loop of MeanPool and of its gradient.
func weighted(v isa) {
	gatherKernel(v, "weighted", "the loop of MeanPool, and of its gradient, over a gathering.", body{
		begin: zeros,
		take: func(l *gatherLoop, pixels int) {
			by := v.reg[8]
			VBROADCASTSS(l.reached(reachBy), by)
			from := l.sources()
			for i := range pixels {
				VFMADD231PS(from.at(i), by, v.reg[i])
			}
		},
		end:    (*gatherLoop).store,
		beside: "w", size: 4,
	})
}

// filtered writes the loop of the depthwise convolution, and of its gradient by the
// image.
func filtered(v isa) {
	gatherKernel(v, "filtered", "the loop of the depthwise convolution over a gathering.", body{
		begin: func(l *gatherLoop, pixels int) {
			VMOVUPS(Mem{Base: l.bias}, v.reg[0])
			for i := 1; i < pixels; i++ {
				VMOVAPS(v.reg[0], v.reg[i])
			}
		},
		take: func(l *gatherLoop, pixels int) {
			at, w := GP64(), v.reg[8]
			MOVQ(l.reached(reachW), at)
			VMOVUPS(Mem{Base: l.beside, Index: at, Scale: float}, w)
			from := l.sources()
			for i := range pixels {
				VFMADD231PS(from.at(i), w, v.reg[i])
			}
		},
		end: func(l *gatherLoop, pixels int) {
			relu, name := l.s.load("relu"), fmt.Sprintf("linear%d", pixels)
			TESTQ(relu, relu)
			JZ(LabelRef(name))
			zero(v, v.reg[9])
			for i := range pixels {
				rectify(v.reg[i], v.reg[9])
			}
			Label(name)
			l.store(pixels)
		},
		beside: "w", size: 4,
	})
}

// products writes the loop of the depthwise convolution's gradient by the filters: for
// each vector of channels and each reach, the sum over the row of x times y. Reaches are
// taken three at a time, and pixels two, each of which has sums of its own.
func products(v isa) {
	TEXT("products"+v.name, NOSPLIT, "func(s *int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("products%s is the loop of the depthwise convolution's gradient by the filters, over a gathering.", v.name))
	p := &productLoop{v: v, s: block{Load(Param("s"), GP64()), gatherFields}}
	p.x, p.y, p.w, p.xStep, p.yStep = p.s.load("x"), p.s.load("y"), p.s.load("w"), p.s.load("xStep"), p.s.load("yStep")
	left := p.s.load("vectors")
	MOVQ(left, p.s.at("left"))
	Label("vector")
	p.reach, p.taps = p.s.load("reaches"), p.s.load("taps")
	p.reaches("three", 3)
	p.reaches("one", 1)
	for _, at := range []reg.Register{p.x, p.y, p.w} {
		ADDQ(Imm(uint64(v.bytes())), at)
	}
	repeatUntilZero(p.s.at("left"), "vector")
	finish()
}

// productLoop is the loop of products.
type productLoop struct {
	v            isa
	s            block
	x, y, w      reg.GPVirtual
	xStep, yStep reg.GPVirtual
	reach, taps  reg.GPVirtual
}

// reaches writes a loop that takes so many at a time, as long as there are as many.
func (p *productLoop) reaches(name string, count int) {
	Label(name)
	SUBQ(Imm(uint64(count)), p.taps)
	JLT(LabelRef(name + "done"))
	from, sum := make([]reg.GPVirtual, count), p.v.reg[:2*count]
	for i := range from {
		from[i] = GP64()
		MOVQ(Mem{Base: p.reach, Disp: i*reachBytes + reachAt}, from[i])
		LEAQ(Mem{Base: p.x, Index: from[i], Scale: float}, from[i])
		p.eachSum(i, func(w Mem) { VMOVUPS(w, sum[i]) })
		zero(p.v, sum[count+i])
	}
	at, pixels := GP64(), p.s.load("pixels")
	MOVQ(p.y, at)
	one, other := p.v.reg[14], p.v.reg[15]
	SUBQ(Imm(2), pixels)
	JLT(LabelRef(name + "last"))
	Label(name + "two")
	VMOVUPS(Mem{Base: at}, one)
	VMOVUPS(Mem{Base: at, Index: p.yStep, Scale: 1}, other)
	for i := range from {
		VFMADD231PS(Mem{Base: from[i]}, one, sum[i])
		VFMADD231PS(Mem{Base: from[i], Index: p.xStep, Scale: 1}, other, sum[count+i])
		LEAQ(Mem{Base: from[i], Index: p.xStep, Scale: 2}, from[i])
	}
	LEAQ(Mem{Base: at, Index: p.yStep, Scale: 2}, at)
	SUBQ(Imm(2), pixels)
	JGE(LabelRef(name + "two"))
	Label(name + "last")
	ADDQ(Imm(2), pixels)
	JZ(LabelRef(name + "sum"))
	VMOVUPS(Mem{Base: at}, one)
	for i := range from {
		VFMADD231PS(Mem{Base: from[i]}, one, sum[i])
	}
	Label(name + "sum")
	for i := range from {
		VADDPS(sum[count+i], sum[i], sum[i])
		p.eachSum(i, func(w Mem) { VMOVUPS(sum[i], w) })
	}
	ADDQ(Imm(uint64(count*reachBytes)), p.reach)
	JMP(LabelRef(name))
	Label(name + "done")
	ADDQ(Imm(uint64(count)), p.taps)
}

// eachSum is where a reach's numbers of the filter are.
func (p *productLoop) eachSum(i int, use func(w Mem)) {
	to := GP64()
	MOVQ(Mem{Base: p.reach, Disp: i*reachBytes + reachW}, to)
	use(Mem{Base: p.w, Index: to, Scale: float})
}
