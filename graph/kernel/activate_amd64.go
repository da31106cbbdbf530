//go:build !purego

package kernel

// activations are the loops of an instruction set's functions, over whole vectors, and of
// their gradients.
type activations struct {
	values    [functions]func(n int, x, y, p *float32)
	gradients [functions]func(n int, dx, dy, x, y, p *float32)
}

// activateLanes is how many numbers a vector of theirs has.
const activateLanes = 8

var activationsAVX2 = activations{
	[functions]func(n int, x, y, p *float32){
		rectifyAVX2, eluAVX2, seluAVX2, geluAVX2, geluTanhAVX2, siluAVX2, tanhAVX2, sigmoidAVX2, hardSigmoidAVX2, hardSiLUAVX2, softplusAVX2, softsignAVX2, mishAVX2, exponentialAVX2,
	},
	[functions]func(n int, dx, dy, x, y, p *float32){
		rectifyGradAVX2, eluGradAVX2, seluGradAVX2, geluGradAVX2, geluTanhGradAVX2, siluGradAVX2, tanhGradAVX2, sigmoidGradAVX2, hardSigmoidGradAVX2, hardSiLUGradAVX2, softplusGradAVX2, softsignGradAVX2, mishGradAVX2, exponentialGradAVX2,
	},
}

// activate are the functions' loops for any number of elements. What is left over goes
// through a vector that is filled up: an element has the same bits in any place.
func (a *activations) activate() (loops [functions]func(y, x []float32, p *limits[float32])) {
	for f, loop := range a.values {
		loops[f] = func(y, x []float32, p *limits[float32]) {
			n := len(x) &^ (activateLanes - 1)
			if n > 0 {
				loop(n, &x[0], &y[0], &p.slope)
			}
			if n < len(x) {
				var in, out [activateLanes]float32
				copy(in[:], x[n:])
				loop(activateLanes, &in[0], &out[0], &p.slope)
				copy(y[n:], out[:])
			}
		}
	}
	return loops
}

// activateGrad are those of the gradients.
func (a *activations) activateGrad() (loops [functions]func(dx, dy, x, y []float32, p *limits[float32])) {
	for f, loop := range a.gradients {
		loops[f] = func(dx, dy, x, y []float32, p *limits[float32]) {
			n := len(x) &^ (activateLanes - 1)
			if n > 0 {
				loop(n, &dx[0], &dy[0], &x[0], &y[0], &p.slope)
			}
			if n < len(x) {
				var out, d, xs, ys [activateLanes]float32
				copy(d[:], dy[n:])
				copy(xs[:], x[n:])
				copy(ys[:], y[n:])
				loop(activateLanes, &out[0], &d[0], &xs[0], &ys[0], &p.slope)
				copy(dx[n:], out[:])
			}
		}
	}
	return loops
}
