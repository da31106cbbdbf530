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
func convolvePatches[T Float](s Conv, x, w, y []T) {
	nx, ny, p := len(x)/s.N, len(y)/s.N, s.patch()
	parallel(s.N, func(i int) {
		cols := borrow[T](ny / s.F * p)
		defer giveBack(cols)
		im2col(s, x[i*nx:(i+1)*nx], cols)
		of[T]().serial(NoTrans, NoTrans, ny/s.F, s.F, p, cols, w, y[i*ny:(i+1)*ny])
	})
}

// convolvePatchesGradInput is the adjoint: gradients of patches, added back.
func convolvePatchesGradInput[T Float](s Conv, dz, w, dx []T) {
	nx, ny, p := len(dx)/s.N, len(dz)/s.N, s.patch()
	parallel(s.N, func(i int) {
		cols := borrow[T](ny / s.F * p)
		defer giveBack(cols)
		of[T]().serial(NoTrans, Trans, ny/s.F, p, s.F, dz[i*ny:(i+1)*ny], w, cols)
		col2im(s, cols, dx[i*nx:(i+1)*nx])
	})
}

// convolvePatchesGradKernel sums patches times gradients over the images, in
// shards of images.
func convolvePatchesGradKernel[T Float](s Conv, x, dz, dw []T) {
	nx, ny, p := len(x)/s.N, len(dz)/s.N, s.patch()
	shards := min(shardCount, s.N)
	part := borrow[T](shards * len(dw))
	defer giveBack(part)
	parallel(shards, func(shard int) {
		sum := part[shard*len(dw) : (shard+1)*len(dw)]
		clear(sum)
		cols, one := borrow[T](ny/s.F*p), borrow[T](len(dw))
		defer giveBack(cols)
		defer giveBack(one)
		for i := shard * s.N / shards; i < (shard+1)*s.N/shards; i++ {
			im2col(s, x[i*nx:(i+1)*nx], cols)
			of[T]().serial(Trans, NoTrans, p, s.F, ny/s.F, cols, dz[i*ny:(i+1)*ny], one)
			of[T]().add(sum, one)
		}
	})
	addShards(shards, part, dw)
}
