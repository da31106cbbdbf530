package kernel

// Depthwise is the depthwise convolution, in which each channel has multiplier filters
// of its own:
//
//	x (N,H,W,C) * w (KH,KW,C,M) + b (C·M) -> y (N,OH,OW,C·M)
//	y[n,i,j,c·M+m] = b[c·M+m] + the sum of all x[n,p,q,c]·w[u,v,c,m]
//	if relu && y[...] <= 0 { y[...] = 0 } // a NaN stays
//
// with p = i·Stride + u·Dilation - Before of s.Down, and q of s.Across, where they are
// on the image. A nil b is none. M is what the slices say.
func Depthwise[T Float](s Slides, x, w, b, y []T, relu bool) {
	m := s.multiplier(len(w))
	wide := s.widened(m)
	nx, ny := s.N*s.image(), wide.N*s.Down.Out*s.Across.Out*wide.C
	check(len(x) == nx && len(y) == ny && len(w) == s.Down.Size*s.Across.Size*wide.C && (b == nil || len(b) == wide.C), "kernel: Depthwise: slices do not match the shape")
	if b == nil {
		b = borrow[T](wide.C)
		defer giveBack(b)
		clear(b)
	}
	x, done := widen(s, m, x)
	defer done()
	of[T]().depthwise(wide, x, w, b, y, relu)
}

// DepthwiseGrad is the gradient of Depthwise, of which dx, dw and db may each be nil:
//
//	dx[n,p,q,c]  += dz[n,i,j,c·M+m]·w[u,v,c,m]
//	dw[u,v,c,m]  += dz[n,i,j,c·M+m]·x[n,p,q,c]
//	db[c·M+m]    += dz[n,i,j,c·M+m]
//
// dz is dy where y > 0, else 0, with relu; y is not read without it. Sums over the batch
// are computed in at most eight ranges of images, and added in order.
func DepthwiseGrad[T Float](s Slides, x, w, y, dy, dx, dw, db []T, relu bool) {
	m := s.multiplier(len(w))
	wide := s.widened(m)
	check(len(x) == s.N*s.image() && len(dy) == wide.N*s.Down.Out*s.Across.Out*wide.C, "kernel: DepthwiseGrad: slices do not match the shape")
	check((dx == nil || len(dx) == len(x)) && (dw == nil || len(dw) == len(w)) && (db == nil || len(db) == wide.C), "kernel: DepthwiseGrad: gradients do not match the shape")
	dz := dy
	if relu {
		dz = borrow[T](len(dy))
		defer giveBack(dz)
		ReLUGrad(dz, dy, y)
	}
	if db != nil {
		SumRows(len(dz)/wide.C, wide.C, dz, db)
	}
	if dw != nil {
		x, done := widen(s, m, x)
		of[T]().depthwiseFilterGrad(wide, x, dz, dw)
		done()
	}
	if dx == nil {
		return
	}
	if m == 1 {
		of[T]().depthwiseImageGrad(wide, dz, w, dx)
		return
	}
	all := borrow[T](len(dx) * m)
	defer giveBack(all)
	of[T]().depthwiseImageGrad(wide, dz, w, all)
	spans(len(dx), numbersPerBlock, func(from, to int) {
		for i := from; i < to; i++ {
			dx[i] = 0
			for _, v := range all[i*m : (i+1)*m] {
				dx[i] += v
			}
		}
	})
}

// multiplier is how many filters a channel has, of so many numbers of filters.
func (s Slides) multiplier(filters int) int {
	one := max(1, s.Down.Size*s.Across.Size*s.C)
	return max(1, filters/one)
}

// widened are images in which each channel stands m times.
func (s Slides) widened(m int) Slides {
	s.C *= m
	return s
}

// widen makes them of images x, until done is called.
func widen[T Float](s Slides, m int, x []T) (wide []T, done func()) {
	if m == 1 {
		return x, func() {}
	}
	wide = borrow[T](len(x) * m)
	spans(len(x), numbersPerBlock, func(from, to int) {
		for i := from; i < to; i++ {
			for k := range m {
				wide[i*m+k] = x[i]
			}
		}
	})
	return wide, func() { giveBack(wide) }
}

// depthwises are an implementation's kernels of the depthwise convolution with one
// filter a channel.
type depthwises[T Float] struct {
	depthwise           func(s Slides, x, w, b, y []T, relu bool)
	depthwiseImageGrad  func(s Slides, dz, w, dx []T)
	depthwiseFilterGrad func(s Slides, x, dz, dw []T)
}

// depthwiseLoops are loops over a gathering: that of the filters, and that of their
// gradient.
type depthwiseLoops[T Float] struct {
	filtered, products func(g *gathering[T], first int)
}

// kernels are those that pass over rows by these loops.
func (l depthwiseLoops[T]) kernels() depthwises[T] {
	return depthwises[T]{
		depthwise: func(s Slides, x, w, b, y []T, relu bool) {
			p := forwards(s, x, y, gathering[T]{w: w, bias: b, relu: relu})
			p.run(l.filtered)
		},
		depthwiseImageGrad: func(s Slides, dz, w, dx []T) {
			none := borrow[T](s.C)
			defer giveBack(none)
			clear(none)
			p := backwards(s, dz, dx, gathering[T]{w: w, bias: none})
			p.run(l.filtered)
		},
		depthwiseFilterGrad: func(s Slides, x, dz, dw []T) {
			shards := min(shardCount, s.N)
			part := borrow[T](shards * len(dw))
			defer giveBack(part)
			p := forwards(s, x, dz, gathering[T]{})
			parallel(shards, func(shard int) {
				own := part[shard*len(dw) : (shard+1)*len(dw)]
				clear(own)
				p.rows(shard*s.N/shards*s.Down.Out, (shard+1)*s.N/shards*s.Down.Out, gathering[T]{w: own}, l.products)
			})
			addShards(shards, part, dw)
		},
	}
}

func portableDepthwise[T Float]() depthwises[T] {
	return depthwiseLoops[T]{portableFiltered[T], portableProducts[T]}.kernels()
}

// portableFiltered makes each pixel the sum of its reaches, each by its filter's number.
func portableFiltered[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		copy(y, g.bias[first:])
		for _, r := range g.taps {
			w := g.w[r.w+first:][:len(y)]
			for c, v := range g.source(p, r, first) {
				y[c] += T(v * w[c])
			}
		}
		for c, v := range y {
			if g.relu && v <= 0 {
				y[c] = 0
			}
		}
	}
}

// portableProducts adds to each of a filter's numbers the products of its reach with y.
func portableProducts[T Float](g *gathering[T], first int) {
	for p := range g.pixels {
		y := g.target(p, first)
		for _, r := range g.taps {
			dw := g.w[r.w+first:][:len(y)]
			for c, v := range g.source(p, r, first) {
				dw[c] += T(v * y[c])
			}
		}
	}
}

// genericDepthwise are the loops of documentation, for one filter a channel.
func genericDepthwise[T Float]() depthwises[T] {
	return depthwises[T]{
		depthwise: func(s Slides, x, w, b, y []T, relu bool) {
			s.eachWindow(func(at int, xs, ks []int) {
				y[at] = b[at%s.C]
				for i, from := range xs {
					y[at] += T(x[from] * w[ks[i]*s.C+at%s.C])
				}
				if relu && y[at] <= 0 {
					y[at] = 0
				}
			})
		},
		depthwiseImageGrad: func(s Slides, dz, w, dx []T) {
			clear(dx)
			s.eachWindow(func(at int, xs, ks []int) {
				for i, to := range xs {
					dx[to] += T(dz[at] * w[ks[i]*s.C+at%s.C])
				}
			})
		},
		depthwiseFilterGrad: func(s Slides, x, dz, dw []T) {
			clear(dw)
			s.eachWindow(func(at int, xs, ks []int) {
				for i, from := range xs {
					dw[ks[i]*s.C+at%s.C] += T(dz[at] * x[from])
				}
			})
		},
	}
}
