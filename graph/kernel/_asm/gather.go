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
	from   reg.GPVirtual // where it is, from x on
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
	MOVQ(Mem{Base: l.reach}, l.from)
	b.take(l, pixels)
	ADDQ(Imm(16), l.reach)
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

// value is what stands beside the reach.
func (l *gatherLoop) value() Mem { return Mem{Base: l.reach, Disp: 8} }

// sources are the reach's pixels of x, by their number.
func (l *gatherLoop) sources() pointers {
	p, base := l.xSteps, GP64()
	LEAQ(Mem{Base: l.x, Index: l.from, Scale: 1}, base)
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
				VBROADCASTSS(Mem{Base: first, Disp: 8}, which[i])
			}
		},
		take: func(l *gatherLoop, pixels int) {
			const notUpTo, ordered = 6, 7 // NLE_US, true for NaN; ORD_Q
			VBROADCASTSS(l.value(), mark)
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
			VBROADCASTSS(l.value(), mark)
			from := l.sources()
			at, step := GP64(), l.s.load("marksStep")
			MOVQ(l.from, at)
			SARQ(Imm(2), at)
			ADDQ(l.beside, at)
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
			VBROADCASTSS(l.value(), mark)
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
			VBROADCASTSS(l.value(), by)
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
			VBROADCASTSS(l.value(), by)
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
			MOVQ(l.value(), at)
			VMOVUPS(Mem{Base: l.beside, Index: at, Scale: 1}, w)
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
// each vector of channels and each reach, the sum over the row of x times y, in four
// sums that are added at the end.
func products(v isa) {
	TEXT("products"+v.name, NOSPLIT, "func(s *int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("products%s is the loop of the depthwise convolution's gradient by the filters, over a gathering.", v.name))
	s := block{Load(Param("s"), GP64()), gatherFields}
	xStep, yStep := s.load("xStep"), s.load("yStep")
	xs, ys := pointers{stride: xStep, stride3: tripled(xStep)}, pointers{stride: yStep, stride3: tripled(yStep)}
	x, y, w, left := s.load("x"), s.load("y"), s.load("w"), s.load("vectors")
	MOVQ(left, s.at("left"))
	sum, one := v.reg[:together], v.reg[together:2*together]
	Label("vector")
	reach, taps := s.load("reaches"), s.load("taps")
	TESTQ(taps, taps)
	JZ(LabelRef("next"))
	Label("tap")
	from, at := GP64(), GP64()
	MOVQ(Mem{Base: reach}, from)
	ADDQ(x, from)
	MOVQ(y, at)
	to := GP64()
	MOVQ(Mem{Base: reach, Disp: 8}, to)
	VMOVUPS(Mem{Base: w, Index: to, Scale: 1}, sum[0])
	for i := 1; i < together; i++ {
		zero(v, sum[i])
	}
	xs.bases, ys.bases = []reg.GPVirtual{from}, []reg.GPVirtual{at}
	pixels := s.load("pixels")
	SUBQ(Imm(together), pixels)
	JLT(LabelRef("few"))
	Label("four")
	for i := range together {
		VMOVUPS(ys.at(i), one[i])
		VFMADD231PS(xs.at(i), one[i], sum[i])
	}
	xs.four()
	ys.four()
	SUBQ(Imm(together), pixels)
	JGE(LabelRef("four"))
	Label("few")
	ADDQ(Imm(together), pixels)
	JZ(LabelRef("sum"))
	Label("one")
	VMOVUPS(ys.at(0), one[0])
	VFMADD231PS(xs.at(0), one[0], sum[0])
	xs.move(xStep)
	ys.move(yStep)
	repeatUntilZero(pixels, "one")
	Label("sum")
	VADDPS(sum[1], sum[0], sum[0])
	VADDPS(sum[3], sum[2], sum[2])
	VADDPS(sum[2], sum[0], sum[0])
	VMOVUPS(sum[0], Mem{Base: w, Index: to, Scale: 1})
	ADDQ(Imm(16), reach)
	repeatUntilZero(taps, "tap")
	Label("next")
	for _, p := range []reg.Register{x, y, w} {
		ADDQ(Imm(uint64(v.bytes())), p)
	}
	repeatUntilZero(s.at("left"), "vector")
	finish()
}
