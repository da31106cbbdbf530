package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of the package's type listing, in order, eight bytes each. Steps
// are in bytes.
var listingFields = []string{
	"rows", "counts", "places", "values",
	"b",
	"start", "si",
	"c", "ci",
	"bias", "flags",
	"ahead", "pace",
}

// skipVectors is how wide a row's tile is at most: as many accumulators as the
// latency of a multiply-add asks for.
const skipVectors = 8

// skipLines is how many cache lines a row asks for.
const skipLines = 4

// skip writes the micro-kernel for rows of which only some numbers are listed:
// a row of c, so many vectors wide, stays in registers while its list goes by.
func skip(v isa, vectors int) {
	name := fmt.Sprintf("skip%sx%d", v.name, vectors)
	TEXT(name, NOSPLIT, "func(l *int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is listing's loop for rows of %d.", name, vectors*v.width))
	s := block{param("l"), listingFields}
	counts, places, values, b, start, c := s.load("counts"), s.load("places"), s.load("values"), s.load("b"), s.load("start"), s.load("c")
	rows := s.load("rows")
	sum := func(_, vector int) reg.VecPhysical { return v.reg[vector] }
	x, scratch := v.reg[vectors], v.reg[vectors:]
	ahead := s.load("ahead")

	Label("row")
	CMPQ(s.at("pace"), Imm(0))
	JZ(LabelRef("asked"))
	for i := range skipLines {
		PREFETCHT1(Mem{Base: ahead, Disp: cacheLine * i})
	}
	ADDQ(s.at("pace"), ahead)
	Label("asked")
	n := GP64()
	MOVLQSX(Mem{Base: counts}, n)
	ADDQ(Imm(4), counts)
	TESTQ(start, start)
	JZ(LabelRef("zero"))
	for i := range vectors {
		VMOVUPS(Mem{Base: start, Disp: v.bytes() * i}, sum(0, i))
	}
	ADDQ(s.at("si"), start)
	JMP(LabelRef("begin"))
	Label("zero")
	for i := range vectors {
		zero(v, sum(0, i))
	}

	Label("begin")
	TESTQ(n, n)
	JZ(LabelRef("end"))
	LEAQ(Mem{Base: places, Index: n, Scale: 4}, places)
	LEAQ(Mem{Base: values, Index: n, Scale: 4}, values)
	NEGQ(n)
	Label("number")
	at := GP64()
	MOVL(Mem{Base: places, Index: n, Scale: 4}, at.As32())
	VBROADCASTSS(Mem{Base: values, Index: n, Scale: 4}, x)
	for i := range vectors {
		VFMADD231PS(Mem{Base: b, Index: at, Scale: 1, Disp: v.bytes() * i}, x, sum(0, i))
	}
	INCQ(n)
	JNZ(LabelRef("number"))

	Label("end")
	store(v, s, c, 1, vectors, sum, scratch)
	ADDQ(s.at("ci"), c)
	DECQ(rows)
	JNZ(LabelRef("row"))
	SFENCE() // what was streamed is there for whoever is told so
	finish()
}

// ask writes the request for the first lines of some rows.
func ask() {
	TEXT("ask", NOSPLIT, "func(rows int, x *float32, stride int, lines int)")
	Pragma("noescape")
	Doc("ask asks the cache for so many lines, at least one, of each of so many rows of x, at least one, stride floats apart.")
	rows, x, stride, lines := param("rows"), param("x"), param("stride"), param("lines")
	SHLQ(Imm(2), stride)
	Label("row")
	at, n := GP64(), GP64()
	MOVQ(x, at)
	MOVQ(lines, n)
	Label("line")
	PREFETCHT1(Mem{Base: at})
	ADDQ(Imm(cacheLine), at)
	repeatUntilZero(n, "line")
	ADDQ(stride, x)
	repeatUntilZero(rows, "row")
	RET()
}

// list writes the listing of the numbers of a row that are not zero: 8 at a
// time, a table says for each pattern of zeros which of them move to the front.
func list() {
	TEXT("listAVX2", NOSPLIT, "func(n int, x *float32, step int, fronts *uint64, places *int32, values *float32) int")
	Pragma("noescape")
	Doc("listAVX2 writes the numbers of x that are not zero, a NaN among them, one after the other, and their places,",
		"which are step apart, from 0; it returns how many there are. n is a multiple of 8, at least that. Of places and",
		"values it may write n.")
	n, x, fronts, places, values := param("n"), param("x"), param("fronts"), param("places"), param("values")
	vector, front, number, nothing, at, eight, lane := ymm[0], ymm[1], ymm[2], ymm[3], ymm[4], ymm[5], ymm[6]
	VXORPS(nothing, nothing, nothing)
	VPMOVZXBD(Mem{Base: fronts, Disp: 8 * 255}, lane) // 0 1 2 ... 7: where nothing is zero, all stay
	VPBROADCASTD(NewParamAddr("step", 16), eight)
	VPMULLD(eight, lane, at)
	VPSLLD(Imm(3), eight, eight)
	began := GP64()
	MOVQ(values, began)
	SHRQ(Imm(3), n)
	Label("step")
	mask, count := GP64(), GP64()
	VMOVUPS(Mem{Base: x}, vector)
	const unequal = 4 // NEQ_UQ: true for NaN
	VCMPPS(Imm(unequal), nothing, vector, number)
	VMOVMSKPS(number, mask.As32())
	POPCNTL(mask.As32(), count.As32())
	VPMOVZXBD(Mem{Base: fronts, Index: mask, Scale: 8}, front)
	VPERMPS(vector, front, vector)
	VMOVUPS(vector, Mem{Base: values})
	VPERMD(at, front, number)
	VMOVDQU(number, Mem{Base: places})
	LEAQ(Mem{Base: values, Index: count, Scale: 4}, values)
	LEAQ(Mem{Base: places, Index: count, Scale: 4}, places)
	VPADDD(eight, at, at)
	ADDQ(Imm(32), x)
	repeatUntilZero(n, "step")
	SUBQ(began, values)
	SHRQ(Imm(2), values)
	Store(values, ReturnIndex(0))
	finish()
}
