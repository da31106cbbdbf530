//go:build !purego

package kernel

// packPanels cuts b (k,n) into panels of a tile's columns, one after the
// other; what the last one has beyond n is of no consequence. The caller gives
// them back.
func (t *tiles) packPanels(k, n int, b []float32) []float32 {
	width := t.columns()
	count, chunks := ceil(n, width), ceil(k, panelDepth)
	panels := borrow[float32](k * count * width)
	parallel(count*chunks, func(i int) {
		j, l := i/chunks*width, i%chunks*panelDepth
		t.pack(b[l*n+j:], n, min(panelDepth, k-l), min(width, n-j), panels[j*k+l*width:])
	})
	return panels
}

// pack copies rows of b, whose rows are stride apart, as rows of a panel.
func (t *tiles) pack(b []float32, stride, rows, columns int, panel []float32) {
	if columns == t.columns() {
		t.packRows(rows, &b[0], stride, &panel[0])
		return
	}
	copyRows(b, stride, rows, columns, panel, t.columns())
}

// packTransposed writes rows x columns of x as columns of y, whose rows are
// step apart.
func packTransposed(x []float32, stride, rows, columns int, y []float32, step int) {
	tall, wide := rows&^7, columns&^7
	for i := 0; i < tall && wide > 0; i += 8 {
		transpose8(wide/8, &x[i*stride], stride, &y[i], step)
	}
	if wide < columns {
		genericTranspose(x[wide:], stride, tall, columns-wide, y[wide*step:], step)
	}
	if tall < rows {
		genericTranspose(x[tall*stride:], stride, rows-tall, columns, y[tall:], step)
	}
}
