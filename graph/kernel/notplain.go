package kernel

// Convolutions that are not plain go back to those that are: groups are convolved one
// after the other, zeros are put around a copy of the images, filters of one pixel are
// a matrix product, and what is left, strides and dilation, multiplies patches.

// slide is Convolve of a shape that is not plain.
func slide[T Float](s Conv, a Algorithm, x, w, b, y []T, relu bool) {
	switch {
	case s.G > 1:
		slideGroups(s, a, x, w, b, y, relu)
	case resolved[T](s, a) == Winograd:
		winograd(s, x, w, b, y, relu)
	case s.runs() && of[T]().slides:
		of[T]().convolve(s, x, w, b, y, relu)
	case s.pads() && s.steps():
		inner := s.padded()
		whole := borrow[T](s.N * inner.H * inner.W * s.C)
		defer giveBack(whole)
		pad(s, x, whole)
		convolvePlain(inner, a, whole, w, b, y, relu)
	case s.pointwise():
		slidePoints(s, x, w, b, y, relu)
	default:
		slidePatches(s, x, w, b, y, relu)
	}
}

// slideGrad is ConvolveGrad of such a shape.
func slideGrad[T Float](g *convGrad[T], a Algorithm) {
	switch s := g.Conv; {
	case s.G > 1:
		g.groups(a)
	case resolved[T](s, a) == Winograd:
		g.winograd()
	case s.runs() && of[T]().slides:
		of[T]().convolveGrad(g)
	case s.pads() && s.steps():
		g.padded(a)
	case s.pointwise():
		g.points()
	default:
		g.slidePatches()
	}
}

// pads says whether zeros stand around the images, and steps whether filters go by
// single pixels over neighbours.
func (s Conv) pads() bool  { return s.Top+s.Left+s.Bottom+s.Right > 0 }
func (s Conv) steps() bool { return max(s.SH, s.SW, s.DH, s.DW) == 1 }

// runs says whether a filter's pixels are neighbours.
func (s Conv) runs() bool { return max(s.DH, s.DW) == 1 }

// pointwise says whether a filter sees one pixel, of the image itself.
func (s Conv) pointwise() bool { return s.KH == 1 && s.KW == 1 && !s.pads() }

// padded is the convolution over images that have their zeros.
func (s Conv) padded() Conv {
	s.H, s.W = s.H+s.Top+s.Bottom, s.W+s.Left+s.Right
	s.Top, s.Left, s.Bottom, s.Right = 0, 0, 0, 0
	return s
}

// pad copies images to between their zeros.
func pad[T Float](s Conv, x, whole []T) {
	p := s.padded()
	row, wide := s.W*s.C, p.W*s.C
	parallel(s.N, func(n int) {
		from, to := imagesOf(x, s.N, n), imagesOf(whole, s.N, n)
		clear(to[:s.Top*wide])
		for i := range s.H {
			line := to[(s.Top+i)*wide:][:wide]
			clear(line[:s.Left*s.C])
			copy(line[s.Left*s.C:], from[i*row:(i+1)*row])
			clear(line[s.Left*s.C+row:])
		}
		clear(to[(s.Top+s.H)*wide:])
	})
}

// unpad copies images back from between their zeros.
func unpad[T Float](s Conv, whole, x []T) {
	p := s.padded()
	row, wide := s.W*s.C, p.W*s.C
	parallel(s.N, func(n int) {
		from, to := imagesOf(whole, s.N, n), imagesOf(x, s.N, n)
		for i := range s.H {
			copy(to[i*row:(i+1)*row], from[(s.Top+i)*wide+s.Left*s.C:])
		}
	})
}

// padded is the gradient by way of images with their zeros.
func (g *convGrad[T]) padded(a Algorithm) {
	inner := *g
	inner.Conv = g.Conv.padded()
	size := g.N * inner.H * inner.W * g.C
	inner.x = borrow[T](size)
	defer giveBack(inner.x)
	pad(g.Conv, g.x, inner.x)
	if g.dx != nil {
		inner.dx = borrow[T](size)
		defer giveBack(inner.dx)
	}
	inner.plainly(a)
	if g.dx != nil {
		unpad(g.Conv, inner.dx, g.dx)
	}
}

// slidePoints is one product of all pixels that filters of one pixel see.
func slidePoints[T Float](s Conv, x, w, b, y []T, relu bool) {
	oh, ow := s.Out()
	seen := x
	if max(s.SH, s.SW) > 1 {
		seen = borrow[T](s.N * oh * ow * s.C)
		defer giveBack(seen)
		pickPixels(s, x, seen)
	}
	of[T]().affine(s.N*oh*ow, s.F, s.C, seen, w, b, y, relu)
}

// pickPixels copies the pixels that filters of one pixel see.
func pickPixels[T Float](s Conv, x, seen []T) {
	oh, ow := s.Out()
	Rows(s.N*oh, func(r int) {
		from := (r/oh*s.H + r%oh*s.SH) * s.W * s.C
		for j := range ow {
			copy(seen[(r*ow+j)*s.C:][:s.C], x[from+j*s.SW*s.C:])
		}
	})
}

// points are the products of slidePoints's gradients.
func (g *convGrad[T]) points() {
	s := g.Conv
	oh, ow := s.Out()
	rows, dz := s.N*oh*ow, g.dy
	if g.relu {
		dz = borrow[T](len(g.dy))
		defer giveBack(dz)
		ReLUGrad(dz, g.dy, g.y)
	}
	if g.db != nil {
		SumRows(rows, s.F, dz, g.db)
	}
	apart := max(s.SH, s.SW) > 1
	if g.dw != nil {
		seen := g.x
		if apart {
			seen = borrow[T](rows * s.C)
			defer giveBack(seen)
			pickPixels(s, g.x, seen)
		}
		Gemm(Trans, NoTrans, s.C, s.F, rows, seen, dz, g.dw)
	}
	switch {
	case g.dx == nil:
	case !apart:
		Gemm(NoTrans, Trans, rows, s.C, s.F, dz, g.w, g.dx)
	default:
		dseen := borrow[T](rows * s.C)
		defer giveBack(dseen)
		Gemm(NoTrans, Trans, rows, s.C, s.F, dz, g.w, dseen)
		putPixels(s, dseen, g.dx)
	}
}

// putPixels puts pixels where pickPixels has them from, and zeros elsewhere.
func putPixels[T Float](s Conv, seen, x []T) {
	oh, ow := s.Out()
	Rows(s.N*s.H, func(r int) {
		line := x[r*s.W*s.C : (r+1)*s.W*s.C]
		clear(line)
		n, i := r/s.H, r%s.H
		if i%s.SH != 0 || i/s.SH >= oh {
			return
		}
		from := (n*oh + i/s.SH) * ow * s.C
		for j := range ow {
			copy(line[j*s.SW*s.C:][:s.C], seen[from+j*s.C:])
		}
	})
}

// slidePatches multiplies each image's patches with the filters.
func slidePatches[T Float](s Conv, x, w, b, y []T, relu bool) {
	_, ny := s.image()
	pixels := ny / s.F
	parallel(s.N, func(n int) {
		cols := borrow[T](pixels * s.patch())
		defer giveBack(cols)
		s.eachPixel(func(at, pixel int) {
			if pixel < 0 {
				clear(cols[at : at+s.C])
				return
			}
			copy(cols[at:at+s.C], imagesOf(x, s.N, n)[pixel:])
		})
		of[T]().affine(pixels, s.F, s.patch(), cols, w, b, imagesOf(y, s.N, n), relu)
	})
}

// eachPixel goes through the patches of an image, pixel by pixel: where its channels
// lie among the patches, and where in the image, -1 around it.
func (s Conv) eachPixel(visit func(at, pixel int)) {
	oh, ow := s.Out()
	at := 0
	for i := range oh {
		for j := range ow {
			for uv := range s.KH * s.KW {
				pixel, ok := s.pixel(0, i, j, uv/s.KW, uv%s.KW)
				if !ok {
					pixel = -1
				}
				visit(at, pixel)
				at += s.C
			}
		}
	}
}

// slidePatches is ConvolveGrad by patches, in shards of images.
func (g *convGrad[T]) slidePatches() {
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
		part.slideImages()
	})
	addShards(shards, dw, g.dw)
	addShards(shards, db, g.db)
}

// slideImages is that of one shard, image by image.
func (g *convGrad[T]) slideImages() {
	_, ny := g.image()
	pixels, add, gemm := ny/g.F, of[T]().add, of[T]().gemm
	dz, cols, dw := borrow[T](ny), borrow[T](pixels*g.patch()), borrow[T](len(g.dw))
	defer giveBack(dz)
	defer giveBack(cols)
	defer giveBack(dw)
	clear(g.dw)
	clear(g.db)
	for n := range g.N {
		g.dz(n, dz)
		for i := range pixels {
			if g.db == nil {
				break
			}
			add(g.db, dz[i*g.F:(i+1)*g.F])
		}
		if g.dw != nil {
			x := imagesOf(g.x, g.N, n)
			g.eachPixel(func(at, pixel int) {
				if pixel < 0 {
					clear(cols[at : at+g.C])
					return
				}
				copy(cols[at:at+g.C], x[pixel:])
			})
			gemm(Trans, NoTrans, g.patch(), g.F, pixels, cols, dz, dw)
			add(g.dw, dw)
		}
		if g.dx != nil {
			gemm(NoTrans, Trans, pixels, g.patch(), g.F, dz, g.w, cols)
			dx := imagesOf(g.dx, g.N, n)
			clear(dx)
			g.eachPixel(func(at, pixel int) {
				if pixel >= 0 {
					add(dx[pixel:pixel+g.C], cols[at:at+g.C])
				}
			})
		}
	}
}

// group is a shape's one group.
func (s Conv) group() Conv {
	s.C, s.F, s.G = s.C/s.G, s.F/s.G, 1
	return s
}

// cutRows copies columns of rows that are as wide as all groups to rows of one
// group's, and pasteRows back.
func cutRows[T Float](rows, width, from, columns int, x, part []T) {
	for i := range rows {
		copy(part[i*columns:(i+1)*columns], x[i*width+from:])
	}
}

func pasteRows[T Float](rows, width, from, columns int, part, x []T) {
	for i := range rows {
		copy(x[i*width+from:][:columns], part[i*columns:])
	}
}

// slideGroups convolves one group after the other.
func slideGroups[T Float](s Conv, a Algorithm, x, w, b, y []T, relu bool) {
	one := s.group()
	nx, nw, ny := one.sizes()
	px, pw, py := borrow[T](nx), borrow[T](nw), borrow[T](ny)
	defer giveBack(px)
	defer giveBack(pw)
	defer giveBack(py)
	for g := range s.G {
		cutRows(nx/one.C, s.C, g*one.C, one.C, x, px)
		cutRows(nw/one.F, s.F, g*one.F, one.F, w, pw)
		Convolve(one, a, px, pw, b[g*one.F:(g+1)*one.F], py, relu)
		pasteRows(ny/one.F, s.F, g*one.F, one.F, py, y)
	}
}

// groups is the gradient, one group after the other.
func (g *convGrad[T]) groups(a Algorithm) {
	s, one := g.Conv, g.group()
	nx, nw, ny := one.sizes()
	room := borrow[T](2*nx + 2*nw + 2*ny)
	defer giveBack(room)
	take := func(n int) (part []T) {
		part, room = room[:n], room[n:]
		return part
	}
	px, pdx, pw, pdw, py, pdy := take(nx), take(nx), take(nw), take(nw), take(ny), take(ny)
	for k := range s.G {
		cutRows(nx/one.C, s.C, k*one.C, one.C, g.x, px)
		cutRows(nw/one.F, s.F, k*one.F, one.F, g.w, pw)
		cutRows(ny/one.F, s.F, k*one.F, one.F, g.y, py)
		cutRows(ny/one.F, s.F, k*one.F, one.F, g.dy, pdy)
		var dx, dw, db []T
		if g.dx != nil {
			dx = pdx
		}
		if g.dw != nil {
			dw = pdw
		}
		if g.db != nil {
			db = g.db[k*one.F : (k+1)*one.F]
		}
		ConvolveGrad(one, a, px, pw, py, pdy, dx, dw, db, g.relu)
		if dx != nil {
			pasteRows(nx/one.C, s.C, k*one.C, one.C, dx, g.dx)
		}
		if dw != nil {
			pasteRows(nw/one.F, s.F, k*one.F, one.F, dw, g.dw)
		}
	}
}
