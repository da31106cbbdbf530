//go:build !purego

package kernel

// tiles is a matrix product by micro-kernels: assembly that keeps a tile of c
// in registers while k goes by.
type tiles struct {
	columns  int                                                // of a tile: two vectors
	packRows func(rows int, x *float32, stride int, y *float32) // of a tile's columns
	kernels  []microKernel                                      // kernels[r-1] computes r rows
}

// microKernel computes, or adds to, a tile of c, reading rows of b and
// stepping through a with any strides, counted in elements:
//
//	for r := range rows {
//		for j := range columns {
//			sum := add ? c[r*ci+j] : 0
//			for l := range k {
//				sum += a[r*ai+l*al] * b[l*bl+j]
//			}
//			c[r*ci+j] = sum
//		}
//	}
type microKernel func(k int, a *float32, ai, al int, b *float32, bl int, c *float32, ci int, add bool)

const (
	panelRows  = 128 // rows of c a block computes
	panelDepth = 384 // at most so much of k at a time: 48 KiB of b
	panelPad   = 16  // keeps the rows of a packed a apart in the cache
	packASize  = panelRows * (panelDepth + panelPad)
)

// gemm is Gemm: blocks of 128 rows and one tile's columns of c, in parallel. A
// b that more than one block needs is packed beforehand.
func (t *tiles) gemm(ta, tb Transpose, m, n, k int, a, b, c []float32) {
	p := product{t, ta, tb, m, n, k, a, b, nil, c}
	rows, columns := (m+panelRows-1)/panelRows, (n+t.columns-1)/t.columns
	if rows > 1 && !tb {
		p.panels = t.packPanels(k, n, b)
		defer giveBack(p.panels)
	}
	parallel(rows*columns, func(i int) { p.block(i/columns*panelRows, i%columns*t.columns) })
}

// serial is gemm on this thread.
func (t *tiles) serial(ta, tb Transpose, m, n, k int, a, b, c []float32) {
	p := product{t, ta, tb, m, n, k, a, b, nil, c}
	for i := 0; i < m; i += panelRows {
		for j := 0; j < n; j += t.columns {
			p.block(i, j)
		}
	}
}

// product is a Gemm under way.
type product struct {
	*tiles
	ta, tb  Transpose
	m, n, k int
	a, b    []float32
	panels  []float32 // of b, if they are packed
	c       []float32
}

// block computes the block of c whose first element is (i,j), a panel of b at
// a time.
func (p *product) block(i, j int) {
	rows, columns := min(panelRows, p.m-i), min(p.columns, p.n-j)
	parts := (p.k + panelDepth - 1) / panelDepth
	depth := (p.k + parts - 1) / parts
	w := borrow[float32](packASize + panelDepth*p.columns + len(p.kernels)*p.columns)
	defer giveBack(w)
	packA, packB, whole := w[:packASize], w[packASize:packASize+panelDepth*p.columns], w[packASize+panelDepth*p.columns:]
	for l := 0; l < p.k; l += depth {
		kc := min(depth, p.k-l)
		panel := p.panel(l, j, kc, columns, packB)
		pa, ai, al := p.rows(i, l, rows, kc, packA)
		p.strip(rows, columns, kc, pa, ai, al, panel, p.columns, p.c[i*p.n+j:], p.n, l > 0, whole)
	}
}

// panel returns rows l ... of b in one tile's columns, by way of pack.
func (p *product) panel(l, j, depth, columns int, pack []float32) []float32 {
	switch {
	case p.panels != nil:
		return p.panels[j*p.k+l*p.columns:]
	case bool(p.tb):
		packTransposed(p.b[j*p.k+l:], p.k, columns, depth, pack, p.columns)
	default:
		p.pack(p.b[l*p.n+j:], p.n, depth, columns, pack)
	}
	return pack
}

// rows returns rows i ... of a from column l on, and its strides. Rows that
// are a power of two apart would all fall into one set of the first-level
// cache: they are copied to pack.
func (p *product) rows(i, l, rows, depth int, pack []float32) (a []float32, ai, al int) {
	if p.ta {
		return p.a[l*p.m+i:], 1, p.m
	}
	a = p.a[i*p.k+l:]
	if p.k%1024 != 0 {
		return a, p.k, 1
	}
	copyRows(a, p.k, rows, depth, pack, depth+panelPad)
	return pack, depth + panelPad, 1
}

// packPanels cuts b (k,n) into panels of a tile's columns, one after the
// other; what the last one has beyond n is of no consequence. The caller gives
// them back.
func (t *tiles) packPanels(k, n int, b []float32) []float32 {
	count, chunks := (n+t.columns-1)/t.columns, (k+panelDepth-1)/panelDepth
	panels := borrow[float32](k * count * t.columns)
	parallel(count*chunks, func(i int) {
		j, l := i/chunks*t.columns, i%chunks*panelDepth
		t.pack(b[l*n+j:], n, min(panelDepth, k-l), min(t.columns, n-j), panels[j*k+l*t.columns:])
	})
	return panels
}

// pack copies rows of b, whose rows are stride apart, as rows of a panel.
func (t *tiles) pack(b []float32, stride, rows, columns int, panel []float32) {
	if columns == t.columns {
		t.packRows(rows, &b[0], stride, &panel[0])
		return
	}
	copyRows(b, stride, rows, columns, panel, t.columns)
}

// strip computes rows of one tile's columns, by way of whole where the tile
// overhangs c.
func (t *tiles) strip(rows, columns, k int, a []float32, ai, al int, b []float32, bl int, c []float32, ci int, add bool, whole []float32) {
	parts := (rows + len(t.kernels) - 1) / len(t.kernels)
	for p, r := 0, 0; p < parts; p++ {
		height := (rows - r) / (parts - p) // tiles of about one height
		kernel := t.kernels[height-1]
		if columns == t.columns {
			kernel(k, &a[r*ai], ai, al, &b[0], bl, &c[r*ci], ci, add)
			r += height
			continue
		}
		kernel(k, &a[r*ai], ai, al, &b[0], bl, &whole[0], t.columns, false)
		for i := range height {
			row := c[(r+i)*ci : (r+i)*ci+columns]
			for j, v := range whole[i*t.columns : i*t.columns+columns] {
				if add {
					v += row[j]
				}
				row[j] = v
			}
		}
		r += height
	}
}

// copyRows copies rows x columns of x, whose rows are stride apart, to rows
// that are step apart.
func copyRows(x []float32, stride, rows, columns int, y []float32, step int) {
	for i := range rows {
		copy(y[i*step:i*step+columns], x[i*stride:])
	}
}

// packTransposed writes rows x columns of x as columns of y, whose rows are
// step apart.
func packTransposed(x []float32, stride, rows, columns int, y []float32, step int) {
	for i := range rows {
		for j, v := range x[i*stride : i*stride+columns] {
			y[j*step+i] = v
		}
	}
}
