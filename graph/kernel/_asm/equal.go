package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Comparisons, as VCMPPS numbers them.
const (
	equal     = 0 // EQ_OQ: false for NaN
	unordered = 3 // UNORD_Q: one is NaN
)

// most writes y = max(x, y), NaN where one of them is.
func most(v isa) {
	begin(v, "most", "func(n int, x, y *float32)", "y[i] = max(x[i], y[i]), NaN where one of them is.")
	n, x, y := param("n"), param("x"), param("y")
	loop(v, n, []reg.Register{x, y}, func() {
		a, b, larger := v.reg[0], v.reg[1], v.reg[2]
		VMOVUPS(Mem{Base: x}, a)
		VMOVUPS(Mem{Base: y}, b)
		VMAXPS(b, a, larger) // y where one is NaN
		if v.width == 16 {
			VCMPPS(Imm(unordered), a, a, reg.K1)
			VMOVAPS(a, reg.K1, larger)
		} else {
			VCMPPS(Imm(unordered), a, a, b)
			VBLENDVPS(b, a, larger, larger)
		}
		VMOVUPS(larger, Mem{Base: y})
	})
}

// countEqual writes count += 1 where x == y.
func countEqual(v isa) {
	begin(v, "countEqual", "func(n int, count, x, y *float32)", "count[i]++ where x[i] == y[i].")
	n, count, x, y := param("n"), param("count"), param("x"), param("y")
	one := v.reg[3]
	bits := GP32()
	MOVL(U32(0x3f800000), bits)
	VMOVD(bits, one.AsX())
	VBROADCASTSS(one.AsX(), one)
	loop(v, n, []reg.Register{count, x, y}, func() {
		a, sum := v.reg[0], v.reg[1]
		VMOVUPS(Mem{Base: x}, a)
		VMOVUPS(Mem{Base: count}, sum)
		if v.width == 16 {
			VCMPPS(Imm(equal), Mem{Base: y}, a, reg.K1)
			VADDPS(one, sum, reg.K1, sum)
		} else {
			VCMPPS(Imm(equal), Mem{Base: y}, a, a)
			VANDPS(one, a, a)
			VADDPS(a, sum, sum)
		}
		VMOVUPS(sum, Mem{Base: count})
	})
}

// whereEqual writes z = v where x == y, NaN where y is NaN, else 0.
func whereEqual(v isa) {
	begin(v, "whereEqual", "func(n int, z, x, y, v *float32)", "z[i] = v[i] where x[i] == y[i], NaN where y[i] is, else 0.")
	n, z, x, y, values := param("n"), param("z"), param("x"), param("y"), param("v")
	loop(v, n, []reg.Register{z, x, y, values}, func() {
		a, b, c := v.reg[0], v.reg[1], v.reg[2]
		VMOVUPS(Mem{Base: x}, a)
		VMOVUPS(Mem{Base: y}, b)
		if v.width == 16 {
			VCMPPS(Imm(equal), b, a, reg.K1)
			VMOVUPS_Z(Mem{Base: values}, reg.K1, c)
			VCMPPS(Imm(unordered), b, b, reg.K1)
			VMOVAPS(b, reg.K1, c)
		} else {
			VCMPPS(Imm(equal), b, a, a)
			VANDPS(Mem{Base: values}, a, c)
			VCMPPS(Imm(unordered), b, b, a)
			VBLENDVPS(a, b, c, c)
		}
		VMOVUPS(c, Mem{Base: z})
	})
}
