package nets

import (
	"math"
	"math/rand/v2"
)

// Fans are how many inputs reach an output of a layer, and how many outputs an
// input reaches; a convolution counts its kernel's area in.
type Fans struct{ In, Out int }

// Initializer draws one initial weight.
type Initializer func(rng *rand.Rand, fans Fans) float64

func (i Initializer) or(other Initializer) Initializer {
	if i == nil {
		return other
	}
	return i
}

// Zeros is the initializer of biases; it draws nothing.
func Zeros(*rand.Rand, Fans) float64 { return 0 }

// GlorotUniform draws from ±sqrt(6 / (in + out)), Keras's default (Glorot and
// Bengio, 2010).
func GlorotUniform(rng *rand.Rand, f Fans) float64 {
	return (float64(2*rng.Float64()) - 1) * math.Sqrt(6/float64(f.In+f.Out))
}

// HeUniform draws from ±sqrt(6 / in) (He et al., 2015).
func HeUniform(rng *rand.Rand, f Fans) float64 {
	return (float64(2*rng.Float64()) - 1) * math.Sqrt(6/float64(f.In))
}

// HeNormal draws from a normal distribution with deviation sqrt(2 / in), cut
// off at two deviations and widened so that the deviation stays, as Keras does
// (He et al., 2015).
func HeNormal(rng *rand.Rand, f Fans) float64 {
	const cutDeviation = 0.87962566103423978 // of a normal cut off at ±2
	z := rng.NormFloat64()
	for math.Abs(z) > 2 {
		z = rng.NormFloat64()
	}
	return z / cutDeviation * math.Sqrt(2/float64(f.In))
}
