// Command asm writes the assembly of package kernel, with avo:
//
//	go run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg kernel
//
// It is a module of its own, so that those who use the package need nothing of
// it; its output is committed.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	for _, v := range []isa{avx2, avx512} {
		for vectors := 1; vectors <= 2; vectors++ {
			for rows := 1; rows <= v.tallest(vectors); rows++ {
				product(v, rows, vectors)
			}
		}
		add(v)
		scale(v)
		biasReLU(v)
		reluGrad(v)
		adam(v)
		sgd(v)
		momentum(v, false)
		momentum(v, true)
		rmsprop(v)
		decode(v)
		packRows(v)
		winograd(v)
		peak(v)
		moments(v)
		for _, relu := range []bool{false, true} {
			norm(v, relu)
			normSums(v, relu)
			normGrad(v, relu)
		}
		most(v)
		countEqual(v)
		whereEqual(v)
		greatest(v)
		selected(v)
		spreadMarked(v)
		weighted(v)
		shared(v)
		filtered(v)
		products(v)
	}
	multiply(avx2) // on AVX-512 too: they wait for memory
	blend(avx2)
	activations(avx2)
	transpose()
	for vectors := 1; vectors <= skipVectors; vectors++ {
		skip(avx2, vectors)
	}
	packWide(avx2)
	ask()
	list()
	Generate()
}

// isa is an instruction set and the shape of its widest tile: rows x two vectors.
type isa struct {
	name  string
	rows  int // 2·rows accumulators, and four registers more
	width int // floats in a vector
	reg   []reg.VecPhysical
}

// tallest is how many rows the tallest tile of so many vectors has. One of a single
// vector is taller, as sums that follow each other too closely wait for each other.
func (v isa) tallest(vectors int) int {
	if vectors == 1 {
		return 12
	}
	return v.rows
}

var avx2 = isa{"AVX2", 6, 8, ymm}
var avx512 = isa{"AVX512", 9, 16, zmm}

var ymm = []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
var zmm = []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21}

// bytes is the size of a vector.
func (v isa) bytes() int { return 4 * v.width }

// shift is the binary logarithm of the width.
func (v isa) shift() uint64 {
	if v.width == 16 {
		return 4
	}
	return 3
}

// zero clears a vector register.
func zero(v isa, r reg.VecPhysical) {
	if v.width == 16 {
		VPXORD(r, r, r)
		return
	}
	VXORPS(r, r, r)
}

// param loads a function's parameter.
func param(name string) reg.Register { return Load(Param(name), GP64()) }

// broadcast loads a float32 parameter into every lane.
func broadcast(name string, to reg.VecPhysical) {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(p.Addr, to)
}

// finish ends a function that has used vectors.
func finish() {
	VZEROUPPER()
	RET()
}

// repeatUntilZero closes the loop from label, counting down in memory or in a
// register.
func repeatUntilZero(count Op, label string) {
	DECQ(count)
	JNZ(LabelRef(label))
}
