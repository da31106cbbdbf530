package kernel

import "math"

// Function is one that a layer's numbers go through, one by one.
type Function int

// The functions, with the parameters of an [Activation] that they have. They, and
// their derivatives where these are not continuous, are those of Keras on TensorFlow.
const (
	Rectify     Function = iota // y = min(x, Max) above Threshold, Slope·(x-Threshold) below
	ELU                         // y = x above 0, Slope·(exp(x)-1) below
	SELU                        // y = 1.0507·ELU, of slope 1.6733 (Klambauer et al., 2017)
	GELU                        // y = x·Φ(x), of the normal distribution's Φ (Hendrycks and Gimpel, 2016)
	GELUTanh                    // y = x·(1+tanh(√(2/π)·(x+0.044715·x³)))/2, which is near GELU
	SiLU                        // y = x/(1+exp(-x))
	Tanh                        // y = tanh(x)
	Sigmoid                     // y = 1/(1+exp(-x))
	HardSigmoid                 // y = min(max(0, x+3), 6)/6
	HardSiLU                    // y = x·HardSigmoid
	Softplus                    // y = log(1+exp(x))
	Softsign                    // y = x/(1+|x|)
	Mish                        // y = x·tanh(log(1+exp(x))) (Misra, 2019)
	Exponential                 // y = exp(x)
	functions   = iota
)

func (f Function) String() string {
	if f < 0 || f >= functions {
		return "no function"
	}
	return [functions]string{"Rectify", "ELU", "SELU", "GELU", "GELUTanh", "SiLU", "Tanh", "Sigmoid", "HardSigmoid", "HardSiLU", "Softplus", "Softsign", "Mish", "Exponential"}[f]
}

// Known says whether there is such a function.
func (f Function) Known() bool { return f >= 0 && f < functions }

// Activation is a function with its parameters.
type Activation struct {
	Function  Function
	Slope     float64 // of Rectify and ELU
	Threshold float64 // of Rectify; 0 or more
	Max       float64 // of Rectify; 0 is none
}

// Activate applies a function to each number:
//
//	for i := range y {
//		y[i] = a(x[i])
//	}
//
// A NaN stays. What an element becomes depends on nothing but itself, not on its
// place either.
func Activate[T Float](a Activation, y, x []T) {
	check(len(y) == len(x), "kernel: Activate: slices differ in length")
	p, loop := limitsOf[T](a), of[T]().activate[a.Function]
	spans(len(y), 1<<12, func(from, to int) { loop(y[from:to], x[from:to], &p) })
}

// ActivateGrad is the gradient of Activate, from x and the y that came of it:
//
//	for i := range dx {
//		dx[i] = dy[i] * a'(x[i])
//	}
func ActivateGrad[T Float](a Activation, dx, dy, x, y []T) {
	check(len(dx) == len(dy) && len(dx) == len(x) && len(dx) == len(y), "kernel: ActivateGrad: slices differ in length")
	p, loop := limitsOf[T](a), of[T]().activateGrad[a.Function]
	spans(len(dx), 1<<12, func(from, to int) { loop(dx[from:to], dy[from:to], x[from:to], y[from:to], &p) })
}

// limits are an activation's parameters as its loops compare with them. Its assembly
// reads the fields by their order.
type limits[T Float] struct {
	slope, threshold, max T
	below, top            T // the derivative is the slope below, 1 from the threshold to the top
}

// limitsOf is where Keras's derivatives differ at ends: at the threshold it is 0 but
// for a rectifier that is nothing but leaky, where it is the slope; at the maximum
// it is 1 but for that of 6, which has an op of its own in TensorFlow.
func limitsOf[T Float](a Activation) limits[T] {
	p := limits[T]{slope: T(a.Slope), threshold: T(a.Threshold), max: T(a.Max)}
	if a.Max == 0 {
		p.max = T(math.Inf(1))
	}
	p.below, p.top = p.threshold, p.max
	if a.Threshold == 0 && a.Max == 0 {
		p.below = least[T]()
	}
	if a.Threshold == 0 && a.Max == 6 {
		p.top = below(p.top)
	}
	return p
}

// least is the smallest number above 0.
func least[T Float]() T {
	if v := T(math.SmallestNonzeroFloat64); v > 0 {
		return v
	}
	small := float64(math.SmallestNonzeroFloat32)
	return T(small)
}

// below is the next number below x, above 0.
func below[T Float](x T) T {
	if x, ok := any(x).(float32); ok {
		return T(math.Nextafter32(x, 0))
	}
	return T(math.Nextafter(float64(x), 0))
}
