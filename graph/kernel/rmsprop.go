package kernel

// RMS are the numbers of a step of RMSprop. Decay is 1 - Rho, which must be taken
// in float64; Keep is SGD's.
type RMS[T Float] struct{ Rate, Rho, Decay, Momentum, Eps, Keep T }

// RMSprop moves weights w against their gradient dw, divided by the root of the
// running mean v of its square, as Keras does:
//
//	for i := range w {
//		v[i] = v[i]*Rho + dw[i]*dw[i]*Decay
//		w[i] = w[i]*Keep - dw[i]*Rate / sqrt(v[i]+Eps)
//	}
//
// Two more slices change that where they are not nil. In place of v[i] in the
// root a takes the variance, which rounding must not make negative; m is what is
// taken away, and keeps a part of it for the steps to come:
//
//	a[i] = a[i]*Rho + dw[i]*Decay
//	variance := max(0, v[i] - a[i]*a[i])
//	m[i] = m[i]*Momentum + dw[i]*Rate / sqrt(variance+Eps)
//	w[i] = w[i]*Keep - m[i]
func RMSprop[T Float](w, dw, v, m, a []T, by RMS[T]) {
	fits := func(s []T) bool { return s == nil || len(s) == len(w) }
	check(len(w) == len(dw) && len(w) == len(v) && fits(m) && fits(a), "kernel: RMSprop: slices differ in length")
	loop := of[T]().rmsprop
	spans(len(w), 1<<14, func(from, to int) {
		decay(w[from:to], by.Keep)
		loop(w[from:to], dw[from:to], v[from:to], stretch(m, from, to), stretch(a, from, to), by)
	})
}

// stretch is s[from:to], or nil of a nil slice.
func stretch[T Float](s []T, from, to int) []T {
	if s == nil {
		return nil
	}
	return s[from:to]
}
