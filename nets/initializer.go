package nets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"

	"stheno/nets/keras"
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

// initializers are those that have a name, which is Keras's, beside Constant.
var initializers = map[string]Initializer{
	"GlorotUniform": GlorotUniform, "GlorotNormal": GlorotNormal, "HeUniform": HeUniform, "HeNormal": HeNormal,
	"LecunUniform": LecunUniform, "LecunNormal": LecunNormal, "Zeros": Zeros, "Ones": Ones,
}

// MarshalJSON writes one of this package's initializers as Keras's configs do, and
// nil as null. It refuses a function of one's own, which nobody could read.
func (i Initializer) MarshalJSON() ([]byte, error) {
	if i == nil {
		return []byte("null"), nil
	}
	if i.is(Constant(0)) {
		value := i(nil, Fans{})
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return nil, fmt.Errorf("an initializer of the constant %g, which a file cannot hold", value)
		}
		return keras.WriteInitializer("Constant", value), nil
	}
	for class, known := range initializers {
		if i.is(known) {
			return keras.WriteInitializer(class, 0), nil
		}
	}
	return nil, fmt.Errorf("an initializer of one's own has no name: take one of %s", strings.Join(keras.Initializers, ", "))
}

// is says whether two initializers have the same code: functions cannot be compared.
func (i Initializer) is(other Initializer) bool {
	return reflect.ValueOf(i).Pointer() == reflect.ValueOf(other).Pointer()
}

// UnmarshalJSON reads what MarshalJSON writes, or Keras's config of the same
// initializer.
func (i *Initializer) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*i = nil
		return nil
	}
	class, value, err := keras.ReadInitializer(text)
	if err != nil {
		return err
	}
	if class == "Constant" {
		*i = Constant(value)
		return nil
	}
	known, ok := initializers[class]
	if !ok {
		return fmt.Errorf("the initializer %s is not known", class)
	}
	*i = known
	return nil
}

// fansOf are those of a weight of a shape, as Keras counts them: a kernel has its inputs
// and its outputs in its last two axes, and its area in those before.
func fansOf(shape ...int) Fans {
	switch n := len(shape); n {
	case 0:
		return Fans{1, 1}
	case 1:
		return Fans{shape[0], shape[0]}
	default:
		area := product(shape[:n-2])
		return Fans{area * shape[n-2], area * shape[n-1]}
	}
}

// Zeros is the initializer of biases; it draws nothing.
func Zeros(*rand.Rand, Fans) float64 { return 0 }

// Ones is the initializer of what multiplies; it draws nothing.
func Ones(*rand.Rand, Fans) float64 { return 1 }

// Constant is the initializer that draws nothing and gives one value.
//
//go:noinline
func Constant(value float64) Initializer { // inlined, its function would be another one at each place
	return func(*rand.Rand, Fans) float64 { return value }
}

// GlorotUniform draws from ±sqrt(6 / (in + out)), Keras's default (Glorot and
// Bengio, 2010).
func GlorotUniform(rng *rand.Rand, f Fans) float64 { return uniform(rng, 6/float64(f.In+f.Out)) }

// GlorotNormal draws from a normal distribution of the variance 2 / (in + out), cut off
// as HeNormal's.
func GlorotNormal(rng *rand.Rand, f Fans) float64 { return normal(rng, 2/float64(f.In+f.Out)) }

// HeUniform draws from ±sqrt(6 / in) (He et al., 2015).
func HeUniform(rng *rand.Rand, f Fans) float64 { return uniform(rng, 6/float64(f.In)) }

// HeNormal draws from a normal distribution of the variance 2 / in, cut off at two
// deviations and widened so that the variance stays, as Keras does (He et al., 2015).
func HeNormal(rng *rand.Rand, f Fans) float64 { return normal(rng, 2/float64(f.In)) }

// LecunUniform draws from ±sqrt(3 / in) (LeCun et al., 1998).
func LecunUniform(rng *rand.Rand, f Fans) float64 { return uniform(rng, 3/float64(f.In)) }

// LecunNormal draws from a normal distribution of the variance 1 / in, cut off as
// HeNormal's.
func LecunNormal(rng *rand.Rand, f Fans) float64 { return normal(rng, 1/float64(f.In)) }

// uniform draws from ±sqrt(square).
func uniform(rng *rand.Rand, square float64) float64 {
	return (float64(2*rng.Float64()) - 1) * math.Sqrt(square)
}

// normal draws from a normal distribution that is cut off at two deviations, and has
// this variance all the same.
func normal(rng *rand.Rand, variance float64) float64 {
	const cutDeviation = 0.87962566103423978 // of a normal cut off at ±2
	z := rng.NormFloat64()
	for math.Abs(z) > 2 {
		z = rng.NormFloat64()
	}
	return z / cutDeviation * math.Sqrt(variance)
}
