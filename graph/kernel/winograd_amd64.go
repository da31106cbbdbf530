//go:build !purego

package kernel

// assembled are Winograd's transforms of an instruction set. They take whole
// vectors of channels; what is left over goes through the generic ones.
type assembled struct {
	filterLoop, filterGradLoop, inputLoop, inputGradLoop, outputLoop, outputGradLoop, outputStreamLoop func(first *int)
}

// patchesInBytes are patches as the assembly takes them: steps are in bytes. The
// order of the fields is known to _asm/winograd.go.
type patchesInBytes struct {
	tiles, channels            int
	in                         *float32
	inRow, inCol, inTile       int
	out                        *float32
	outRow, outCol, outTile    int
	mask                       *float32
	maskRow, maskCol, maskTile int
	panel, inPanel, outPanel   int
	bias                       *float32
	floor                      float32
}

var lentPatches = make(lender[patchesInBytes], 64)

// transforms are the loops, over the whole vectors of the channels.
func (a *assembled) transforms(t *tiles) transforms[float32] {
	generic := genericTransforms[float32]()
	return transforms[float32]{
		filter:     wholeVectors(t.width, a.filterLoop, generic.filter),
		filterGrad: wholeVectors(t.width, a.filterGradLoop, generic.filterGrad),
		input:      wholeVectors(t.width, a.inputLoop, generic.input),
		inputGrad:  wholeVectors(t.width, a.inputGradLoop, generic.inputGrad),
		output:     wholeVectors(t.width, a.outputLoop, generic.output),
		outputGrad: wholeVectors(t.width, a.outputGradLoop, generic.outputGrad),
		products:   t.products,
		panel:      t.columns(),

		outputStream: wholeVectors(t.width, a.outputStreamLoop, generic.output),
	}
}

func wholeVectors(width int, loop func(first *int), rest func(patches[float32])) func(patches[float32]) {
	return func(p patches[float32]) {
		whole := p.channels &^ (width - 1)
		if whole > 0 {
			b := lentPatches.get()
			*b = inBytes(&p, whole)
			loop(&b.tiles)
			lentPatches.put(b)
		}
		if whole < p.channels {
			rest(p.from(whole))
		}
	}
}

func (p *patches[T]) from(channel int) patches[T] {
	q := *p
	q.channels -= channel
	q.in, q.out = q.in[channel:], q.out[channel:]
	if q.mask != nil {
		q.mask = q.mask[channel:]
	}
	if q.bias != nil {
		q.bias = q.bias[channel:]
	}
	return q
}

// inBytes are patches of so many channels: one panel, or all that there are. A tile
// ends behind its last panel, and goes to the next from there.
func inBytes(p *patches[float32], channels int) patchesInBytes {
	panel := channels
	if p.panel > 0 {
		panel = min(panel, p.panel)
	}
	panels := channels / panel
	b := patchesInBytes{
		tiles: p.tiles, channels: bytes(channels),
		in: &p.in[0], inRow: bytes(p.inRow), inCol: bytes(p.inCol), inTile: bytes(p.inTile - panels*p.inPanel),
		out: &p.out[0], outRow: bytes(p.outRow), outCol: bytes(p.outCol), outTile: bytes(p.outTile - panels*p.outPanel),
		maskRow: bytes(p.maskRow), maskCol: bytes(p.maskCol), maskTile: bytes(p.maskTile),
		panel: bytes(panel), inPanel: bytes(p.inPanel), outPanel: bytes(p.outPanel), floor: p.floor,
	}
	if p.mask != nil {
		b.mask = &p.mask[0]
	}
	if p.bias != nil {
		b.bias = &p.bias[0]
	}
	return b
}

// products computes them one strip of columns after the other.
func (t *tiles) products(p products[float32]) {
	s := strip{
		repeat: winogradArea, outer: 1, inner: p.b.rows,
		a: &p.a.x[0], ai: bytes(1), al: bytes(p.a.width), ar: bytes(p.a.step),
		bl: bytes(p.b.width), br: bytes(p.b.step), ci: bytes(p.c.width), cr: bytes(p.c.step),
	}
	if !p.transposed { // k goes through its panels
		s.ai, s.al = s.al, s.ai
		s.outer, s.inner = p.a.columns/p.a.width, p.a.width
		s.ao = bytes(winogradArea*p.a.step - p.a.width)
	}
	if p.add {
		s.flags = flagAdd
	}
	for j := 0; j < p.c.columns; j += t.columns() {
		s.b, s.c = &p.b.from(0, 0, j)[0], &p.c.from(0, 0, j)[0]
		t.share(&s, p.c.rows, p.c.columns, j, p.ahead, p.also)
		t.multiply(s, t.tallest(), p.c.rows, min(t.columns(), p.c.columns-j))
	}
}
