// Command asm writes the assembly of package kernel, with avo:
//
//	go run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg kernel
//
// It is a module of its own, so that those who use the package need nothing of
// it; its output is committed.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	for _, v := range []isa{avx2, avx512} {
		for rows := 1; rows <= v.rows; rows++ {
			gemm(v, rows)
		}
		add(v)
		biasReLU(v)
		reluGrad(v)
		adam(v)
		packRows(v)
	}
	Generate()
}

// isa is an instruction set and the shape of its tile: rows x two vectors.
type isa struct {
	name  string
	rows  int // of the tallest tile: 2·rows accumulators, and four registers more
	width int // floats in a vector
	reg   []reg.VecPhysical
}

var avx2 = isa{"AVX2", 6, 8, ymm}
var avx512 = isa{"AVX512", 8, 16, zmm}

var ymm = []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
var zmm = []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19}

// gemm writes the micro-kernel: a tile of rows x 2·width numbers of c stays in
// registers while k goes by.
func gemm(v isa, rows int) {
	TEXT(fmt.Sprintf("gemm%sx%d", v.name, rows), NOSPLIT,
		"func(k int, a *float32, ai, al int, b *float32, bl int, c *float32, ci int, add bool)")
	Doc(fmt.Sprintf("gemm%sx%d is microKernel's loop for %d rows and %d columns.", v.name, rows, rows, 2*v.width))
	k, b, bl := Load(Param("k"), GP64()), Load(Param("b"), GP64()), Load(Param("bl"), GP64())
	ai, al := Load(Param("ai"), GP64()), Load(Param("al"), GP64())
	SHLQ(Imm(2), bl)
	SHLQ(Imm(2), ai)
	SHLQ(Imm(2), al)
	a := rowsOf(Load(Param("a"), GP64()), ai, rows)
	sum := func(row, half int) reg.VecPhysical { return v.reg[2*row+half] }
	b0, b1, x := v.reg[2*v.rows], v.reg[2*v.rows+1], v.reg[2*v.rows+2:2*v.rows+4]
	for row := range rows {
		for half := range 2 {
			zero(v, sum(row, half))
		}
	}

	Label("step")
	VMOVUPS(Mem{Base: b}, b0)
	VMOVUPS(Mem{Base: b, Disp: 4 * v.width}, b1)
	for row := range rows {
		VBROADCASTSS(a.at(row), x[row%2])
		VFMADD231PS(b0, x[row%2], sum(row, 0))
		VFMADD231PS(b1, x[row%2], sum(row, 1))
	}
	for _, base := range a.bases {
		ADDQ(al, base)
	}
	ADDQ(bl, b)
	DECQ(k)
	JNZ(LabelRef("step"))

	c, ci := Load(Param("c"), GP64()), Load(Param("ci"), GP64())
	SHLQ(Imm(2), ci)
	add := Load(Param("add"), GP8())
	TESTB(add, add)
	JZ(LabelRef("store"))
	at := rowsOf(c, ci, rows)
	for row := range rows {
		for half := range 2 {
			m := at.at(row)
			m.Disp = 4 * v.width * half
			VADDPS(m, sum(row, half), sum(row, half))
		}
	}
	Label("store")
	for row := range rows {
		for half := range 2 {
			VMOVUPS(sum(row, half), Mem{Base: c, Disp: 4 * v.width * half})
		}
		if row < rows-1 {
			ADDQ(ci, c)
		}
	}
	VZEROUPPER()
	RET()
}

// zero clears a vector register.
func zero(v isa, r reg.VecPhysical) {
	if v.width == 16 {
		VPXORD(r, r, r)
		return
	}
	VXORPS(r, r, r)
}

// rowPointers reach row i of a strided matrix: a base for every fourth row,
// and three strides to step from it.
type rowPointers struct {
	bases           []reg.GPVirtual
	stride, stride3 reg.Register
}

func rowsOf(first, stride reg.Register, rows int) rowPointers {
	p := rowPointers{stride: stride}
	stride3 := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	p.stride3 = stride3
	for row := 0; row < rows; row += 4 {
		base := GP64()
		if row == 0 {
			MOVQ(first, base)
		} else {
			LEAQ(Mem{Base: p.bases[row/4-1], Index: stride, Scale: 4}, base)
		}
		p.bases = append(p.bases, base)
	}
	return p
}

func (p rowPointers) at(row int) Mem {
	m := Mem{Base: p.bases[row/4]}
	switch row % 4 {
	case 1, 2:
		m.Index, m.Scale = p.stride, uint8(row%4)
	case 3:
		m.Index, m.Scale = p.stride3, 1
	}
	return m
}
