//go:build !purego

package kernel

// vectors are the elementwise kernels of an instruction set. Their assembly
// takes whole vectors; what is left over goes through the generic loops.
type vectors struct {
	lanes     int // floats in a vector
	addLoop   func(n int, x, y *float32)
	scaleLoop func(n int, x, by, y *float32)
	biasLoop  func(n int, b, y *float32)
	reluLoop  func(n int, dz, dy, y *float32)
	adamLoop  func(n int, w, dw, m, v *float32, alpha, decay1, decay2, eps float32)
	descents
	decodeLoop func(n int, x *uint8, y *float32, by float32)
	timesLoop  func(n int, x, y *float32, by float32)
	blendLoop  func(n int, x, y *float32, part float32)
}

// whole is how many of n elements fill whole vectors.
func (v *vectors) whole(n int) int { return n &^ (v.lanes - 1) }

func (v *vectors) add(y, x []float32) {
	n := v.whole(len(y))
	if n > 0 {
		v.addLoop(n, &x[0], &y[0])
	}
	genericAdd(y[n:], x[n:])
}

func (v *vectors) scale(y, x, by []float32) {
	n := v.whole(len(y))
	if n > 0 {
		v.scaleLoop(n, &x[0], &by[0], &y[0])
	}
	genericScale(y[n:], x[n:], by[n:])
}

func (v *vectors) biasReLU(y, b []float32) {
	n := v.whole(len(y))
	if n > 0 {
		v.biasLoop(n, &b[0], &y[0])
	}
	genericBiasReLU(y[n:], b[n:])
}

func (v *vectors) reluGrad(dz, dy, y []float32) {
	n := v.whole(len(y))
	if n > 0 {
		v.reluLoop(n, &dz[0], &dy[0], &y[0])
	}
	genericReLUGrad(dz[n:], dy[n:], y[n:])
}

func (v *vectors) adam(w, dw, m, second []float32, alpha, decay1, decay2, eps float32) {
	n := v.whole(len(w))
	if n > 0 {
		v.adamLoop(n, &w[0], &dw[0], &m[0], &second[0], alpha, decay1, decay2, eps)
	}
	genericAdam(w[n:], dw[n:], m[n:], second[n:], alpha, decay1, decay2, eps)
}

func (v *vectors) decode(x []uint8, y []float32) {
	n := v.whole(len(x))
	if n > 0 {
		v.decodeLoop(n, &x[0], &y[0], 255)
	}
	genericDecode(x[n:], y[n:])
}

func (v *vectors) times(y, x []float32, by float32) {
	n := v.whole(len(y))
	if n > 0 {
		v.timesLoop(n, &x[0], &y[0], by)
	}
	genericTimes(y[n:], x[n:], by)
}

func (v *vectors) blend(y, x []float32, part float32) {
	n := v.whole(len(y))
	if n > 0 {
		v.blendLoop(n, &x[0], &y[0], part)
	}
	genericBlend(y[n:], x[n:], part)
}
