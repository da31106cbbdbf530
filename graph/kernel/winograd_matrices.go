package kernel

// matrices are the 36 matrices (rows,columns) of a transform, in panels of
// columns: those of a panel follow each other, so that a strip of a product goes
// through one stretch of memory.
type matrices[T Float] struct {
	x             []T
	rows, columns int
	width         int // of a panel
	step          int // from one of a panel's matrices to the next
}

// inPanels are matrices whose panels are as wide as a strip of a product, if that
// divides their columns. They have no memory yet.
func inPanels[T Float](rows, columns, pad int) matrices[T] {
	width := of[T]().winograd.panel
	if width == 0 || columns%width != 0 {
		width = columns
	}
	return matrices[T]{rows: rows, columns: columns, width: width, step: rows*width + pad}
}

// filtersOf are u and du, turnedOf uᵀ.
func filtersOf[T Float](s Conv) matrices[T] { return inPanels[T](s.C, s.F, 0) }
func turnedOf[T Float](s Conv) matrices[T]  { return inPanels[T](s.F, s.C, 0) }

// inputsOf are a block's v, one panel, since products take it transposed, and
// outputsOf its m.
func inputsOf[T Float](b tileBlock, s Conv) matrices[T] {
	return matrices[T]{rows: b.tiles(), columns: s.C, width: s.C, step: b.tiles()*s.C + winogradPad}
}

func outputsOf[T Float](b tileBlock, s Conv) matrices[T] {
	return inPanels[T](b.tiles(), s.F, winogradPad)
}

// size is how much memory they take.
func (m *matrices[T]) size() int { return m.columns / m.width * winogradArea * m.step }

// from is a matrix from a number on, to the end of the memory.
func (m *matrices[T]) from(matrix, row, column int) []T {
	return m.x[(column/m.width*winogradArea+matrix)*m.step+row*m.width+column%m.width:]
}

// leap is how far a panel begins behind the last column of the one before.
func (m *matrices[T]) leap() int { return winogradArea*m.step - m.width }

// eachPanel calls panel with the first column of each.
func (m *matrices[T]) eachPanel(panel func(column int)) {
	for column := 0; column < m.columns; column += m.width {
		panel(column)
	}
}

// turnMatrix transposes one of the matrices.
func turnMatrix[T Float](i int, u, turned matrices[T]) {
	u.eachPanel(func(f int) {
		turned.eachPanel(func(c int) {
			of[T]().transpose(u.from(i, c, f), u.width, turned.width, u.width, turned.from(i, f, c), turned.width)
		})
	})
}
