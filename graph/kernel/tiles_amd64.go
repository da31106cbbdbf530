//go:build !purego

package kernel

// tiles is a matrix product by micro-kernels: assembly that keeps a tile of c
// in registers while k goes by.
type tiles struct {
	columns int           // of a tile: two vectors
	kernels []microKernel // kernels[r-1] computes r rows
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

// gemm is Gemm: blocks of 128 rows and one tile's columns of c, in parallel.
func (t *tiles) gemm(ta, tb Transpose, m, n, k int, a, b, c []float32) {
	rows, columns := (m+panelRows-1)/panelRows, (n+t.columns-1)/t.columns
	parallel(rows*columns, func(i int) {
		t.block(ta, tb, i/columns*panelRows, i%columns*t.columns, m, n, k, a, b, c)
	})
}

// serial is gemm on this thread.
func (t *tiles) serial(ta, tb Transpose, m, n, k int, a, b, c []float32) {
	for i := 0; i < m; i += panelRows {
		for j := 0; j < n; j += t.columns {
			t.block(ta, tb, i, j, m, n, k, a, b, c)
		}
	}
}

// block computes the block of c whose first element is (i,j), a panel of b at
// a time.
func (t *tiles) block(ta, tb Transpose, i, j, m, n, k int, a, b, c []float32) {
	rows, columns := min(panelRows, m-i), min(t.columns, n-j)
	parts := (k + panelDepth - 1) / panelDepth
	depth := (k + parts - 1) / parts
	w := borrow[float32](packASize + panelDepth*t.columns + len(t.kernels)*t.columns)
	defer giveBack(w)
	packA, packB, whole := w[:packASize], w[packASize:packASize+panelDepth*t.columns], w[packASize+panelDepth*t.columns:]
	for l := 0; l < k; l += depth {
		kc := min(depth, k-l)
		pb, bl := packB, t.columns
		if tb {
			packTransposed(b[j*k+l:], k, columns, kc, packB, t.columns)
		} else if pb, bl = b[l*n+j:], n; columns < t.columns {
			pack(pb, n, kc, columns, packB, t.columns)
			pb, bl = packB, t.columns
		}
		pa, ai, al := a, 1, m
		if ta {
			pa = a[l*m+i:]
		} else if pa, ai, al = a[i*k+l:], k, 1; k%1024 == 0 { // all rows would fall into one set of the first-level cache
			pack(pa, k, rows, kc, packA, kc+panelPad)
			pa, ai = packA, kc+panelPad
		}
		t.strip(rows, columns, kc, pa, ai, al, pb, bl, c[i*n+j:], n, l > 0, whole)
	}
}

// strip computes rows of one tile's columns, by way of whole where the tile
// overhangs c.
func (t *tiles) strip(rows, columns, k int, a []float32, ai, al int, b []float32, bl int, c []float32, ci int, add bool, whole []float32) {
	for r := 0; r < rows; r += len(t.kernels) {
		height := min(len(t.kernels), rows-r)
		kernel := t.kernels[height-1]
		if columns == t.columns {
			kernel(k, &a[r*ai], ai, al, &b[0], bl, &c[r*ci], ci, add)
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
	}
}

// pack copies rows x columns of x, whose rows are stride apart, to rows that
// are step apart.
func pack(x []float32, stride, rows, columns int, y []float32, step int) {
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
