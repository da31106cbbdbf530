package kernel

// im2col writes one image's patches as rows: cols (OH·OW, KH·KW·C), so that a
// convolution becomes a matrix product. The KW·C numbers of a patch's row
// stand side by side in the image already.
func im2col[T Float](s Conv, x, cols []T) {
	oh, ow := s.Out()
	run := s.KW * s.C
	at := 0
	for i := range oh {
		for j := range ow {
			for u := range s.KH {
				from := ((i+u)*s.W + j) * s.C
				copy(cols[at:at+run], x[from:from+run])
				at += run
			}
		}
	}
}

// col2im is im2col's adjoint: it adds each patch back to where it came from.
func col2im[T Float](s Conv, cols, x []T) {
	oh, ow := s.Out()
	run := s.KW * s.C
	clear(x)
	at := 0
	for i := range oh {
		for j := range ow {
			for u := range s.KH {
				from := ((i+u)*s.W + j) * s.C
				dst := x[from : from+run]
				for t, v := range cols[at : at+run] {
					dst[t] += v
				}
				at += run
			}
		}
	}
}
