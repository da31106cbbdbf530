//go:build !purego

package kernel

// Convolution without a copy of the patches: within a row of an image, the
// patches of neighbouring pixels overlap, so the image itself is the first
// operand of a matrix product whose rows are C numbers apart. Each row of the
// filter is one such product, KW·C deep.

// directDepth is how deep the products must be at least to be worth it.
const directDepth = 16

func (t *tiles) convolve(s Conv, x, w, y []float32) {
	if s.KW*s.C < directDepth {
		convolvePatches(s, x, w, y)
		return
	}
	panels := t.packPanels(s.patch(), s.F, w)
	defer giveBack(panels)
	oh, _ := s.Out()
	chunks := (oh + rowsPerChunk - 1) / rowsPerChunk
	parallel(s.N*chunks, func(i int) {
		from := i % chunks * rowsPerChunk
		t.convolveRows(s, i/chunks, from, min(oh, from+rowsPerChunk), x, panels, y)
	})
}

// rowsPerChunk is how many rows of an output image a block computes.
const rowsPerChunk = 8

// convolveRows computes some rows of output image n.
func (t *tiles) convolveRows(s Conv, n, from, to int, x, panels, y []float32) {
	oh, ow := s.Out()
	depth := s.KW * s.C
	whole := borrow[float32](len(t.kernels) * t.columns)
	defer giveBack(whole)
	for f := 0; f < s.F; f += t.columns {
		panel := panels[f*s.patch():]
		for i := from; i < to; i++ {
			c := y[(n*oh+i)*ow*s.F+f:]
			for u := range s.KH {
				t.strip(ow, min(t.columns, s.F-f), depth, x[(n*s.H+i+u)*s.W*s.C:], s.C, 1,
					panel[u*depth*t.columns:], t.columns, c, s.F, u > 0, whole)
			}
		}
	}
}

// convolveGradInput convolves the gradients, between margins of zeros, with
// the filters turned round and their channels exchanged.
func (t *tiles) convolveGradInput(s Conv, dz, w, dx []float32) {
	oh, ow := s.Out()
	back := Conv{N: 1, H: oh + 2*(s.KH-1), W: ow + 2*(s.KW-1), C: s.F, KH: s.KH, KW: s.KW, F: s.C}
	turned := borrow[float32](len(w))
	defer giveBack(turned)
	turn(s, w, turned)
	panels := t.packPanels(back.patch(), back.F, turned)
	defer giveBack(panels)
	parallel(s.N, func(n int) {
		margin := borrow[float32](back.H * back.W * back.C)
		defer giveBack(margin)
		clear(margin)
		for i := range oh {
			copy(margin[((i+s.KH-1)*back.W+s.KW-1)*s.F:], dz[(n*oh+i)*ow*s.F:(n*oh+i+1)*ow*s.F])
		}
		t.convolveRows(back, 0, 0, s.H, margin, panels, dx[n*s.H*s.W*s.C:])
	})
}

// turn writes w[KH-1-u,KW-1-v,c,f] as turned[u,v,f,c].
func turn(s Conv, w, turned []float32) {
	area := s.KH * s.KW
	for uv := range area {
		transpose(w[(area-1-uv)*s.C*s.F:], s.F, s.C, s.F, turned[uv*s.C*s.F:])
	}
}

// convolveGradKernel lays the gradients of an image out in rows of the input's
// width, zeros behind each, so that with the image's own pixels they make one
// product for each row of the filter, as deep as the image is large.
func (t *tiles) convolveGradKernel(s Conv, x, dz, dw []float32) {
	if s.KW*s.C < directDepth {
		convolvePatchesGradKernel(s, x, dz, dw)
		return
	}
	oh, ow := s.Out()
	width := (s.F + t.columns - 1) / t.columns * t.columns
	shards := min(shardCount, s.N)
	part := borrow[float32](shards * len(dw))
	defer giveBack(part)
	parallel(shards, func(shard int) {
		sum := part[shard*len(dw) : (shard+1)*len(dw)]
		rows := borrow[float32](oh * s.W * width)
		defer giveBack(rows)
		clear(rows)
		first := shard * s.N / shards
		for n := first; n < (shard+1)*s.N/shards; n++ {
			for i := range oh {
				copyRows(dz[(n*oh+i)*ow*s.F:], s.F, ow, s.F, rows[i*s.W*width:], width)
			}
			t.addProducts(s, x[n*s.H*s.W*s.C:(n+1)*s.H*s.W*s.C], rows, width, sum, n > first)
		}
	})
	addShards(shards, part, dw)
}

// addProducts is one image's share of a filter's gradient.
func (t *tiles) addProducts(s Conv, x, rows []float32, width int, sum []float32, add bool) {
	oh, ow := s.Out()
	whole := borrow[float32](len(t.kernels) * t.columns)
	defer giveBack(whole)
	pixels := (oh-1)*s.W + ow
	for from := 0; from < pixels; from += panelDepth {
		depth := min(panelDepth, pixels-from)
		for f := 0; f < s.F; f += t.columns {
			for u := range s.KH {
				t.strip(s.KW*s.C, min(t.columns, s.F-f), depth, x[(u*s.W+from)*s.C:], 1, s.C,
					rows[from*width+f:], width, sum[u*s.KW*s.C*s.F+f:], s.F, add || from > 0, whole)
			}
		}
	}
}
