package bench

import (
	"fmt"
	"testing"

	"stheno/nets"
)

// operations is how many floating-point operations a training step of net
// needs for a batch of n images, as the plain algorithm does it:
//
//	2 · n · (3 · sum of M - M of the first layer that has weights)
//
// M is a layer's multiply-adds an image, I·O for Dense and OH·OW·K·K·C·F for
// Conv2D, and each is two operations. It takes them three times, for the
// outputs, the weights' gradient and the inputs' gradient, of which the first
// layer needs none. Bias, ReLU, loss and Adam are left out: below 1 %.
func operations(net nets.Network, n int) float64 {
	h, w, c := net.Input[0], net.Input[1], net.Input[2] // what reaches the layer
	sum, first := 0, 0
	for _, layer := range net.Layers {
		m := 0
		switch l := layer.(type) {
		case nets.Conv2D:
			h, w = h-l.Side+1, w-l.Side+1
			m = h * w * l.Side * l.Side * c * l.Filters
			c = l.Filters
		case nets.Dense:
			m = h * w * c * l.Units
			h, w, c = 1, 1, l.Units
		case nets.Flatten, nets.Dropout:
		default:
			panic(fmt.Sprintf("bench: no formula for a %T", l))
		}
		if sum == 0 {
			first = m
		}
		sum += m
	}
	return 2 * float64(n) * float64(3*sum-first)
}

// attainable is how many floating-point operations of a training step no algorithm
// of ours can save, at batch 128: the step's time on a machine that does nothing
// but these is what its own time is held against.
//
// The MLP's are the plain algorithm's. The CNN's are 28 ms of a machine that does
// 225 GFLOP/s, of which 25.6 ms are products: 36 for each tile of 4 x 4 outputs
// in place of 144, in each of the second convolution's three passes (2.04 GFLOP),
// the dense layers' (3.62), the first convolution's two (0.10). The rest are
// Winograd's transforms, and Adam, which waits for memory.
func attainable(net nets.Network) float64 {
	if net.Name == "cnn" {
		return 28e-3 * 225e9
	}
	return operations(net, batch)
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
		net := c.network([3]int{28, 28, 1}, 10)
		if got := operations(net, 128); got != c.want {
			t.Errorf("%s: %.0f operations, expected %.0f", net.Name, got, c.want)
		}
	}
}
