package train

import (
	"math/rand/v2"
	"slices"
	"testing"

	"stheno/data"
	"stheno/graph/kernel"
)

// TestDecodeIsDatas: the trainer's decoding gives data.Decode's bits, for every
// byte and for rows that no vector divides.
func TestDecodeIsDatas(t *testing.T) {
	defer kernel.Use(kernel.Implementation())
	set := &data.Set{Height: 3, Width: 17, Channels: 1}
	for i := range 40 * 51 {
		set.Pixels = append(set.Pixels, uint8(i))
	}
	for i := range 40 {
		set.Labels = append(set.Labels, uint8(i))
	}
	for _, name := range kernel.Implementations() {
		if err := kernel.Use(name); err != nil {
			t.Fatal(err)
		}
		batch := set.Pick(rand.New(rand.NewPCG(1, 2)).Perm(40)...)
		got, want := make([]float32, 40*51), make([]float32, 40*51)
		labels, wantLabels := make([]int, 40), make([]int, 40)
		decodeRows(batch, got, labels)
		data.Decode(batch, want, wantLabels)
		if !slices.Equal(got, want) || !slices.Equal(labels, wantLabels) {
			t.Errorf("%s: not the numbers of data.Decode", name)
		}
	}
}
