package bench

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

// operations is how many floating-point operations a training step of m needs
// for a batch of n images, as the plain algorithm does it.
func operations(m *nets.Model, n int) float64 {
	_, step, err := m.FLOPs()
	if err != nil {
		panic(err) // of MLP and CNN there is none
	}
	return float64(n) * float64(step)
}

// attainable is how many floating-point operations of a training step no dense
// algorithm of ours can save, at batch 128: the step's time on a machine that does
// nothing but these is what its own time is held against. Zeros that are skipped
// are counted, as if they had been multiplied.
//
// The MLP's are the plain algorithm's. The CNN's are 28 ms of a machine that does
// 225 GFLOP/s, of which 25.6 ms are products: 36 for each tile of 4 x 4 outputs
// in place of 144, in each of the second convolution's three passes (2.04 GFLOP),
// the dense layers' (3.62), the first convolution's two (0.10). The rest are
// Winograd's transforms, and Adam, which waits for memory.
func attainable(m *nets.Model) float64 {
	if m.Name == "cnn" {
		return 28e-3 * 225e9
	}
	return operations(m, batch)
}

func TestOperations(t *testing.T) {
	// MLP: 784·512 + 512·10 = 406,528, the first of them 401,408.
	// CNN: 26·26·9·32 + 24·24·9·32·64 + 36864·128 + 128·10 = 15,531,392, the first 194,688.
	for _, c := range []struct {
		network func([3]int, int) nets.Network
		want    float64
	}{
		{nets.MLP, 256 * (3*406_528 - 401_408)},    // 209.5 million
		{nets.CNN, 256 * (3*15_531_392 - 194_688)}, // 11.88 thousand million
	} {
		m, err := nets.New(c.network([3]int{28, 28, 1}, 10), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if got := operations(m, 128); got != c.want {
			t.Errorf("%s: %.0f operations, expected %.0f", m.Name, got, c.want)
		}
	}
}
