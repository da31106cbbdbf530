//go:build !purego

package kernel

import (
	"math"
	"unsafe"
)

// gatherArgs are a gathering for the assembly, whose order of fields is known to
// _asm/gather.go. Steps are in bytes.
type gatherArgs struct {
	pixels, vectors, taps int
	reaches               *reach[float32]
	x                     *float32
	xStep                 int
	y                     *float32
	yStep                 int
	marks                 *uint8
	marksStep             int
	w, bias               *float32
	relu, least           int
	_                     [4]int // the loops' own
}

// gathers are the loops of an instruction set over a gathering. They take whole vectors
// of channels; the portable loops take what is left over.
type gathers struct {
	greatest, chosen, spread, weighted, shared, filtered, products func(s *int)
}

func (v *vectors) gatherLoops(g gathers) gatherLoops[float32] {
	return gatherLoops[float32]{
		greatest: v.loop(g.greatest, portableGreatest[float32]),
		chosen:   v.loop(g.chosen, portableChosen[float32]),
		spread:   v.loop(g.spread, portableSpread[float32]),
		weighted: v.loop(g.weighted, portableWeighted[float32]),
		shared:   v.loop(g.shared, portableShared[float32]),
	}
}

func (v *vectors) depthwiseLoops(g gathers) depthwiseLoops[float32] {
	return depthwiseLoops[float32]{
		filtered: v.loop(g.filtered, portableFiltered[float32]),
		products: v.loop(g.products, portableProducts[float32]),
	}
}

// loop is a loop of the assembly, and of rest.
func (v *vectors) loop(of func(s *int), rest func(g *gathering[float32], first int)) func(g *gathering[float32], _ int) {
	return func(g *gathering[float32], _ int) {
		whole := v.whole(g.channels)
		if whole > 0 {
			of(&assemble(g, whole/v.lanes).pixels)
		}
		if whole < g.channels {
			rest(g, whole)
		}
	}
}

// assemble is the gathering for the assembly, of so many vectors of channels.
func assemble(g *gathering[float32], vectors int) *gatherArgs {
	args, ok := g.args.(*gatherArgs)
	if !ok {
		args = new(gatherArgs)
		g.args = args
	}
	*args = gatherArgs{pixels: g.pixels, vectors: vectors, taps: len(g.taps), reaches: unsafe.SliceData(g.taps), xStep: bytes(g.xStep), yStep: bytes(g.yStep),
		x: &g.x[0], y: &g.y[0], w: unsafe.SliceData(g.w), bias: unsafe.SliceData(g.bias), marks: unsafe.SliceData(g.marks), marksStep: g.marksStep,
		least: int(math.Float32bits(float32(math.Inf(-1))))}
	if g.relu {
		args.relu = 1
	}
	return args
}
