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
	reaches               *[2]int // where, in bytes from x on, and a number, a weight or where that stands
	x                     *float32
	xStep                 int
	y                     *float32
	yStep                 int
	marks                 *uint8
	marksStep             int
	w, bias               *float32
	relu, least           int
	_                     [4]int // the loops' own

	reach [][2]int // the memory of reaches
}

// gathers are the loops of an instruction set over a gathering. They take whole vectors
// of channels; the portable loops take what is left over.
type gathers struct{ greatest, chosen, spread, weighted, shared, filtered, products func(s *int) }

func (v *vectors) gatherLoops(g gathers) gatherLoops[float32] {
	mark := func(r reach[float32], _ int) int { return r.k }
	by := func(r reach[float32], _ int) int { return int(math.Float32bits(r.by)) }
	return gatherLoops[float32]{
		greatest: v.loop(g.greatest, mark, portableGreatest[float32]),
		chosen:   v.loop(g.chosen, mark, portableChosen[float32]),
		spread:   v.loop(g.spread, mark, portableSpread[float32]),
		weighted: v.loop(g.weighted, by, portableWeighted[float32]),
		shared:   v.loop(g.shared, by, portableShared[float32]),
	}
}

func (v *vectors) depthwiseLoops(g gathers) depthwiseLoops[float32] {
	weight := func(r reach[float32], channels int) int { return bytes(r.k * channels) }
	return depthwiseLoops[float32]{
		filtered: v.loop(g.filtered, weight, portableFiltered[float32]),
		products: v.loop(g.products, weight, portableProducts[float32]),
	}
}

// loop is a loop of the assembly, with a value beside each reach, and of rest.
func (v *vectors) loop(of func(s *int), value func(r reach[float32], channels int) int, rest func(g *gathering[float32], first int)) func(g *gathering[float32], _ int) {
	return func(g *gathering[float32], _ int) {
		whole := v.whole(g.channels)
		if whole > 0 {
			of(&assemble(g, whole/v.lanes, value).pixels)
		}
		if whole < g.channels {
			rest(g, whole)
		}
	}
}

// assemble is the gathering for the assembly, of so many vectors of channels, with a
// value beside each reach.
func assemble(g *gathering[float32], vectors int, value func(r reach[float32], channels int) int) *gatherArgs {
	args, ok := g.args.(*gatherArgs)
	if !ok {
		args = new(gatherArgs)
		g.args = args
	}
	reaches := args.reach[:0]
	for _, r := range g.taps {
		reaches = append(reaches, [2]int{bytes(r.at), value(r, g.channels)})
	}
	*args = gatherArgs{pixels: g.pixels, vectors: vectors, taps: len(reaches), xStep: bytes(g.xStep), yStep: bytes(g.yStep), reach: reaches}
	args.x, args.y = &g.x[0], &g.y[0]
	args.reaches, args.least = unsafe.SliceData(reaches), int(math.Float32bits(float32(math.Inf(-1))))
	if g.w != nil {
		args.w = &g.w[0]
	}
	if g.bias != nil {
		args.bias = &g.bias[0]
	}
	if g.relu {
		args.relu = 1
	}
	if g.marks != nil {
		args.marks, args.marksStep = &g.marks[0], g.marksStep
	}
	return args
}
