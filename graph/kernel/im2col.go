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
				genericAdd(x[from:from+run], cols[at:at+run])
				at += run
			}
		}
	}
}

// convolvePatches multiplies each image's patches with the filters.
func convolvePatches[T Float](s Conv, x, w, b, y []T, relu bool) {
	_, ny := s.image()
	if ny*s.patch() < patchWork {
		genericConvolve(s, x, w, b, y, relu)
		return
	}
	pixels := ny / s.F
	parallel(s.N, func(n int) {
		cols, out := borrow[T](pixels*s.patch()), imagesOf(y, s.N, n)
		defer giveBack(cols)
		im2col(s, imagesOf(x, s.N, n), cols)
		portableSerialGemm(NoTrans, NoTrans, pixels, s.F, s.patch(), cols, w, out)
		biasReLURows(pixels, s.F, out, b, relu)
	})
}

// patchWork is how many products an image has before patches are worth a copy.
const patchWork = 4 * genericWork

// convolvePatchesGrad multiplies in shards of images: patches with gradients
// for the filters, gradients with filters for the patches. Where that does not
// pay, as an image has too few of them, a shard is the generic loop's.
func convolvePatchesGrad[T Float](g *convGrad[T]) {
	_, ny := g.image()
	plain := ny/g.F < few || ny*g.patch() < patchWork
	if plain && g.N*ny*g.patch() < parallelWork {
		genericConvolveGrad(g)
		return
	}
	shards := g.shards()
	dw, db := borrow[T](shards*len(g.dw)), borrow[T](shards*len(g.db))
	defer giveBack(dw)
	defer giveBack(db)
	parallel(shards, func(shard int) {
		part := g.part(shard)
		if g.dw != nil {
			part.dw = imagesOf(dw, shards, shard)
		}
		if g.db != nil {
			part.db = imagesOf(db, shards, shard)
		}
		if plain {
			genericConvolveGrad(&part)
		} else {
			part.patches()
		}
	})
	addShards(shards, dw, g.dw)
	addShards(shards, db, g.db)
}

// part is a shard's images, without the sums over them.
func (g *convGrad[T]) part(shard int) convGrad[T] {
	from, to := g.images(shard)
	nx, ny := g.image()
	part := convGrad[T]{g.Conv, g.x[from*nx : to*nx], g.w, g.y[from*ny : to*ny], g.dy[from*ny : to*ny], nil, nil, nil, g.relu}
	part.N = to - from
	if g.dx != nil {
		part.dx = g.dx[from*nx : to*nx]
	}
	return part
}

// patches is ConvolveGrad by patches, image by image.
func (g *convGrad[T]) patches() {
	_, ny := g.image()
	pixels := ny / g.F
	dz, cols, dw := borrow[T](ny), borrow[T](pixels*g.patch()), borrow[T](len(g.dw))
	defer giveBack(dz)
	defer giveBack(cols)
	defer giveBack(dw)
	clear(g.dw)
	clear(g.db)
	for n := range g.N {
		g.dz(n, dz)
		if g.db != nil {
			for i := range pixels {
				genericAdd(g.db, dz[i*g.F:(i+1)*g.F])
			}
		}
		if g.dw != nil {
			im2col(g.Conv, imagesOf(g.x, g.N, n), cols)
			portableSerialGemm(Trans, NoTrans, g.patch(), g.F, pixels, cols, dz, dw)
			genericAdd(g.dw, dw)
		}
		if g.dx != nil {
			portableSerialGemm(NoTrans, Trans, pixels, g.patch(), g.F, dz, g.w, cols)
			col2im(g.Conv, cols, imagesOf(g.dx, g.N, n))
		}
	}
}
