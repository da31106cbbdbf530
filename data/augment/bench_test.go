package augment

import (
	"math/rand/v2"
	"testing"
)

// digitLike is an image of MNIST's size with its share of ink.
func digitLike() []uint8 {
	pixels, rng := make([]uint8, 28*28), rand.New(rand.NewPCG(1, 2))
	for y := 4; y < 24; y++ {
		for x := 9; x < 18; x++ {
			pixels[y*28+x] = uint8(rng.IntN(256))
		}
	}
	return pixels
}

func BenchmarkDistort(b *testing.B) {
	for _, spec := range []string{"none", "affine", "elastic", "affine+elastic"} {
		b.Run("spec="+spec, func(b *testing.B) {
			s, err := Parse(spec)
			if err != nil {
				b.Fatal(err)
			}
			a, pixels, dst := New(s, [3]int{28, 28, 1}), digitLike(), make([]float32, 28*28)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a.Distort(dst, pixels, Key{Row: i})
			}
		})
	}
}
