package kernel

// Rescale moves and scales each channel of pixels x (P,C); the three have C numbers
// each:
//
//	for p := range P {
//		for c := range C {
//			y[p*C+c] = (x[p*C+c]-shift[c])*scale[c] + offset[c]
//		}
//	}
func Rescale[T Float](shift, scale, offset, x, y []T) {
	c := len(scale)
	check(c > 0 && len(shift) == c && len(offset) == c && len(x) == len(y) && len(x)%c == 0, "kernel: Rescale: slices do not match")
	spans(len(x)/c, max(1, 1<<13/c), func(from, to int) {
		x, y := x[from*c:to*c], y[from*c:to*c]
		if c == 1 {
			a, b, d := shift[0], scale[0], offset[0]
			for i, v := range x {
				y[i] = T((v-a)*b) + d
			}
			return
		}
		for ; len(x) > 0; x, y = x[c:], y[c:] {
			for i, v := range x[:c] {
				y[i] = T((v-shift[i])*scale[i]) + offset[i]
			}
		}
	})
}

// ScaleChannels multiplies the channels of each image's pixels, as SpatialDropout2D
// does with its mask: x (N,P,C), by (N,C).
//
//	for n := range N {
//		for p := range P {
//			for c := range C {
//				y[n,p,c] = x[n,p,c] * by[n,c]
//			}
//		}
//	}
func ScaleChannels[T Float](n, p, c int, x, by, y []T) {
	check(len(x) == n*p*c && len(y) == len(x) && len(by) == n*c, "kernel: ScaleChannels: slices do not match n, p, c")
	scale := of[T]().scale
	spans(n, max(1, 1<<13/(p*c)), func(from, to int) {
		for i := from; i < to; i++ {
			by := by[i*c : (i+1)*c]
			for at := i * p * c; at < (i+1)*p*c; at += c {
				scale(y[at:at+c], x[at:at+c], by)
			}
		}
	})
}
