package nets_test

import (
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
)

func TestNamed(t *testing.T) {
	for _, name := range []string{"mlp", "cnn"} {
		net, err := nets.Named(name, [3]int{28, 28, 1}, 10)
		if err != nil || net.Name != name {
			t.Errorf("%s: %q, %v", name, net.Name, err)
		}
	}
	if _, err := nets.Named("rnn", [3]int{28, 28, 1}, 10); err == nil || !strings.Contains(err.Error(), `"rnn" is not known; there are cnn, mlp`) {
		t.Errorf("rnn: %v", err)
	}
}

// TestFLOPs holds the formula against sums done by hand.
func TestFLOPs(t *testing.T) {
	for _, c := range []struct {
		net           nets.Network
		forward, step int
	}{
		// 784·512 + 512·10 = 406,528, the first of them 401,408.
		{nets.MLP([3]int{28, 28, 1}, 10), 2 * 406_528, 2 * (3*406_528 - 401_408)},
		// 26·26·9·32 + 24·24·9·32·64 + 36864·128 + 128·10 = 15,531,392, the first 194,688.
		{nets.CNN([3]int{28, 28, 1}, 10), 2 * 15_531_392, 2 * (3*15_531_392 - 194_688)},
	} {
		forward, step := newModel(t, c.net, tensor.Float32).FLOPs()
		if forward != c.forward || step != c.step {
			t.Errorf("%s: %d and %d, expected %d and %d", c.net.Name, forward, step, c.forward, c.step)
		}
	}
}
