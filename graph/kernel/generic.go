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
				sum += a[i*ai+l*al] * b[l*bl+j*bj]
			}
			c[i*n+j] = sum
		}
	}
}

// genericConvolve is Convolve's loop without bias and ReLU.
func genericConvolve[T Float](s Conv, x, w, y []T) {
	oh, ow := s.Out()
	for p := range s.N * oh * ow {
		n, i, j := p/(oh*ow), p/ow%oh, p%ow
		out := y[p*s.F : (p+1)*s.F]
		clear(out)
		for t := range s.KH * s.KW * s.C {
			u, v, c := t/(s.KW*s.C), t/s.C%s.KW, t%s.C
			xt := x[((n*s.H+i+u)*s.W+j+v)*s.C+c]
			for f, wf := range w[t*s.F : (t+1)*s.F] {
				out[f] += xt * wf
			}
		}
	}
}

// genericConvolveGradInput is ConvolveGradInput's loop.
func genericConvolveGradInput[T Float](s Conv, dz, w, dx []T) {
	oh, ow := s.Out()
	clear(dx)
	for p := range s.N * oh * ow {
		n, i, j := p/(oh*ow), p/ow%oh, p%ow
		d := dz[p*s.F : (p+1)*s.F]
		for t := range s.KH * s.KW * s.C {
			u, v, c := t/(s.KW*s.C), t/s.C%s.KW, t%s.C
			var sum T
			for f, wf := range w[t*s.F : (t+1)*s.F] {
				sum += d[f] * wf
			}
			dx[((n*s.H+i+u)*s.W+j+v)*s.C+c] += sum
		}
	}
}

// genericConvolveGradKernel is ConvolveGradKernel's loop.
func genericConvolveGradKernel[T Float](s Conv, x, dz, dw []T) {
	oh, ow := s.Out()
	clear(dw)
	for p := range s.N * oh * ow {
		n, i, j := p/(oh*ow), p/ow%oh, p%ow
		d := dz[p*s.F : (p+1)*s.F]
		for t := range s.KH * s.KW * s.C {
			u, v, c := t/(s.KW*s.C), t/s.C%s.KW, t%s.C
			xt := x[((n*s.H+i+u)*s.W+j+v)*s.C+c]
			row := dw[t*s.F : (t+1)*s.F]
			for f := range row {
				row[f] += xt * d[f]
			}
		}
	}
}

// genericAdd is y[i] += x[i].
func genericAdd[T Float](y, x []T) {
	for i, v := range x {
		y[i] += v
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
		m[i] += (g - m[i]) * decay1
		v[i] += (g*g - v[i]) * decay2
		w[i] -= m[i] * alpha / (T(math.Sqrt(float64(v[i]))) + eps)
	}
}
