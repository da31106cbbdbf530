package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Kernels on rows of w numbers, w a multiple of 16, with parameters for a row: see
// channels.go.

// rowsOf opens a function on rows.
func rowsOf(v isa, name string, relu bool, signature, doc string) {
	behind := ""
	if relu {
		name += "ReLU"
		behind = " of a y that is rectified"
	}
	TEXT(name+v.name, NOSPLIT, signature)
	Doc(fmt.Sprintf("%s%s is %s%s. w is a multiple of 16, rows at least 1.", name, v.name, doc, behind))
}

// elementwise writes a loop over rows, whose body is for the vector at a displacement of
// each pointer and, at the offset j, of the parameters.
func elementwise(v isa, pointers []reg.Register, body func(j reg.Register, disp int)) {
	const floats = 16
	rows, w, j := param("rows"), param("w"), GP64()
	SHLQ(Imm(2), w)
	Label("row")
	XORQ(j, j)
	Label("column")
	for disp := 0; disp < 4*floats; disp += v.bytes() {
		body(j, disp)
	}
	for _, p := range pointers {
		ADDQ(Imm(4*floats), p)
	}
	ADDQ(Imm(4*floats), j)
	CMPQ(j, w)
	JNE(LabelRef("column"))
	repeatUntilZero(rows, "row")
	finish()
}

// at is a parameter at the offset j and a displacement.
func at(p, j reg.Register, disp int) Mem { return Mem{Base: p, Index: j, Scale: 1, Disp: disp} }

// norm writes y = (x-mean)·scale + shift.
func norm(v isa, relu bool) {
	rowsOf(v, "norm", relu, "func(rows, w int, x, mean, scale, shift, y *float32)", "y = (x-mean)·scale + shift")
	x, mean, scale, shift, y := param("x"), param("mean"), param("scale"), param("shift"), param("y")
	d, t := v.reg[0], v.reg[1]
	zero(v, v.reg[2])
	elementwise(v, []reg.Register{x, y}, func(j reg.Register, disp int) {
		VMOVUPS(Mem{Base: x, Disp: disp}, d)
		VSUBPS(at(mean, j, disp), d, d)
		VMOVUPS(at(scale, j, disp), t)
		VFMADD213PS(at(shift, j, disp), t, d)
		if relu {
			rectify(d, v.reg[2])
		}
		VMOVUPS(d, Mem{Base: y, Disp: disp})
	})
}

// masked leaves dz in a register, given d = x-mean, and spoils another.
func masked(v isa, relu bool, dy, scale, shift Mem, d, dz, none reg.VecPhysical) {
	if !relu {
		VMOVUPS(dy, dz)
		return
	}
	VMOVUPS(scale, dz)
	VFMADD213PS(shift, d, dz) // y, with the bits that norm gives it
	takeWhereAbove(v, none, dy, dz)
}

// normGrad writes dx = dz·scale - pull - (x-mean)·slope.
func normGrad(v isa, relu bool) {
	rowsOf(v, "normGrad", relu, "func(rows, w int, x, dy, mean, scale, shift, pull, slope, dx *float32)", "dx = dz·scale - pull - (x-mean)·slope")
	x, dy, mean, scale, shift := param("x"), param("dy"), param("mean"), param("scale"), param("shift")
	pull, slope, dx := param("pull"), param("slope"), param("dx")
	d, dz, by, none := v.reg[0], v.reg[1], v.reg[2], v.reg[3]
	zero(v, none)
	elementwise(v, []reg.Register{x, dy, dx}, func(j reg.Register, disp int) {
		VMOVUPS(Mem{Base: x, Disp: disp}, d)
		VSUBPS(at(mean, j, disp), d, d)
		masked(v, relu, Mem{Base: dy, Disp: disp}, at(scale, j, disp), at(shift, j, disp), d, dz, none)
		VMOVUPS(at(scale, j, disp), by)
		VFMSUB213PS(at(pull, j, disp), by, dz)
		VFNMADD231PS(at(slope, j, disp), d, dz)
		VMOVUPS(dz, Mem{Base: dx, Disp: disp})
	})
}

// columns writes a loop over columns, and in it one over the rows of some pointers: body
// is for so many vectors of one, and adds to as many registers for each of two sums,
// which go on from what is in memory. Parameters move on with the columns.
func columns(v isa, down []reg.Register, sum, other reg.Register, body func(vectors int), parameters ...reg.Register) {
	rows, w, j, n, step := param("rows"), param("w"), GP64(), GP64(), GP64()
	SHLQ(Imm(2), w)
	XORQ(j, j)
	const wide, narrow = 32, 16 // floats
	for _, floats := range []int{wide, narrow} {
		name := fmt.Sprint(floats)
		vectors := floats / v.width
		Label("columns" + name)
		MOVQ(w, step)
		SUBQ(j, step)
		CMPQ(step, U32(4*floats))
		JLT(LabelRef("fewer" + name))
		for i := range vectors {
			VMOVUPS(at(sum, j, i*v.bytes()), v.reg[i])
			VMOVUPS(at(other, j, i*v.bytes()), v.reg[vectors+i])
		}
		MOVQ(rows, n)
		Label("row" + name)
		body(vectors)
		for _, p := range down {
			ADDQ(w, p)
		}
		repeatUntilZero(n, "row"+name)
		for i := range vectors {
			VMOVUPS(v.reg[i], at(sum, j, i*v.bytes()))
			VMOVUPS(v.reg[vectors+i], at(other, j, i*v.bytes()))
		}
		MOVQ(rows, step) // back to the first row, and on to the next columns
		IMULQ(w, step)
		SUBQ(U32(4*floats), step)
		for _, p := range down {
			SUBQ(step, p)
		}
		for _, p := range append(parameters, j) {
			ADDQ(U32(4*floats), p)
		}
		JMP(LabelRef("columns" + name))
		Label("fewer" + name)
	}
	finish()
}

// moments writes the sums, and the sums of the squares, of the distances from a pilot.
func moments(v isa) {
	rowsOf(v, "moments", false, "func(rows, w int, x, pilot, sum, squares *float32)", "sum += x-pilot and squares += its square, down the rows")
	x, pilot, sum, squares := param("x"), param("pilot"), param("sum"), param("squares")
	columns(v, []reg.Register{x}, sum, squares, func(vectors int) {
		for i := range vectors {
			d := v.reg[8+i]
			VMOVUPS(Mem{Base: x, Disp: i * v.bytes()}, d)
			VSUBPS(Mem{Base: pilot, Disp: i * v.bytes()}, d, d)
			VADDPS(d, v.reg[i], v.reg[i])
			VFMADD231PS(d, d, v.reg[vectors+i])
		}
	}, pilot)
}

// normSums writes the sums of dz and of dz·(x-mean).
func normSums(v isa, relu bool) {
	rowsOf(v, "normSums", relu, "func(rows, w int, x, dy, mean, scale, shift, sum, product *float32)", "sum += dz and product += dz·(x-mean), down the rows")
	x, dy, mean, scale, shift := param("x"), param("dy"), param("mean"), param("scale"), param("shift")
	sum, product := param("sum"), param("product")
	d, dz, none := v.reg[8], v.reg[9], v.reg[10]
	zero(v, none)
	columns(v, []reg.Register{x, dy}, sum, product, func(vectors int) {
		for i := range vectors {
			here := i * v.bytes()
			VMOVUPS(Mem{Base: x, Disp: here}, d)
			VSUBPS(Mem{Base: mean, Disp: here}, d, d)
			masked(v, relu, Mem{Base: dy, Disp: here}, Mem{Base: scale, Disp: here}, Mem{Base: shift, Disp: here}, d, dz, none)
			VADDPS(dz, v.reg[i], v.reg[i])
			VFMADD231PS(d, dz, v.reg[vectors+i])
		}
	}, mean, scale, shift)
}
