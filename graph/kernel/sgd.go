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
	update(w, keep, func(from, to int) { loop(w[from:to], dw[from:to], rate) })
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
	update(w, keep, func(from, to int) { loop(w[from:to], dw[from:to], v[from:to], rate, momentum) })
}

// update runs an optimizer's loop over blocks of the weights w, of which it first
// leaves the part keep.
func update[T Float](w []T, keep T, loop func(from, to int)) {
	times := of[T]().times
	spans(len(w), 1<<14, func(from, to int) {
		if keep != 1 { // what it touches stays in the cache for the loop
			times(w[from:to], w[from:to], keep)
		}
		loop(from, to)
	})
}
