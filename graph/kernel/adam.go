package kernel

// Adam updates weights w by their gradient dw as Keras does, with the moments
// m and v; alpha is the step size with both bias corrections in it, and eps is
// the epsilon-hat of Kingma and Ba's section 2, beside the uncorrected v:
//
//	for i := range w {
//		m[i] += (dw[i] - m[i]) * (1 - beta1)
//		v[i] += (dw[i]*dw[i] - v[i]) * (1 - beta2)
//		w[i] -= m[i] * alpha / (sqrt(v[i]) + eps)
//	}
func Adam[T Float](w, dw, m, v []T, alpha, beta1, beta2, eps T) {
	check(len(w) == len(dw) && len(w) == len(m) && len(w) == len(v), "kernel: Adam: slices differ in length")
	loop := of[T]().adam
	spans(len(w), 1<<14, func(from, to int) {
		loop(w[from:to], dw[from:to], m[from:to], v[from:to], alpha, beta1, beta2, eps)
	})
}
