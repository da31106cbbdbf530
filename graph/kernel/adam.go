package kernel

// Adam updates weights w by their gradient dw as Keras does, with the moments
// m and v. alpha is the step size with both bias corrections in it, decay1 and
// decay2 are 1 - beta, which must be taken in float64 (1 - float32(0.999) is off
// by 1e-5), and eps is the epsilon-hat of Kingma and Ba's section 2, beside the
// uncorrected v:
//
//	for i := range w {
//		m[i] += (dw[i] - m[i]) * decay1
//		v[i] += (dw[i]*dw[i] - v[i]) * decay2
//		w[i] = w[i]*keep - m[i] * alpha / (sqrt(v[i]) + eps)
//	}
//
// keep is 1, or less for AdamW, whose weights decay by a part at each step.
func Adam[T Float](w, dw, m, v []T, alpha, decay1, decay2, eps, keep T) {
	check(len(w) == len(dw) && len(w) == len(m) && len(w) == len(v), "kernel: Adam: slices differ in length")
	loop := of[T]().adam
	spans(len(w), 1<<14, func(from, to int) {
		decay(w[from:to], keep)
		loop(w[from:to], dw[from:to], m[from:to], v[from:to], alpha, decay1, decay2, eps)
	})
}
