package kernel

// SGD moves weights w against their gradient dw:
//
//	for i := range w {
//		w[i] = w[i]*keep - dw[i]*rate
//	}
//
// keep is 1, or less for weights that decay by a part at each step.
func SGD[T Float](w, dw []T, rate, keep T) {
	check(len(w) == len(dw), "kernel: SGD: slices differ in length")
	loop := of[T]().sgd
	spans(len(w), 1<<14, func(from, to int) {
		decay(w[from:to], keep)
		loop(w[from:to], dw[from:to], rate)
	})
}

// Momentum moves weights w by their velocity v, which the gradient dw changes:
//
//	for i := range w {
//		v[i] = v[i]*momentum - dw[i]*rate
//		w[i] = w[i]*keep + v[i]
//	}
//
// Nesterov's form moves them by what the next step's velocity would be, were the
// gradient the same:
//
//	for i := range w {
//		v[i] = v[i]*momentum - dw[i]*rate
//		w[i] = w[i]*keep + (v[i]*momentum - dw[i]*rate)
//	}
//
// keep is SGD's.
func Momentum[T Float](w, dw, v []T, rate, momentum, keep T, nesterov bool) {
	check(len(w) == len(dw) && len(w) == len(v), "kernel: Momentum: slices differ in length")
	loop := of[T]().momentum
	if nesterov {
		loop = of[T]().nesterov
	}
	spans(len(w), 1<<14, func(from, to int) {
		decay(w[from:to], keep)
		loop(w[from:to], dw[from:to], v[from:to], rate, momentum)
	})
}

// decay leaves the part keep of the weights w. What it touches stays in the cache
// for the update's loop.
func decay[T Float](w []T, keep T) {
	if keep != 1 {
		of[T]().times(w, w, keep)
	}
}
