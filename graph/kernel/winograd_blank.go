package kernel

// Where the plain loop would add up nothing but zeros, Winograd's adds up
// numbers that cancel, but for rounding. A first step of training has many such
// places, the black margins of images under biases that are zero still, and
// whether a ReLU finds 0 or 1e-9 there decides which way training goes. So these
// outputs are written as what they are: the bias, rectified.

// writeBlanks does that for a block's part of the outputs y (N,OH,OW,F).
func writeBlanks[T Float](b tileBlock, s Conv, x, bias []T, floor T, y []T) {
	wide := s.W + s.Left + s.Right
	work := borrow[T](s.F + wide)
	defer giveBack(work)
	still, tall := work[:s.F], work[s.F:] // how many blank pixels stand above each other
	for f, v := range bias {
		if v <= floor {
			v = floor
		}
		still[f] = v
	}
	oh, _ := s.Out()
	from, to := b.from*winogradSide, min(oh, b.to*winogradSide)
	for n := b.first; n < b.last; n++ {
		if noneBlank(b, s, imagesOf(x, s.N, n)) {
			continue
		}
		clear(tall)
		image := imagesOf(y, s.N, n)
		for row := from; row < to+s.KH-1; row++ {
			blankRow(s, row, imagesOf(x, s.N, n), tall, still, image)
		}
	}
}

// noneBlank says that no window of the block is blank, as a look at one pixel of each
// shows: every third pixel of every third row. It may not know.
func noneBlank[T Float](b tileBlock, s Conv, x []T) bool {
	h, _ := b.sees(b.to)
	top, bottom := max(0, b.from*winogradSide-s.Top), min(s.H, h-s.Top)
	if max(s.Top, s.Left, s.Bottom, s.Right) > 1 || min(bottom-top, s.W) < s.KH {
		return false // then windows may see a single row or column of the image
	}
	for i := 1; i < s.KH+bottom-top; i += s.KH {
		row := min(top+i, bottom-2)
		for j := 1; j < s.KW+s.W; j += s.KW {
			column := min(j, s.W-2)
			if blank(x[(row*s.W+column)*s.C:][:s.C]) {
				return false
			}
		}
	}
	return true
}

// blankRow does that for the windows that end in a row, counted from the first of zeros
// above an image.
func blankRow[T Float](s Conv, row int, x, tall, still, y []T) {
	_, ow := s.Out()
	wide := 0 // how many blank columns stand beside each other
	for column := range tall {
		tall[column]++
		if !blankAt(s, x, row-s.Top, column-s.Left) {
			tall[column] = 0
		}
		wide++
		if tall[column] < T(s.KH) {
			wide = 0
		}
		if wide >= s.KW {
			copy(y[((row-s.KH+1)*ow+column-s.KW+1)*s.F:][:s.F], still)
		}
	}
}

// blankAt says whether a pixel is zero in every channel, as those around an image are.
func blankAt[T Float](s Conv, x []T, row, column int) bool {
	if row < 0 || row >= s.H || column < 0 || column >= s.W {
		return true
	}
	return blank(x[(row*s.W+column)*s.C:][:s.C])
}

// blank says whether a pixel is zero in every channel.
func blank[T Float](pixel []T) bool {
	for _, v := range pixel {
		if v != 0 {
			return false
		}
	}
	return true
}
