package kernel

import "math"

// genericActivates are the functions' loops, each number in float64.
func genericActivates[T Float]() (loops [functions]func(y, x []T, p *limits[T])) {
	for f := range Function(functions) {
		value := plainFunctions[f].value
		loops[f] = func(y, x []T, p *limits[T]) {
			for i, v := range x {
				y[i] = T(value(float64(v), float64(p.slope)))
			}
		}
	}
	loops[Rectify] = genericRectify[T]
	return loops
}

// genericActivateGrads are those of the gradients.
func genericActivateGrads[T Float]() (loops [functions]func(dx, dy, x, y []T, p *limits[T])) {
	for f := range Function(functions) {
		derivative := plainFunctions[f].derivative
		loops[f] = func(dx, dy, x, y []T, p *limits[T]) {
			for i, d := range dy {
				dx[i] = T(float64(d) * derivative(float64(x[i]), float64(y[i]), float64(p.slope)))
			}
		}
	}
	loops[Rectify] = genericRectifyGrad[T]
	return loops
}

// genericRectify is Rectify's loop.
func genericRectify[T Float](y, x []T, p *limits[T]) {
	for i, v := range x {
		switch {
		case v <= p.threshold && p.slope == 0: // a NaN stays, so that a diverged run is seen
			v = 0
		case v <= p.threshold: // which may be above the maximum
			v = p.slope * (v - p.threshold)
		case v > p.max:
			v = p.max
		}
		y[i] = v
	}
}

// genericRectifyGrad is Rectify's gradient.
func genericRectifyGrad[T Float](dx, dy, x, _ []T, p *limits[T]) {
	for i, v := range x {
		d := dy[i]
		switch {
		case p.slope != 0 && v < p.below:
			d *= p.slope
		case !(v > p.threshold && v <= p.top):
			d = 0
		}
		dx[i] = d
	}
}

// plainFunction is a function of a number, whose ELU has a slope, and its derivative
// at x, where it is y.
type plainFunction struct {
	value      func(x, slope float64) float64
	derivative func(x, y, slope float64) float64
}

const (
	seluScale = 1.0507009873554804934193349852946
	seluSlope = 1.6732632423543772848170429916717
	geluScale = 0.797884560802865355879892119869 // √(2/π)
	geluCube  = 0.044715
)

var plainFunctions = [functions]plainFunction{
	ELU: {elu, eluSlope},
	SELU: {
		func(x, _ float64) float64 { return seluScale * elu(x, seluSlope) },
		func(x, y, _ float64) float64 {
			if y < 0 {
				return y + seluScale*seluSlope
			}
			return seluScale
		},
	},
	GELU: {
		func(x, _ float64) float64 { return x * normal(x) },
		func(x, _, _ float64) float64 {
			if x*x > 1e5 { // where the density is 0
				return normal(x)
			}
			return normal(x) + x*math.Exp(-x*x/2)*geluScale/2
		},
	},
	GELUTanh: {
		func(x, _ float64) float64 { return x * sigmoid(geluArgument(x)) },
		func(x, _, _ float64) float64 {
			x = min(max(-geluEnd, x), geluEnd)
			s := sigmoid(geluArgument(x))
			return s + x*s*sigmoid(-geluArgument(x))*2*geluScale*(1+3*geluCube*x*x)
		},
	},
	SiLU: {
		func(x, _ float64) float64 { return x * sigmoid(x) },
		func(x, _, _ float64) float64 {
			s := sigmoid(x)
			return s * (1 + min(max(-1e4, x), 1e4)*sigmoid(-x))
		},
	},
	Tanh:    {func(x, _ float64) float64 { return math.Tanh(x) }, func(_, y, _ float64) float64 { return 1 - y*y }},
	Sigmoid: {func(x, _ float64) float64 { return sigmoid(x) }, func(_, y, _ float64) float64 { return y * (1 - y) }},
	HardSigmoid: {
		func(x, _ float64) float64 { return hardSigmoid(x) },
		func(x, _, _ float64) float64 {
			if x > -3 && x < 3 {
				return 1.0 / 6
			}
			return 0
		},
	},
	HardSiLU: {
		func(x, _ float64) float64 { return x * hardSigmoid(x) },
		func(x, _, _ float64) float64 {
			if x > -3 && x < 3 {
				return x/3 + 0.5
			}
			return hardSigmoid(x)
		},
	},
	Softplus: {
		func(x, _ float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
		func(x, _, _ float64) float64 { return sigmoid(x) },
	},
	Softsign: {
		func(x, _ float64) float64 { return x / (1 + math.Abs(x)) },
		func(x, _, _ float64) float64 { return 1 / ((1 + math.Abs(x)) * (1 + math.Abs(x))) },
	},
	Mish: {
		func(x, _ float64) float64 { return x * math.Tanh(math.Max(x, 0)+math.Log1p(math.Exp(-math.Abs(x)))) },
		func(x, _, _ float64) float64 {
			x = min(max(-1e4, x), 1e4)
			t := math.Tanh(max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))))
			return t + x*(1-t*t)*sigmoid(x)
		},
	},
	Exponential: {func(x, _ float64) float64 { return math.Exp(x) }, func(_, y, _ float64) float64 { return y }},
}

func elu(x, slope float64) float64 {
	if x > 0 {
		return x
	}
	return slope * math.Expm1(x)
}

func eluSlope(x, y, slope float64) float64 {
	if x > 0 {
		return 1
	}
	return y + slope
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func hardSigmoid(x float64) float64 { return min(max(0, x+3), 6) / 6 }

// normal is the normal distribution's share below x.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// geluEnd is from where on GELUTanh is x or 0.
const geluEnd = 100

// geluArgument is that of GELUTanh's sigmoid.
func geluArgument(x float64) float64 {
	x = min(max(-geluEnd, x), geluEnd)
	return 2 * geluScale * (x + geluCube*x*x*x)
}
