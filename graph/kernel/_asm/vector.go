package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// loop writes a loop over n floats, a multiple of the vector's width, that
// advances the pointers by a vector at each turn.
func loop(v isa, n reg.Register, pointers []reg.Register, body func()) {
	SHRQ(Imm(v.shift()), n)
	Label("step")
	body()
	for _, p := range pointers {
		ADDQ(Imm(uint64(4*v.width)), p)
	}
	repeatUntilZero(n, "step")
	finish()
}

// begin opens a function on vectors.
func begin(v isa, name, signature, doc string) {
	TEXT(name+v.name, NOSPLIT, signature)
	Doc(fmt.Sprintf("%s%s is %s n is a multiple of %d, at least that.", name, v.name, doc, v.width))
}

// add writes y += x.
func add(v isa) {
	begin(v, "add", "func(n int, x, y *float32)", "y[i] += x[i].")
	n, x, y := param("n"), param("x"), param("y")
	loop(v, n, []reg.Register{x, y}, func() {
		VMOVUPS(Mem{Base: x}, v.reg[0])
		VADDPS(Mem{Base: y}, v.reg[0], v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: y})
	})
}

// biasReLU writes y = max(0, y + b).
func biasReLU(v isa) {
	begin(v, "biasReLU", "func(n int, b, y *float32)", "y[i] = max(0, y[i]+b[i]).")
	n, b, y := param("n"), param("b"), param("y")
	zero(v, v.reg[1])
	loop(v, n, []reg.Register{b, y}, func() {
		VMOVUPS(Mem{Base: b}, v.reg[0])
		VADDPS(Mem{Base: y}, v.reg[0], v.reg[0])
		rectify(v.reg[0], v.reg[1])
		VMOVUPS(v.reg[0], Mem{Base: y})
	})
}

// reluGrad writes dz = dy where y > 0, else 0.
func reluGrad(v isa) {
	begin(v, "reluGrad", "func(n int, dz, dy, y *float32)", "dz[i] = dy[i] where y[i] > 0, else 0.")
	n, dz, dy, y := param("n"), param("dz"), param("dy"), param("y")
	zero(v, v.reg[1])
	loop(v, n, []reg.Register{dz, dy, y}, func() {
		VMOVUPS(Mem{Base: y}, v.reg[0])
		takeWhereAbove(v, v.reg[1], Mem{Base: dy}, v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: dz})
	})
}

// takeWhereAbove writes x = m where x > zero, else 0.
func takeWhereAbove(v isa, zero reg.VecPhysical, m Mem, x reg.VecPhysical) {
	const greater = 14 // GT_OS: false for NaN
	if v.width == 16 {
		VCMPPS(Imm(greater), zero, x, reg.K1)
		VMOVUPS_Z(m, reg.K1, x)
		return
	}
	VCMPPS(Imm(greater), zero, x, x)
	VANDPS(m, x, x)
}

// adam writes the loop of Adam, with an exact square root and division.
func adam(v isa) {
	begin(v, "adam", "func(n int, w, dw, m, v *float32, alpha, decay1, decay2, eps float32)",
		"Adam's loop.")
	n, w, dw, m, second := param("n"), param("w"), param("dw"), param("m"), param("v")
	alpha, decay1, decay2, eps := v.reg[4], v.reg[5], v.reg[6], v.reg[7]
	broadcast("alpha", alpha)
	broadcast("decay1", decay1)
	broadcast("decay2", decay2)
	broadcast("eps", eps)
	loop(v, n, []reg.Register{w, dw, m, second}, func() {
		g, mi, vi, d := v.reg[0], v.reg[1], v.reg[2], v.reg[3]
		VMOVUPS(Mem{Base: dw}, g)
		VMOVUPS(Mem{Base: m}, mi)
		VMOVUPS(Mem{Base: second}, vi)
		VSUBPS(mi, g, d)
		VFMADD231PS(d, decay1, mi) // m += (g - m)·decay1
		VMOVUPS(mi, Mem{Base: m})
		VMULPS(g, g, d)
		VSUBPS(vi, d, d)
		VFMADD231PS(d, decay2, vi) // v += (g·g - v)·decay2
		VMOVUPS(vi, Mem{Base: second})
		VSQRTPS(vi, d)
		VADDPS(eps, d, d)
		VMULPS(alpha, mi, mi)
		VDIVPS(d, mi, mi)
		VMOVUPS(Mem{Base: w}, g)
		VSUBPS(mi, g, g) // w -= m·alpha / (sqrt(v) + eps)
		VMOVUPS(g, Mem{Base: w})
	})
}

// multiply writes y = x·by.
func multiply(v isa) {
	begin(v, "times", "func(n int, x, y *float32, by float32)", "y[i] = x[i]*by.")
	n, x, y := param("n"), param("x"), param("y")
	broadcast("by", v.reg[1])
	loop(v, n, []reg.Register{x, y}, func() {
		VMULPS(Mem{Base: x}, v.reg[1], v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: y})
	})
}

// scale writes y = x·by, elementwise.
func scale(v isa) {
	begin(v, "scale", "func(n int, x, by, y *float32)", "y[i] = x[i]*by[i].")
	n, x, by, y := param("n"), param("x"), param("by"), param("y")
	loop(v, n, []reg.Register{x, by, y}, func() {
		VMOVUPS(Mem{Base: x}, v.reg[0])
		VMULPS(Mem{Base: by}, v.reg[0], v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: y})
	})
}

// blend writes y += (x - y)·part.
func blend(v isa) {
	begin(v, "blend", "func(n int, x, y *float32, part float32)", "y[i] += (x[i]-y[i])*part.")
	n, x, y := param("n"), param("x"), param("y")
	broadcast("part", v.reg[2])
	loop(v, n, []reg.Register{x, y}, func() {
		VMOVUPS(Mem{Base: y}, v.reg[0])
		VMOVUPS(Mem{Base: x}, v.reg[1])
		VSUBPS(v.reg[0], v.reg[1], v.reg[1])
		VFMADD231PS(v.reg[1], v.reg[2], v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: y})
	})
}

// packRows writes the copying of rows two vectors wide.
func packRows(v isa) { copyRows("packRows"+v.name, v, 2) }

// packWide writes the same for the rows that the kernel skip takes.
func packWide(v isa) { copyRows("packWide"+v.name, v, skipVectors) }

func copyRows(name string, v isa, vectors int) {
	TEXT(name, NOSPLIT, "func(rows int, x *float32, stride int, y *float32)")
	Doc(fmt.Sprintf("%s copies rows, at least one, of %d floats, stride floats apart, to stand side by side.", name, vectors*v.width))
	rows, x, stride, y := param("rows"), param("x"), param("stride"), param("y")
	SHLQ(Imm(2), stride)
	Label("step")
	for i := range vectors {
		VMOVUPS(Mem{Base: x, Disp: v.bytes() * i}, v.reg[i])
	}
	for i := range vectors {
		VMOVUPS(v.reg[i], Mem{Base: y, Disp: v.bytes() * i})
	}
	ADDQ(stride, x)
	if size := v.bytes() * vectors; size < 256 {
		ADDQ(Imm(uint64(size)), y)
	} else {
		ADDQ(U32(size), y)
	}
	repeatUntilZero(rows, "step")
	finish()
}

// decode writes y = x / 255 for bytes x; the division is exact to the last bit,
// as a table of quotients would be.
func decode(v isa) {
	begin(v, "decode", "func(n int, x *uint8, y *float32, by float32)", "y[i] = x[i]/by.")
	n, x, y := param("n"), param("x"), param("y")
	broadcast("by", v.reg[1])
	SHRQ(Imm(v.shift()), n)
	Label("step")
	VPMOVZXBD(Mem{Base: x}, v.reg[0])
	VCVTDQ2PS(v.reg[0], v.reg[0])
	VDIVPS(v.reg[1], v.reg[0], v.reg[0])
	VMOVUPS(v.reg[0], Mem{Base: y})
	ADDQ(Imm(uint64(v.width)), x)
	ADDQ(Imm(uint64(v.bytes())), y)
	repeatUntilZero(n, "step")
	finish()
}

// peak writes nothing but fused multiply-adds in registers, twelve at a time.
func peak(v isa) {
	TEXT("peak"+v.name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("peak%s does n times 12 fused multiply-adds on vectors of %d floats.", v.name, v.width))
	n := param("n")
	for i := range 14 {
		zero(v, v.reg[i])
	}
	Label("step")
	for i := range 12 {
		VFMADD231PS(v.reg[12], v.reg[13], v.reg[i])
	}
	repeatUntilZero(n, "step")
	finish()
}

// transpose writes the transposition of blocks of 8 x 8, in AVX.
func transpose() {
	TEXT("transpose8", NOSPLIT, "func(blocks int, x *float32, stride int, y *float32, step int)")
	Pragma("noescape")
	Doc("transpose8 writes 8 rows of x, of 8 floats a block, as columns of y: y[j·step+i] = x[i·stride+j].")
	blocks, x, stride, y, step := param("blocks"), param("x"), param("stride"), param("y"), param("step")
	SHLQ(Imm(2), stride)
	SHLQ(Imm(2), step)
	Label("block")
	from, to := pointersTo(x, stride, 8), pointersTo(y, step, 8)
	a, b := ymm[:8], ymm[8:16]
	for i := range 8 {
		VMOVUPS(from.at(i), a[i])
	}
	for i := 0; i < 8; i += 2 { // pairs of rows: a0 b0 a1 b1 | a4 b4 a5 b5
		VUNPCKLPS(a[i+1], a[i], b[i])
		VUNPCKHPS(a[i+1], a[i], b[i+1])
	}
	for i := 0; i < 8; i += 4 { // four rows: a0 b0 c0 d0 | a4 b4 c4 d4
		VSHUFPS(Imm(0x44), b[i+2], b[i], a[i])
		VSHUFPS(Imm(0xEE), b[i+2], b[i], a[i+1])
		VSHUFPS(Imm(0x44), b[i+3], b[i+1], a[i+2])
		VSHUFPS(Imm(0xEE), b[i+3], b[i+1], a[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), a[i+4], a[i], b[i])
		VPERM2F128(Imm(0x31), a[i+4], a[i], b[i+4])
	}
	for i := range 8 {
		VMOVUPS(b[i], to.at(i))
	}
	ADDQ(Imm(32), x)
	LEAQ(Mem{Base: y, Index: step, Scale: 8}, y)
	repeatUntilZero(blocks, "block")
	finish()
}
