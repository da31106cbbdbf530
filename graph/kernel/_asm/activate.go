package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The loops of activations, in AVX2. What an element becomes does not depend on its
// place: the caller fills up the last vector.

// The fields of limits, in bytes.
const (
	slopeField     = 0
	thresholdField = 4
	maxField       = 8
	belowField     = 12
	topField       = 16
)

// Registers: x, y and dy are an element's, res is what it becomes; the others are of
// whoever works.
var (
	x, y, dy, res      = ymm[0], ymm[1], ymm[2], ymm[3]
	t0, t1, t2, t3, t4 = ymm[4], ymm[5], ymm[6], ymm[7], ymm[8]
	slope, lowest      = ymm[9], ymm[10]
	highest, below     = ymm[11], ymm[12]
	top, one, none     = ymm[13], ymm[14], ymm[15]
)

var inMemory = map[uint32]Mem{}

// scalar is a vector of one number, in memory.
func scalar(v float64) Mem { return bits(math.Float32bits(float32(v))) }

// bits is a vector of one word of 32 bits, in memory.
func bits(of uint32) Mem {
	if m, ok := inMemory[of]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("vector%08x", of), attr.RODATA|attr.NOPTR)
	for i := range 8 {
		DATA(4*i, U32(of))
	}
	inMemory[of] = m
	return m
}

// Comparisons, as VCMPPS has them: false for NaN.
const (
	less    = 17 // LT_OQ
	atMost  = 18 // LE_OQ
	greater = 30 // GT_OQ
)

// compare writes all ones into to where x is so to than, which is memory or a register.
func compare(how uint8, x reg.VecPhysical, than Op, to reg.VecPhysical) {
	VCMPPS(Imm(uint64(how)), than, x, to)
}

// clamp writes min(max(low, x), high), and a NaN for a NaN.
func clamp(x reg.VecPhysical, low, high float64, to, work reg.VecPhysical) {
	VMOVUPS(scalar(low), work)
	VMAXPS(x, work, to)
	VMOVUPS(scalar(high), work)
	VMINPS(to, work, to)
}

// polynomial writes the value at x of one whose first coefficient is the highest's.
func polynomial(x, to reg.VecPhysical, coefficients ...float64) {
	VMOVUPS(scalar(coefficients[0]), to)
	for _, k := range coefficients[1:] {
		VFMADD213PS(scalar(k), x, to) // to = to·x + k
	}
}

// expParts writes exp(x)-1 = (1+q)·s1·s2 - 1, of x with its whole powers of 2 in s1 and
// s2, for x in [-104,89], and uses work.
func expParts(x, q, s1, s2, work reg.VecPhysical) {
	clamp(x, -104, 89, work, q)
	VMULPS(scalar(math.Log2E), work, s1)
	VROUNDPS(Imm(8), s1, s1) // to the nearest
	VFNMADD231PS(scalar(0.693359375), s1, work)
	VFNMADD231PS(scalar(-2.12194440e-4), s1, work)
	polynomial(work, q, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	VMULPS(work, work, s2)
	VFMADD213PS(work, s2, q) // q = q·r² + r
	VCVTPS2DQ(s1, s2)
	VPSRAD(Imm(1), s2, s1)
	VPSUBD(s1, s2, s2)
	for _, s := range []reg.VecPhysical{s1, s2} {
		VPADDD(bits(127), s, s)
		VPSLLD(Imm(23), s, s)
	}
}

// exp writes exp(x).
func exp(x, to, s1, s2, work reg.VecPhysical) {
	expParts(x, to, s1, s2, work)
	VADDPS(one, to, to)
	VMULPS(s1, to, to)
	VMULPS(s2, to, to)
}

// expm1 writes exp(x)-1, for x below 80.
func expm1(x, to, s1, s2, work reg.VecPhysical) {
	expParts(x, to, s1, s2, work)
	VMULPS(s2, s1, s1)
	VSUBPS(one, s1, s2)
	VFMADD213PS(s2, s1, to)
}

// sigmoid writes s = 1/(1+exp(-x)) and, to rest, 1-s, neither of which is a difference.
func sigmoid(x, s, rest, s2, work reg.VecPhysical) {
	VORPS(bits(1<<31), x, rest) // -|x|
	exp(rest, s, rest, s2, work)
	VADDPS(one, s, s2)
	VDIVPS(s2, one, s2)
	VMULPS(s2, s, work)
	VBLENDVPS(x, work, s2, s) // by the sign of x
	VBLENDVPS(x, s2, work, rest)
}

func absolute(x, to reg.VecPhysical) { VANDPS(bits(1<<31-1), x, to) }

// activation is a function's loops: what they write to res of x, and of x, y and dy.
type activation struct {
	name            string
	value, gradient func()
}

func activations(v isa) {
	for _, f := range []activation{
		{"rectify", rectifyValue, rectifyGradient},
		{"elu", eluValue, eluGradient},
		{"selu", seluValue, seluGradient},
		{"gelu", geluValue, geluGradient},
		{"geluTanh", geluTanhValue, geluTanhGradient},
		{"silu", siluValue, siluGradient},
		{"tanh", tanhValue, tanhGradient},
		{"sigmoid", func() { sigmoid(x, res, t0, t1, t2) }, sigmoidGradient},
		{"hardSigmoid", hardSigmoidValue, hardSigmoidGradient},
		{"hardSiLU", hardSiLUValue, hardSiLUGradient},
		{"softplus", softplusValue, softplusGradient},
		{"softsign", softsignValue, softsignGradient},
		{"mish", mishValue, mishGradient},
		{"exponential", func() { exp(x, res, t0, t1, t2) }, func() { VMULPS(y, dy, res) }},
	} {
		begin(v, f.name, "func(n int, x, y *float32, p *float32)", "the function of that name, y[i] of x[i].")
		n, xs, ys := param("n"), param("x"), param("y")
		parameters()
		loop(v, n, []reg.Register{xs, ys}, func() {
			VMOVUPS(Mem{Base: xs}, x)
			f.value()
			VMOVUPS(res, Mem{Base: ys})
		})
		begin(v, f.name+"Grad", "func(n int, dx, dy, x, y *float32, p *float32)", "its gradient, dx[i] of dy[i], x[i] and y[i].")
		n, dxs, dys, xs, ys := param("n"), param("dx"), param("dy"), param("x"), param("y")
		parameters()
		loop(v, n, []reg.Register{dxs, dys, xs, ys}, func() {
			VMOVUPS(Mem{Base: xs}, x)
			VMOVUPS(Mem{Base: ys}, y)
			VMOVUPS(Mem{Base: dys}, dy)
			f.gradient()
			VMOVUPS(res, Mem{Base: dxs})
		})
	}
}

// parameters loads what a function may read.
func parameters() {
	p := param("p")
	for _, at := range []struct {
		field int
		to    reg.VecPhysical
	}{{slopeField, slope}, {thresholdField, lowest}, {maxField, highest}, {belowField, below}, {topField, top}} {
		VBROADCASTSS(Mem{Base: p, Disp: at.field}, at.to)
	}
	VMOVUPS(scalar(1), one)
	VXORPS(none, none, none)
}

// rectifyValue is x up to the maximum above the threshold, and below it the slope's,
// which is nothing where it is 0: 0 times infinity is not.
func rectifyValue() {
	VMINPS(x, highest, res)
	compare(atMost, x, lowest, t0)
	VSUBPS(lowest, x, t1)
	VMULPS(slope, t1, t1)
	VCMPPS(Imm(12), none, slope, t2) // NEQ_OQ
	VANDPS(t2, t1, t1)
	VBLENDVPS(t0, t1, res, res)
}

func rectifyGradient() {
	compare(greater, x, lowest, t0)
	compare(atMost, x, top, t1)
	VANDPS(t0, t1, t0)
	VANDPS(dy, t0, res)
	compare(less, x, below, t0)
	VCMPPS(Imm(12), none, slope, t2)
	VANDPS(t2, t0, t0)
	VMULPS(slope, dy, t1)
	VBLENDVPS(t0, t1, res, res)
}

// negative writes exp(min(0, x))-1.
func negative() {
	VMINPS(x, none, t3)
	expm1(t3, res, t0, t1, t2)
}

func eluValue() {
	negative()
	VMULPS(slope, res, res)
	compare(greater, x, none, t0)
	VBLENDVPS(t0, x, res, res)
}

func eluGradient() {
	VADDPS(slope, y, res)
	compare(greater, x, none, t0)
	VBLENDVPS(t0, one, res, res)
	VMULPS(dy, res, res)
}

const (
	seluScale = 1.0507009873554804934193349852946
	seluSlope = 1.6732632423543772848170429916717
	geluScale = 0.797884560802865355879892119869 // √(2/π)
	geluCube  = 0.044715
)

func seluValue() {
	negative()
	VMULPS(scalar(seluScale*seluSlope), res, res)
	VMULPS(scalar(seluScale), x, t1)
	compare(greater, x, none, t0)
	VBLENDVPS(t0, t1, res, res)
}

func seluGradient() {
	VADDPS(scalar(seluScale*seluSlope), y, res)
	compare(less, y, none, t0)
	VMOVUPS(scalar(seluScale), t1)
	VBLENDVPS(t0, res, t1, res)
	VMULPS(dy, res, res)
}

// The tail of the normal distribution below -x is exp(-x²/2) times this polynomial, its
// highest coefficient first, times and of 1/(1+tailStep·x): to 4e-8, by least squares.
const tailStep = 0.35

var tail = []float64{-0.02916484698653221, 0.1440649926662445, -0.25590980052948, 0.1594010293483734, -0.02326871082186699, 0.1055765375494957, 0.11981514096260071, 0.13986437022686005, 0.13962125778198242}

// normal writes the normal distribution's share below x to res, and exp(-x²/2) to t4.
func normal() {
	absolute(x, t3)
	VMOVUPS(scalar(15), t0)
	VMINPS(t3, t0, t3)
	VMULPS(t3, t3, y)
	VMOVAPS(t3, res)
	VFMSUB213PS(y, t3, res) // what y lacks of x²
	VMULPS(scalar(-0.5), y, y)
	exp(y, t4, t0, t1, t2)
	VMULPS(scalar(-0.5), res, res)
	VFMADD213PS(t4, t4, res)
	VMOVAPS(res, t4)
	VMULPS(scalar(tailStep), t3, t3)
	VADDPS(one, t3, t3)
	VDIVPS(t3, one, t3)
	polynomial(t3, res, tail...)
	VMULPS(t3, res, res)
	VMULPS(t4, res, res)
	VSUBPS(res, one, t0)
	VBLENDVPS(x, res, t0, res) // by the sign of x
}

func geluValue() {
	normal()
	VMULPS(x, res, res)
}

func geluGradient() {
	normal()
	clamp(x, -15, 15, t0, t1)
	VMULPS(scalar(geluScale/2), t0, t0)
	VFMADD231PS(t0, t4, res)
	VMULPS(dy, res, res)
}

// nearNormal writes GELUTanh's sigmoid to res, what it lacks of 1 to t0, and x, where it
// matters, to t3.
func nearNormal() {
	clamp(x, -12, 12, t3, t0)
	VMULPS(t3, t3, t0)
	VMOVUPS(scalar(geluCube), res)
	VFMADD213PS(one, t0, res)
	VMULPS(t3, res, res)
	VMULPS(scalar(2*geluScale), res, t4)
	sigmoid(t4, res, t0, t1, t2)
}

func geluTanhValue() {
	nearNormal()
	VMULPS(x, res, res)
}

func geluTanhGradient() {
	nearNormal()
	VMULPS(t3, t3, t2)
	VMOVUPS(scalar(6*geluScale*geluCube), t1)
	VFMADD213PS(scalar(2*geluScale), t2, t1)
	VMULPS(t3, t1, t1)
	VFMADD213PS(one, t1, t0)
	VMULPS(t0, res, res)
	VMULPS(dy, res, res)
}

func siluValue() {
	sigmoid(x, res, t0, t1, t2)
	VMULPS(x, res, res)
}

func siluGradient() {
	sigmoid(x, res, t0, t1, t2)
	clamp(x, -1e4, 1e4, t1, t2)
	VFMADD213PS(one, t1, t0)
	VMULPS(t0, res, res)
	VMULPS(dy, res, res)
}

// tanhValue is m/(m+2) of m = exp(2·|x|)-1, with x's sign.
func tanhValue() {
	absolute(x, t3)
	VADDPS(t3, t3, t3)
	VMOVUPS(scalar(40), t0)
	VMINPS(t3, t0, t3)
	expm1(t3, res, t0, t1, t2)
	VADDPS(scalar(2), res, t0)
	VDIVPS(t0, res, res)
	VANDPS(bits(1<<31), x, t0)
	VORPS(t0, res, res)
}

func tanhGradient() {
	VMOVAPS(one, res)
	VFNMADD231PS(y, y, res)
	VMULPS(dy, res, res)
}

func sigmoidGradient() {
	VSUBPS(y, one, res)
	VMULPS(y, res, res)
	VMULPS(dy, res, res)
}

func hardSigmoidValue() {
	VADDPS(scalar(3), x, res)
	clamp(res, 0, 6, res, t0)
	VDIVPS(scalar(6), res, res)
}

// inside writes where x is between -3 and 3.
func inside(to, work reg.VecPhysical) {
	compare(greater, x, scalar(-3), to)
	compare(less, x, scalar(3), work)
	VANDPS(work, to, to)
}

func hardSigmoidGradient() {
	inside(t0, t1)
	VDIVPS(scalar(6), dy, res)
	VANDPS(t0, res, res)
}

func hardSiLUValue() {
	hardSigmoidValue()
	VMULPS(x, res, res)
}

func hardSiLUGradient() {
	hardSigmoidValue()
	inside(t0, t1)
	VMOVUPS(scalar(0.5), t1)
	VFMADD231PS(scalar(1.0/3), x, t1)
	VBLENDVPS(t0, t1, res, res)
	VMULPS(dy, res, res)
}

// softplusValue is max(0, x) + log(1+u), of u = exp(-|x|), by the series of
// 2·artanh(u/(2+u)).
func softplusValue() {
	absolute(x, t3)
	VXORPS(bits(1<<31), t3, t3)
	exp(t3, t4, t0, t1, t2)
	VADDPS(scalar(2), t4, t0)
	VDIVPS(t0, t4, t4)
	VMULPS(t4, t4, t0)
	polynomial(t0, res, 2.0/15, 2.0/13, 2.0/11, 2.0/9, 2.0/7, 2.0/5, 2.0/3, 2)
	VMULPS(t4, res, res)
	VMAXPS(x, none, t0)
	VADDPS(t0, res, res)
}

func softplusGradient() {
	sigmoid(x, res, t0, t1, t2)
	VMULPS(dy, res, res)
}

func softsignValue() {
	absolute(x, t0)
	VADDPS(one, t0, t0)
	VDIVPS(t0, x, res)
}

func softsignGradient() {
	absolute(x, t0)
	VADDPS(one, t0, t0)
	VMULPS(t0, t0, t0)
	VDIVPS(t0, dy, res)
}

// powers writes u = exp(x) to t4 and n = u·(u+2) to res, of an x, in t3, up to 20: so is
// tanh(log(1+u)) = n/(n+2), and 1 beyond.
func powers() {
	VMOVUPS(scalar(20), t0)
	VMINPS(x, t0, t3)
	exp(t3, t4, t0, t1, t2)
	VADDPS(scalar(2), t4, res)
	VMULPS(t4, res, res)
}

func mishValue() {
	powers()
	VADDPS(scalar(2), res, t0)
	VDIVPS(t0, res, res)
	VMULPS(x, res, res)
}

// mishGradient is n/(n+2) + x·4u·(1+u)/(n+2)².
func mishGradient() {
	powers()
	VADDPS(scalar(2), res, t0)
	VDIVPS(t0, res, res)
	VADDPS(one, t4, t1)
	VMULPS(t4, t1, t1)
	VMULPS(scalar(4), t1, t1)
	VDIVPS(t0, t1, t1)
	VDIVPS(t0, t1, t1)
	VMOVUPS(scalar(-1e4), t2)
	VMAXPS(t3, t2, t3)
	VFMADD231PS(t3, t1, res)
	VMULPS(dy, res, res)
}
