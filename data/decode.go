package data

// Decode gathers a batch into memory that the caller lends:
//
//	pixels[i*H*W*C+j] = v/255, where v is value j of row Rows[i]   (N,H,W,C)
//	labels[i]         = the label of row Rows[i]                   (N)
//
// The division is T's own, so that in float32 the bits are those of NumPy's
// x.astype("float32") / 255. A nil labels is left out. Decode allocates nothing.
// It panics unless pixels holds exactly len(Rows)·H·W·C values, labels len(Rows),
// and the set every row.
func Decode[T ~float32 | ~float64](b Batch, pixels []T, labels []int) {
	s := b.set
	if s == nil {
		panic(panicBatchSet)
	}
	size := s.rowSize()
	if len(pixels) != len(b.Rows)*size {
		panic(panicPixels)
	}
	if labels != nil && len(labels) != len(b.Rows) {
		panic(panicLabels)
	}
	table := scale[T]()
	for i := range b.Rows {
		row, label := b.Row(i)
		expand(pixels[i*size:(i+1)*size], row, &table)
		if labels != nil {
			labels[i] = label
		}
	}
}

// Scaled returns v/255 for each of an image's bytes, as Decode does for a batch's:
// what nets.Predictor takes.
func Scaled[T ~float32 | ~float64](pixels []uint8) []T {
	values, table := make([]T, len(pixels)), scale[T]()
	expand(values, pixels, &table)
	return values
}

// scale returns v/255 for every byte v. To fill it costs as much as to look up
// some hundred pixels, less than one image.
func scale[T ~float32 | ~float64]() (table [256]T) {
	for v := range table {
		table[v] = T(v) / 255
	}
	return table
}

// expand is
//
//	for i, v := range src {
//		dst[i] = table[v]
//	}
//
// eight at a time, which is a third faster. No value is bounds-checked: a byte
// cannot leave the table, and the array pointers check eight at once.
func expand[T ~float32 | ~float64](dst []T, src []uint8, table *[256]T) {
	for len(src) >= 8 && len(dst) >= 8 {
		s, d := (*[8]uint8)(src), (*[8]T)(dst)
		d[0], d[1], d[2], d[3] = table[s[0]], table[s[1]], table[s[2]], table[s[3]]
		d[4], d[5], d[6], d[7] = table[s[4]], table[s[5]], table[s[6]], table[s[7]]
		src, dst = src[8:], dst[8:]
	}
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = table[v]
	}
}

// OneHot returns labels (N) as rows of a unit matrix, (N,classes) row-major:
// 1 at the label, 0 elsewhere. It panics on a label outside 0 <= label < classes.
func OneHot[T ~float32 | ~float64](labels []int, classes int) []T {
	if classes <= 0 {
		panic(panicClasses)
	}
	hot := make([]T, len(labels)*classes)
	for i, l := range labels {
		if l < 0 || l >= classes {
			panic(panicLabel)
		}
		hot[i*classes+l] = 1
	}
	return hot
}
