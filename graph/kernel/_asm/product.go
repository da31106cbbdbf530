package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of the package's type strip, in order, eight bytes each. Steps are
// in bytes.
var fields = []string{
	"repeat", "tiles", "outer", "inner",
	"a", "ai", "al", "ao", "ar",
	"b", "bl", "br",
	"c", "ci", "cr",
	"bias", "flags",
	"ahead", "pace", "skip", "also", "alsoPace",
}

// The bits of flags, as the package has them.
const (
	flagAdd    = 1
	flagReLU   = 2
	flagStream = 4
)

// block is a function on a struct of eight-byte fields, whose address is in a
// register.
type block struct {
	s      reg.Register
	fields []string
}

func (b block) at(field string) Mem { return fieldOf(b.s, b.fields, field) }

// fieldOf is a field of a struct of eight-byte fields.
func fieldOf(s reg.Register, fields []string, name string) Mem {
	i := slices.Index(fields, name)
	if i < 0 {
		panic("no field " + name)
	}
	return Mem{Base: s, Disp: 8 * i}
}

func (b block) load(field string) reg.GPVirtual {
	r := GP64()
	MOVQ(b.at(field), r)
	return r
}

// product writes the micro-kernel: a tile of rows x vectors of c stays in
// registers while k goes by; tiles follow each other down a strip, and strips
// each other.
func product(v isa, rows, vectors int) {
	name := fmt.Sprintf("product%sx%dx%d", v.name, rows, vectors)
	TEXT(name, NOSPLIT, "func(s *int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is strip's loop for tiles of %d x %d.", name, rows, vectors*v.width))
	s := block{param("s"), fields}
	local := AllocLocal(10 * 8)
	slot := func(i int) Mem { return local.Offset(8 * i) }
	aNow, bNow, cNow, repeats, tiles, outers := slot(0), slot(1), slot(2), slot(3), slot(4), slot(5)
	aTile, cTile, aStep, cStep := slot(6), slot(7), slot(8), slot(9)
	for _, m := range []struct {
		from string
		to   Mem
	}{{"a", aNow}, {"b", bNow}, {"c", cNow}, {"repeat", repeats}} {
		MOVQ(s.load(m.from), m.to)
	}
	for _, m := range []struct {
		from string
		to   Mem
	}{{"ai", aStep}, {"ci", cStep}} {
		step := s.load(m.from)
		IMUL3Q(Imm(uint64(rows)), step, step)
		MOVQ(step, m.to)
	}
	sum := func(row, vector int) reg.VecPhysical { return v.reg[vectors*row+vector] }
	scratch := v.reg[2*v.rows:]
	w := newWalk(s)

	Label("repeat")
	copyMem(aNow, aTile)
	copyMem(cNow, cTile)
	copyMem(s.at("tiles"), tiles)

	Label("tile")
	for row := range rows {
		for i := range vectors {
			zero(v, sum(row, i))
		}
	}
	w.begin(aTile, bNow, rows)
	copyMem(s.at("outer"), outers)
	Label("outer")
	w.run(func(a func(row int) Mem, b Mem) {
		for i := range vectors {
			VMOVUPS(b.Offset(v.bytes()*i), scratch[i])
		}
		for row := range rows {
			x := scratch[2+row%2]
			VBROADCASTSS(a(row), x)
			for i := range vectors {
				VFMADD231PS(scratch[i], x, sum(row, i))
			}
		}
	})
	repeatUntilZero(outers, "outer")

	c := GP64()
	MOVQ(cTile, c)
	store(v, s, c, rows, vectors, sum, scratch)
	addMem(aStep, aTile)
	addMem(cStep, cTile)
	repeatUntilZero(tiles, "tile")

	for _, m := range []struct {
		step string
		to   Mem
	}{{"ar", aNow}, {"br", bNow}, {"cr", cNow}} {
		ADDQ(s.load(m.step), m.to)
	}
	repeatUntilZero(repeats, "repeat")
	SFENCE() // what was streamed is there for whoever is told so
	finish()
}

// copyMem copies eight bytes.
func copyMem(from, to Mem) {
	r := GP64()
	MOVQ(from, r)
	MOVQ(r, to)
}

// addMem adds eight bytes.
func addMem(by, to Mem) {
	r := GP64()
	MOVQ(by, r)
	ADDQ(r, to)
}

// store writes the end of a tile: what c was, bias and ReLU as they are asked
// for.
func store(v isa, s block, c reg.Register, rows, vectors int, sum func(row, vector int) reg.VecPhysical, scratch []reg.VecPhysical) {
	flags, bias, to := s.load("flags"), s.load("bias"), pointersTo(c, s.load("ci"), rows)
	each := func(write func(row, i int, m Mem)) {
		for row := range rows {
			for i := range vectors {
				write(row, i, to.at(row).Offset(v.bytes()*i))
			}
		}
	}
	TESTQ(U32(flagAdd), flags)
	JZ(LabelRef("added"))
	each(func(row, i int, m Mem) { VADDPS(m, sum(row, i), sum(row, i)) })
	Label("added")

	TESTQ(bias, bias)
	JZ(LabelRef("biased"))
	for i := range vectors {
		VMOVUPS(Mem{Base: bias, Disp: v.bytes() * i}, scratch[i])
		for row := range rows {
			VADDPS(scratch[i], sum(row, i), sum(row, i))
		}
	}
	Label("biased")

	TESTQ(U32(flagReLU), flags)
	JZ(LabelRef("rectified"))
	zero(v, scratch[0])
	for row := range rows {
		for i := range vectors {
			rectify(sum(row, i), scratch[0])
		}
	}
	Label("rectified")

	TESTQ(U32(flagStream), flags)
	JNZ(LabelRef("stream"))
	each(func(row, i int, m Mem) { VMOVUPS(sum(row, i), m) })
	JMP(LabelRef("stored"))
	Label("stream")
	each(func(row, i int, m Mem) { VMOVNTPS(sum(row, i), m) })
	Label("stored")
}

// rectify writes x = max(0, x). Of its two operands, MAXPS returns the second
// if either is NaN: x, so that a NaN stays.
func rectify(x, zero reg.VecPhysical) { VMAXPS(x, zero, x) }
