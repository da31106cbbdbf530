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
	run, add := s.KW*s.C, of[T]().add
	clear(x)
	at := 0
	for i := range oh {
		for j := range ow {
			for u := range s.KH {
				from := ((i+u)*s.W + j) * s.C
				add(x[from:from+run], cols[at:at+run])
				at += run
			}
		}
	}
}

// convolvePatches multiplies each image's patches with the filters.
func convolvePatches[T Float](s Conv, x, w, b, y []T, relu bool) {
	_, ny := s.image()
	pixels := ny / s.F
	parallel(s.N, func(n int) {
		cols, out := borrow[T](pixels*s.patch()), imagesOf(y, s.N, n)
		defer giveBack(cols)
		im2col(s, imagesOf(x, s.N, n), cols)
		portableSerialGemm(NoTrans, NoTrans, pixels, s.F, s.patch(), cols, w, out)
		biasReLURows(pixels, s.F, out, b, relu)
	})
}

// convolvePatchesGrad multiplies in shards of images: patches with gradients
// for the filters, gradients with filters for the patches.
func convolvePatchesGrad[T Float](g *convGrad[T]) {
	shards := g.shards()
	dw, db := borrow[T](shards*len(g.dw)), borrow[T](shards*g.F)
	defer giveBack(dw)
	defer giveBack(db)
	clear(dw)
	clear(db)
	parallel(shards, func(shard int) {
		from, to := g.images(shard)
		for n := from; n < to; n++ {
			g.patchesOfImage(n, imagesOf(dw, shards, shard), imagesOf(db, shards, shard))
		}
	})
	addShards(shards, dw, g.dw)
	addShards(shards, db, g.db)
}

// patchesOfImage adds image n's share to dw and db, and writes its part of dx.
func (g *convGrad[T]) patchesOfImage(n int, dw, db []T) {
	_, ny := g.image()
	pixels, add := ny/g.F, of[T]().add
	dz, cols, part := borrow[T](ny), borrow[T](pixels*g.patch()), borrow[T](len(dw))
	defer giveBack(dz)
	defer giveBack(cols)
	defer giveBack(part)
	g.dz(n, dz)
	for i := range pixels {
		add(db, dz[i*g.F:(i+1)*g.F])
	}
	im2col(g.Conv, imagesOf(g.x, g.N, n), cols)
	portableSerialGemm(Trans, NoTrans, g.patch(), g.F, pixels, cols, dz, part)
	add(dw, part)
	if g.dx != nil {
		portableSerialGemm(NoTrans, Trans, pixels, g.patch(), g.F, dz, g.w, cols)
		col2im(g.Conv, cols, imagesOf(g.dx, g.N, n))
	}
}
