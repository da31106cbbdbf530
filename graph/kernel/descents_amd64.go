//go:build !purego

package kernel

// descents are the loops of the optimizers beside Adam. They do the operations
// of the generic loops, none of them fused: they wait for memory.
type descents struct {
	sgdLoop      func(n int, w, dw *float32, rate float32)
	momentumLoop func(n int, w, dw, v *float32, rate, momentum float32)
	nesterovLoop func(n int, w, dw, v *float32, rate, momentum float32)
	rmspropLoops [2][2]rmspropLoop // by whether there is an a, and an m
}

type rmspropLoop = func(n int, w, dw, v, m, a *float32, rate, rho, decay, momentum, eps float32)

var descentsAVX2 = descents{sgdAVX2, momentumAVX2, nesterovAVX2, [2][2]rmspropLoop{
	{rmspropAVX2, rmspropMomentumAVX2}, {rmspropCenteredAVX2, rmspropCenteredMomentumAVX2},
}}

var descentsAVX512 = descents{sgdAVX512, momentumAVX512, nesterovAVX512, [2][2]rmspropLoop{
	{rmspropAVX512, rmspropMomentumAVX512}, {rmspropCenteredAVX512, rmspropCenteredMomentumAVX512},
}}

func (v *vectors) sgd(w, dw []float32, rate float32) {
	n := v.whole(len(w))
	if n > 0 {
		v.sgdLoop(n, &w[0], &dw[0], rate)
	}
	genericSGD(w[n:], dw[n:], rate)
}

func (v *vectors) momentum(w, dw, velocity []float32, rate, momentum float32) {
	n := v.whole(len(w))
	if n > 0 {
		v.momentumLoop(n, &w[0], &dw[0], &velocity[0], rate, momentum)
	}
	genericMomentum(w[n:], dw[n:], velocity[n:], rate, momentum)
}

func (v *vectors) nesterov(w, dw, velocity []float32, rate, momentum float32) {
	n := v.whole(len(w))
	if n > 0 {
		v.nesterovLoop(n, &w[0], &dw[0], &velocity[0], rate, momentum)
	}
	genericNesterov(w[n:], dw[n:], velocity[n:], rate, momentum)
}

func (v *vectors) rmsprop(w, dw, second, m, a []float32, by RMS[float32]) {
	n := v.whole(len(w))
	if n > 0 {
		toM, withM := begins(m)
		toA, withA := begins(a)
		v.rmspropLoops[withA][withM](n, &w[0], &dw[0], &second[0], toM, toA, by.Rate, by.Rho, by.Decay, by.Momentum, by.Eps)
	}
	genericRMSprop(w[n:], dw[n:], second[n:], stretch(m, n, len(m)), stretch(a, n, len(a)), by)
}

// begins is where s begins, and 1; nothing and 0 of a nil slice.
func begins(s []float32) (*float32, int) {
	if s == nil {
		return nil, 0
	}
	return &s[0], 1
}
