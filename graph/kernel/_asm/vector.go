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
	DECQ(n)
	JNZ(LabelRef("step"))
	VZEROUPPER()
	RET()
}

// shift is the binary logarithm of the width.
func (v isa) shift() uint64 {
	if v.width == 16 {
		return 4
	}
	return 3
}

func param(name string) reg.Register { return Load(Param(name), GP64()) }

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

// biasReLU writes y = max(0, y + b). Of its two operands, MAXPS returns the
// second if either is NaN: y, so that a NaN stays.
func biasReLU(v isa) {
	begin(v, "biasReLU", "func(n int, b, y *float32)", "y[i] = max(0, y[i]+b[i]).")
	n, b, y := param("n"), param("b"), param("y")
	zero(v, v.reg[1])
	loop(v, n, []reg.Register{b, y}, func() {
		VMOVUPS(Mem{Base: b}, v.reg[0])
		VADDPS(Mem{Base: y}, v.reg[0], v.reg[0])
		VMAXPS(v.reg[0], v.reg[1], v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: y})
	})
}

// reluGrad writes dz = dy where y > 0, else 0.
func reluGrad(v isa) {
	const greater = 14 // GT_OS: false for NaN
	begin(v, "reluGrad", "func(n int, dz, dy, y *float32)", "dz[i] = dy[i] where y[i] > 0, else 0.")
	n, dz, dy, y := param("n"), param("dz"), param("dy"), param("y")
	zero(v, v.reg[1])
	loop(v, n, []reg.Register{dz, dy, y}, func() {
		VMOVUPS(Mem{Base: y}, v.reg[0])
		if v.width == 16 {
			VCMPPS(Imm(greater), v.reg[1], v.reg[0], reg.K1)
			VMOVUPS_Z(Mem{Base: dy}, reg.K1, v.reg[0])
		} else {
			VCMPPS(Imm(greater), v.reg[1], v.reg[0], v.reg[0])
			VANDPS(Mem{Base: dy}, v.reg[0], v.reg[0])
		}
		VMOVUPS(v.reg[0], Mem{Base: dz})
	})
}

// adam writes the loop of Adam, with an exact square root and division.
func adam(v isa) {
	begin(v, "adam", "func(n int, w, dw, m, v *float32, alpha, decay1, decay2, eps float32)",
		"Adam's loop.")
	n, w, dw, m, second := param("n"), param("w"), param("dw"), param("m"), param("v")
	alpha, decay1, decay2, eps := v.reg[4], v.reg[5], v.reg[6], v.reg[7]
	broadcast(v, "alpha", alpha)
	broadcast(v, "decay1", decay1)
	broadcast(v, "decay2", decay2)
	broadcast(v, "eps", eps)
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

// broadcast loads a float32 parameter into every lane.
func broadcast(v isa, name string, to reg.VecPhysical) {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(p.Addr, to)
}

// packRows writes the copying of rows two vectors wide.
func packRows(v isa) {
	TEXT("packRows"+v.name, NOSPLIT, "func(rows int, x *float32, stride int, y *float32)")
	Doc(fmt.Sprintf("packRows%s copies rows, at least one, of %d floats, stride floats apart, to stand side by side.", v.name, 2*v.width))
	rows, x, stride, y := param("rows"), param("x"), param("stride"), param("y")
	SHLQ(Imm(2), stride)
	Label("step")
	for half := range 2 {
		VMOVUPS(Mem{Base: x, Disp: 4 * v.width * half}, v.reg[half])
	}
	for half := range 2 {
		VMOVUPS(v.reg[half], Mem{Base: y, Disp: 4 * v.width * half})
	}
	ADDQ(stride, x)
	ADDQ(Imm(uint64(8*v.width)), y)
	DECQ(rows)
	JNZ(LabelRef("step"))
	VZEROUPPER()
	RET()
}
