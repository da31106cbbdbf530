package kernel

// The transforms of Winograd's convolution, spelled out: the six functions of
// six, four or three numbers are the matrices Bᵀ, B, Aᵀ, A, G and Gᵀ for the
// points 0, ±a, ±b and infinity, with common terms taken together.
const (
	wa, wb     = 0.75, 1.5
	wa2, wb2   = wa * wa, wb * wb
	w0, w1, w2 = wa2 * wb2, 2 * wa2 * (wa2 - wb2), 2 * wb2 * (wb2 - wa2) // the products of differences of points
)

func genericTransforms[T Float]() transforms[T] {
	return transforms[T]{
		filter: genericFilter[T], filterGrad: genericFilterGrad[T], input: genericInput[T],
		inputGrad: genericInputGrad[T], output: genericOutput[T], outputGrad: genericOutputGrad[T],
		products: genericProducts[T], outputStream: genericOutput[T],
	}
}

// line is a row or a column of a patch; what lies beyond its size is 0.
type line[T Float] [winogradPatch]T

// square6 is a patch.
type square6[T Float] [winogradPatch]line[T]

// both applies a matrix from the left and its transpose from the right.
func both[T Float](m func(line[T]) line[T], x square6[T]) (y square6[T]) {
	var half square6[T]
	for j := range winogradPatch {
		var column line[T]
		for i := range column {
			column[i] = x[i][j]
		}
		for i, v := range m(column) {
			half[i][j] = v
		}
	}
	for i := range half {
		y[i] = m(half[i])
	}
	return y
}

// genericSandwich transforms patches of side n to patches of side outs.
func genericSandwich[T Float](p patches[T], n, outs int, m func(line[T]) line[T], load func(c, in, mask int) T, store func(c int, to *T, v T)) {
	for t := range p.tiles {
		for c := range p.channels {
			from, to := c, c
			if p.panel > 0 {
				from, to = c+c/p.panel*p.inPanel, c+c/p.panel*p.outPanel
			}
			var x square6[T]
			for i := range n {
				for j := range n {
					x[i][j] = load(c, t*p.inTile+i*p.inRow+j*p.inCol+from, t*p.maskTile+i*p.maskRow+j*p.maskCol+c)
				}
			}
			y := both(m, x)
			for i := range outs {
				for j := range outs {
					store(c, &p.out[t*p.outTile+i*p.outRow+j*p.outCol+to], y[i][j])
				}
			}
		}
	}
}

func (p *patches[T]) load(_, in, _ int) T     { return p.in[in] }
func (p *patches[T]) store(_ int, to *T, v T) { *to = v }
func (p *patches[T]) add(_ int, to *T, v T)   { *to += v }

// rectified stores with bias, and no less than floor; a NaN stays.
func (p *patches[T]) rectified(c int, to *T, v T) {
	if v += p.bias[c]; v <= p.floor {
		v = p.floor
	}
	*to = v
}

// masked loads where the mask is above 0, and counts it in bias.
func (p *patches[T]) masked(c, in, mask int) T {
	if !(p.mask[mask] > 0) {
		return 0
	}
	p.bias[c] += p.in[in]
	return p.in[in]
}

func genericFilter[T Float](p patches[T]) {
	genericSandwich(p, 3, 6, func(g line[T]) line[T] {
		e1, o1 := (g[0]+T(wa2*g[2]))/w1, wa*g[1]/w1
		e2, o2 := (g[0]+T(wb2*g[2]))/w2, wb*g[1]/w2
		return line[T]{g[0] / w0, e1 + o1, e1 - o1, e2 + o2, e2 - o2, g[2]}
	}, p.load, p.store)
}

func genericFilterGrad[T Float](p patches[T]) {
	genericSandwich(p, 6, 3, func(u line[T]) line[T] {
		p1, q1, p2, q2 := (u[1]+u[2])/w1, (u[1]-u[2])/w1, (u[3]+u[4])/w2, (u[3]-u[4])/w2
		return line[T]{u[0]/w0 + p1 + p2, T(wa*q1) + T(wb*q2), T(wa2*p1) + T(wb2*p2) + u[5]}
	}, p.load, p.store)
}

func genericInput[T Float](p patches[T]) {
	genericSandwich(p, 6, 6, func(x line[T]) line[T] {
		e1, o1 := x[4]-T(wb2*x[2]), T(wa*(x[3]-T(wb2*x[1])))
		e2, o2 := x[4]-T(wa2*x[2]), T(wb*(x[3]-T(wa2*x[1])))
		first, last := x[4]+T(wa2*wb2*x[0])-T((wa2+wb2)*x[2]), x[5]+T(wa2*wb2*x[1])-T((wa2+wb2)*x[3])
		return line[T]{first, e1 + o1, e1 - o1, e2 + o2, e2 - o2, last}
	}, p.load, p.store)
}

func genericInputGrad[T Float](p patches[T]) {
	genericSandwich(p, 6, 6, func(v line[T]) line[T] {
		p1, q1, p2, q2 := v[1]+v[2], v[1]-v[2], v[3]+v[4], v[3]-v[4]
		return line[T]{
			wa2 * wb2 * v[0],
			T(wa2*wb2*v[5]) - T(wa*wb2*q1) - T(wb*wa2*q2),
			T(-(wa2+wb2)*v[0]) - T(wb2*p1) - T(wa2*p2),
			T(wa*q1) + T(wb*q2) - T((wa2+wb2)*v[5]),
			v[0] + p1 + p2,
			v[5],
		}
	}, p.load, p.add)
}

func genericOutput[T Float](p patches[T]) {
	genericSandwich(p, 6, 4, func(m line[T]) line[T] {
		p1, q1, p2, q2 := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
		return line[T]{m[0] + p1 + p2, T(wa*q1) + T(wb*q2), T(wa2*p1) + T(wb2*p2), m[5] + T(wa*wa2*q1) + T(wb*wb2*q2)}
	}, p.load, p.rectified)
}

func genericOutputGrad[T Float](p patches[T]) {
	genericSandwich(p, 4, 6, func(y line[T]) line[T] {
		e1, o1 := y[0]+T(wa2*y[2]), T(wa*(y[1]+T(wa2*y[3])))
		e2, o2 := y[0]+T(wb2*y[2]), T(wb*(y[1]+T(wb2*y[3])))
		return line[T]{y[0], e1 + o1, e1 - o1, e2 + o2, e2 - o2, y[3]}
	}, p.masked, p.store)
}

// genericProducts is products's loop. Its matrices are one panel.
func genericProducts[T Float](p products[T]) {
	for x := range winogradArea {
		for i := range p.c.rows {
			c := p.c.from(x, i, 0)[:p.c.columns]
			if !p.add {
				clear(c)
			}
			for l := range p.b.rows {
				row, column := i, l
				if p.transposed {
					row, column = l, i
				}
				a := p.a.from(x, row, column)[0]
				for j, b := range p.b.from(x, l, 0)[:len(c)] {
					c[j] += T(a * b)
				}
			}
		}
	}
}
