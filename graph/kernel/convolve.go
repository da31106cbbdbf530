package kernel

// Conv is the shape of a convolution with stride 1 and no padding: N images of
// H x W pixels in C channels, F filters of KH x KW pixels.
type Conv struct{ N, H, W, C, KH, KW, F int }

// Out is the size of an output image in pixels.
func (s Conv) Out() (oh, ow int) { return s.H - s.KH + 1, s.W - s.KW + 1 }

// patch is how many numbers a filter looks at.
func (s Conv) patch() int { return s.KH * s.KW * s.C }

// sizes are the lengths of the input, the kernel and the output.
func (s Conv) sizes() (x, w, y int) {
	oh, ow := s.Out()
	return s.N * s.H * s.W * s.C, s.patch() * s.F, s.N * oh * ow * s.F
}

func (s Conv) check(x, w, y int, bug string) {
	nx, nw, ny := s.sizes()
	check(x == nx && w == nw && y == ny, bug)
}

// Convolve correlates x (N,H,W,C) with w (KH,KW,C,F), which is what deep
// learning calls a convolution, into y (N,OH,OW,F), adds the bias b (F) and
// rectifies if asked to:
//
//	for n, i, j, f := range y {
//		y[n,i,j,f] = b[f]
//		for u, v, c := range w {
//			y[n,i,j,f] += x[n,i+u,j+v,c] * w[u,v,c,f]
//		}
//		if relu {
//			y[n,i,j,f] = max(0, y[n,i,j,f])
//		}
//	}
func Convolve[T Float](s Conv, x, w, b, y []T, relu bool) {
	s.check(len(x), len(w), len(y), "kernel: Convolve: slices do not match the shape")
	of[T]().convolve(s, x, w, y)
	BiasReLU(len(y)/s.F, s.F, y, b, relu)
}

// ConvolveGradInput is the gradient of Convolve by its input, from the
// gradient dz of its output before bias and ReLU:
//
//	for n, i, j, f := range dz {
//		for u, v, c := range w {
//			dx[n,i+u,j+v,c] += dz[n,i,j,f] * w[u,v,c,f] // dx starts at 0
//		}
//	}
func ConvolveGradInput[T Float](s Conv, dz, w, dx []T) {
	s.check(len(dx), len(w), len(dz), "kernel: ConvolveGradInput: slices do not match the shape")
	of[T]().convolveGradInput(s, dz, w, dx)
}

// ConvolveGradKernel is the gradient of Convolve by its kernel:
//
//	for n, i, j, f := range dz {
//		for u, v, c := range dw {
//			dw[u,v,c,f] += x[n,i+u,j+v,c] * dz[n,i,j,f] // dw starts at 0
//		}
//	}
func ConvolveGradKernel[T Float](s Conv, x, dz, dw []T) {
	s.check(len(x), len(dw), len(dz), "kernel: ConvolveGradKernel: slices do not match the shape")
	of[T]().convolveGradKernel(s, x, dz, dw)
}
