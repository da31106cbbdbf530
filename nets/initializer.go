package nets

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"

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

// initializers are those that have a name, which is Keras's.
var initializers = map[string]Initializer{"GlorotUniform": GlorotUniform, "HeUniform": HeUniform, "HeNormal": HeNormal, "Zeros": Zeros, "Ones": Ones}

// MarshalJSON writes one of this package's initializers as Keras's configs do, and
// nil as null. It refuses a function of one's own, which nobody could read.
func (i Initializer) MarshalJSON() ([]byte, error) {
	if i == nil {
		return []byte("null"), nil
	}
	for class, known := range initializers {
		if reflect.ValueOf(i).Pointer() == reflect.ValueOf(known).Pointer() { // functions cannot be compared
			return keras.WriteInitializer(class), nil
		}
	}
	return nil, errors.New("an initializer of one's own has no name: take GlorotUniform, HeUniform, HeNormal, Zeros or Ones")
}

// UnmarshalJSON reads what MarshalJSON writes, or Keras's config of the same
// initializer.
func (i *Initializer) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*i = nil
		return nil
	}
	class, err := keras.ReadInitializer(text)
	if err != nil {
		return err
	}
	known, ok := initializers[class]
	if !ok {
		return fmt.Errorf("the initializer %s is not known", class)
	}
	*i = known
	return nil
}

// Zeros is the initializer of biases; it draws nothing.
func Zeros(*rand.Rand, Fans) float64 { return 0 }

// Ones is the initializer of what multiplies; it draws nothing.
func Ones(*rand.Rand, Fans) float64 { return 1 }

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
