package kernel

import "math"

// genericGemm is Gemm's loop, word for word.
func genericGemm[T Float](ta, tb Transpose, m, n, k int, a, b, c []T) {
	ai, al, bl, bj := k, 1, n, 1 // steps from row to row and column to column
	if ta {
		ai, al = 1, m
	}
	if tb {
		bl, bj = 1, k
	}
	for i := range m {
		for j := range n {
			var sum T
			for l := range k {
				sum += T(a[i*ai+l*al] * b[l*bl+j*bj])
			}
			c[i*n+j] = sum
		}
	}
}

// genericConvolve is Convolve's loop.
func genericConvolve[T Float](s Conv, x, w, b, y []T, relu bool) {
	s = s.whole()
	oh, ow := s.Out()
	c, f := s.C/s.G, s.F/s.G
	for p := range s.N * oh * ow {
		out := y[p*s.F : (p+1)*s.F]
		clear(out)
		for uv := range s.KH * s.KW {
			at, ok := s.pixel(p/(oh*ow), p/ow%oh, p%ow, uv/s.KW, uv%s.KW)
			if !ok {
				continue
			}
			for t := range s.C {
				g := t / c
				xt, first := x[at+t], (uv*c+t%c)*s.F
				for k, wf := range w[first+g*f : first+(g+1)*f] {
					out[g*f+k] += T(xt * wf)
				}
			}
		}
		if relu {
			genericBiasReLU(out, b)
		} else {
			genericAdd(out, b)
		}
	}
}

// pixel is where in x the first channel of the pixel lies that pixel (u,v) of a
// filter sees at place (i,j) of image n; ok is false around the image.
func (s Conv) pixel(n, i, j, u, v int) (at int, ok bool) {
	row, column := i*s.SH+u*s.DH-s.Top, j*s.SW+v*s.DW-s.Left
	if row < 0 || row >= s.H || column < 0 || column >= s.W {
		return 0, false
	}
	return ((n*s.H+row)*s.W + column) * s.C, true
}

// genericConvolveGrad is ConvolveGrad's loop.
func genericConvolveGrad[T Float](g *convGrad[T]) {
	s := g.whole()
	oh, ow := s.Out()
	clear(g.dx)
	clear(g.dw)
	clear(g.db)
	dz := make([]T, g.F)
	for p := range g.N * oh * ow {
		copy(dz, g.dy[p*g.F:])
		if g.relu {
			genericReLUGrad(dz, dz, g.y[p*g.F:(p+1)*g.F])
		}
		if g.db != nil {
			genericAdd(g.db, dz)
		}
		for uv := range g.KH * g.KW {
			if at, ok := s.pixel(p/(oh*ow), p/ow%oh, p%ow, uv/g.KW, uv%g.KW); ok {
				g.addPixel(at, uv, s.C/s.G, s.F/s.G, dz)
			}
		}
	}
}

// addPixel adds what the gradient dz of one place says of one pixel that it sees,
// and of the filters there. A group has so many channels and filters.
func (g *convGrad[T]) addPixel(at, uv, channels, filters int, dz []T) {
	for t := range g.C {
		first := (uv*channels+t%channels)*g.F + t/channels*filters
		dz := dz[t/channels*filters:][:filters]
		if g.dw != nil {
			genericAxpy(g.dw[first:first+filters], g.x[at+t], dz)
		}
		if g.dx != nil {
			g.dx[at+t] += genericDot(g.w[first:first+filters], dz)
		}
	}
}

// genericAxpy is y[i] += a·x[i].
func genericAxpy[T Float](y []T, a T, x []T) {
	for i, v := range x {
		y[i] += T(a * v)
	}
}

// genericDot is the sum of all x[i]·y[i].
func genericDot[T Float](x, y []T) (sum T) {
	for i, v := range x {
		sum += T(v * y[i])
	}
	return sum
}

// genericAdd is y[i] += x[i].
func genericAdd[T Float](y, x []T) {
	for i, v := range x {
		y[i] += v
	}
}

// genericScale is Scale's loop.
func genericScale[T Float](y, x, by []T) {
	for i, v := range x {
		y[i] = v * by[i]
	}
}

// genericAffine is Affine's loop.
func genericAffine[T Float](m, n, k int, a, b, bias, c []T, relu bool) {
	genericGemm(NoTrans, NoTrans, m, n, k, a, b, c)
	BiasReLU(m, n, c, bias, relu)
}

// genericSumRows is SumRows's loop.
func genericSumRows[T Float](n, o int, x, sum []T) {
	clear(sum)
	for i := range n {
		genericAdd(sum, x[i*o:i*o+o])
	}
}

// genericTranspose writes rows x columns of x, whose rows are stride apart, as
// columns of y, whose rows are step apart.
func genericTranspose[T Float](x []T, stride, rows, columns int, y []T, step int) {
	for i := range rows {
		for j, v := range x[i*stride : i*stride+columns] {
			y[j*step+i] = v
		}
	}
}

// genericTimes is Times's loop.
func genericTimes[T Float](y, x []T, by T) {
	for i, v := range x {
		y[i] = v * by
	}
}

// genericBlend is Blend's loop.
func genericBlend[T Float](y, x []T, part T) {
	for i, v := range x {
		y[i] += T((v - y[i]) * part)
	}
}

// genericDecode is Decode's loop.
func genericDecode[T Float](x []uint8, y []T) {
	for i, v := range x {
		y[i] = T(v) / 255
	}
}

// genericBiasReLU is BiasReLU's loop for one row, with its ReLU.
func genericBiasReLU[T Float](y, b []T) {
	for j, bj := range b {
		v := y[j] + bj
		if v <= 0 {
			v = 0
		}
		y[j] = v
	}
}

// genericReLUGrad is ReLUGrad's loop.
func genericReLUGrad[T Float](dz, dy, y []T) {
	for i, v := range y {
		d := dy[i]
		if !(v > 0) {
			d = 0
		}
		dz[i] = d
	}
}

// genericAdam is Adam's loop.
func genericAdam[T Float](w, dw, m, v []T, alpha, decay1, decay2, eps T) {
	for i, g := range dw {
		m[i] += T((g - m[i]) * decay1)
		v[i] += T((T(g*g) - v[i]) * decay2)
		w[i] -= m[i] * alpha / (T(math.Sqrt(float64(v[i]))) + eps)
	}
}

// genericSGD is SGD's loop.
func genericSGD[T Float](w, dw []T, rate T) {
	for i, g := range dw {
		w[i] -= T(g * rate)
	}
}

// genericMomentum is Momentum's loop.
func genericMomentum[T Float](w, dw, v []T, rate, momentum T) {
	for i, g := range dw {
		v[i] = T(v[i]*momentum) - T(g*rate)
		w[i] += v[i]
	}
}

// genericNesterov is Momentum's loop in Nesterov's form.
func genericNesterov[T Float](w, dw, v []T, rate, momentum T) {
	for i, g := range dw {
		step := T(g * rate)
		v[i] = T(v[i]*momentum) - step
		w[i] += T(v[i]*momentum) - step
	}
}

// genericRMSprop is RMSprop's loop.
func genericRMSprop[T Float](w, dw, v, m, a []T, by RMS[T]) {
	for i, g := range dw {
		v[i] = T(v[i]*by.Rho) + T(T(g*g)*by.Decay)
		variance := v[i]
		if a != nil {
			a[i] = T(a[i]*by.Rho) + T(g*by.Decay)
			if variance -= T(a[i] * a[i]); variance <= 0 { // a NaN stays
				variance = 0
			}
		}
		step := T(g*by.Rate) / T(math.Sqrt(float64(variance+by.Eps)))
		if m != nil {
			m[i] = T(m[i]*by.Momentum) + step
			step = m[i]
		}
		w[i] -= step
	}
}
