package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The loops of the optimizers beside Adam. They round after each operation, as
// the generic loops do, and so have their bits.

// sgd writes w -= dw·rate.
func sgd(v isa) {
	begin(v, "sgd", "func(n int, w, dw *float32, rate float32)", "SGD's loop.")
	n, w, dw := param("n"), param("w"), param("dw")
	rate := v.reg[2]
	broadcast("rate", rate)
	loop(v, n, []reg.Register{w, dw}, func() {
		VMOVUPS(Mem{Base: w}, v.reg[0])
		VMULPS(Mem{Base: dw}, rate, v.reg[1])
		VSUBPS(v.reg[1], v.reg[0], v.reg[0])
		VMOVUPS(v.reg[0], Mem{Base: w})
	})
}

// momentum writes v = v·momentum - dw·rate and then w += v, or Nesterov's form.
func momentum(v isa, nesterov bool) {
	name, doc := "momentum", "Momentum's loop."
	if nesterov {
		name, doc = "nesterov", "Momentum's loop in Nesterov's form."
	}
	begin(v, name, "func(n int, w, dw, v *float32, rate, momentum float32)", doc)
	n, w, dw, velocity := param("n"), param("w"), param("dw"), param("v")
	rate, part := v.reg[2], v.reg[3]
	broadcast("rate", rate)
	broadcast("momentum", part)
	loop(v, n, []reg.Register{w, dw, velocity}, func() {
		step, vi := v.reg[0], v.reg[1]
		VMULPS(Mem{Base: dw}, rate, step)
		VMULPS(Mem{Base: velocity}, part, vi)
		VSUBPS(step, vi, vi)
		VMOVUPS(vi, Mem{Base: velocity})
		if nesterov {
			VMULPS(part, vi, vi)
			VSUBPS(step, vi, vi)
		}
		VADDPS(Mem{Base: w}, vi, vi)
		VMOVUPS(vi, Mem{Base: w})
	})
}

// rmsprop writes RMSprop's loop with and without the mean gradient a and the
// momentum m.
func rmsprop(v isa) {
	for _, centered := range []bool{false, true} {
		for _, rolling := range []bool{false, true} {
			rmspropOf(v, centered, rolling)
		}
	}
}

func rmspropOf(v isa, centered, rolling bool) {
	name, doc := "rmsprop", "RMSprop's loop"
	if centered {
		name, doc = name+"Centered", doc+", with a"
	}
	if rolling {
		name, doc = name+"Momentum", doc+", with m"
	}
	begin(v, name, "func(n int, w, dw, v, m, a *float32, rate, rho, decay, momentum, eps float32)", doc+".")
	n, w, dw, second, m, a := param("n"), param("w"), param("dw"), param("v"), param("m"), param("a")
	rate, rho, decay, momentum, eps, none := v.reg[4], v.reg[5], v.reg[6], v.reg[7], v.reg[8], v.reg[9]
	broadcast("rate", rate)
	broadcast("rho", rho)
	broadcast("decay", decay)
	broadcast("momentum", momentum)
	broadcast("eps", eps)
	zero(v, none)
	pointers := []reg.Register{w, dw, second}
	if centered {
		pointers = append(pointers, a)
	}
	if rolling {
		pointers = append(pointers, m)
	}
	loop(v, n, pointers, func() {
		g, vi, x := v.reg[0], v.reg[1], v.reg[2]
		VMOVUPS(Mem{Base: dw}, g)
		VMULPS(g, g, x)
		VMULPS(decay, x, x)
		mean(second, rho, x, vi)
		if centered {
			ai := v.reg[3]
			VMULPS(decay, g, x)
			mean(a, rho, x, ai)
			VMULPS(ai, ai, ai)
			VSUBPS(ai, vi, vi)
			rectify(vi, none)
		}
		VADDPS(eps, vi, vi)
		VSQRTPS(vi, vi)
		VMULPS(rate, g, g)
		VDIVPS(vi, g, g) // dw·rate / sqrt(v + eps)
		if rolling {
			VMULPS(Mem{Base: m}, momentum, x)
			VADDPS(x, g, g)
			VMOVUPS(g, Mem{Base: m})
		}
		VMOVUPS(Mem{Base: w}, x)
		VSUBPS(g, x, x)
		VMOVUPS(x, Mem{Base: w})
	})
}

// mean writes y = at·rho + x, and keeps it in at.
func mean(at reg.Register, rho, x, y reg.VecPhysical) {
	VMULPS(Mem{Base: at}, rho, y)
	VADDPS(x, y, y)
	VMOVUPS(y, Mem{Base: at})
}
