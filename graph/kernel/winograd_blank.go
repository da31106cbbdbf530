package kernel

// Where the plain loop would add up nothing but zeros, Winograd's adds up
// numbers that cancel, but for rounding. A first step of training has many such
// places, the black margins of images under biases that are zero still, and
// whether a ReLU finds 0 or 1e-9 there decides which way training goes. So these
// outputs are written as what they are: the bias, rectified.

// writeBlanks does that for a group's part of an image's output y (OH,OW,F).
func writeBlanks[T Float](g tileGroup, s Conv, x, bias []T, floor T, y []T) {
	oh, ow := s.Out()
	work := borrow[T](s.F + s.W)
	defer giveBack(work)
	still, tall := work[:s.F], work[s.F:] // how many blank pixels stand above each other
	for f, v := range bias {
		if v <= floor {
			v = floor
		}
		still[f] = v
	}
	clear(tall)
	from, to := g.from*winogradSide, min(oh, g.to*winogradSide)
	for row := from; row < to+s.KH-1; row++ {
		wide := 0 // how many blank columns stand beside each other
		for column := range tall {
			tall[column]++
			if !blank(x[(row*s.W+column)*s.C:][:s.C]) {
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
