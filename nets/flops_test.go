package nets_test

import (
	"errors"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
)

func flops(t *testing.T, m *nets.Model) (forward, step int) {
	t.Helper()
	forward, step, err := m.FLOPs()
	if err != nil {
		t.Fatal(err)
	}
	return forward, step
}

// gain is a layer of one's own: x · gain, one for each channel or unit. It does not
// say its FLOPs.
type gain struct{}

func (gain) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	last := x.Dims() - 1
	shape := make([]int, last+1)
	for i := range shape {
		shape[i] = 1
	}
	shape[last] = x.Shape()[last]
	axes := make([]byte, last)
	for i := range axes {
		axes[i] = byte(i)
	}
	return gorgonia.BroadcastHadamardProd(x, b.Weight("gain", nets.HeUniform, nets.Fans{In: 1}, shape...), nil, axes)
}

// countedGain does.
type countedGain struct{ gain }

func (countedGain) FLOPs(in, out []int) nets.Operations {
	n := tensor.Shape(out).TotalSize()
	return nets.Operations{Forward: n, Weights: 2 * n, Inputs: 3 * n}
}

// twins are two Dense layers that read the same, added.
type twins struct{ Units int }

func (l twins) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	one, err := b.Layer("", nets.Dense{Units: l.Units}, x)
	if err != nil {
		return nil, err
	}
	two, err := b.Layer("", nets.Dense{Units: l.Units}, x)
	if err != nil {
		return nil, err
	}
	return gorgonia.Add(one, two)
}

func (l twins) FLOPs(_, out []int) nets.Operations { return nets.Operations{Forward: l.Units} }

// jitter adds mathematics in training alone.
type jitter struct{}

func (jitter) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if b.Phase == nets.Training {
		return gorgonia.Square(x)
	}
	return x, nil
}

// twice embeds a layer, and does more than it.
type twice struct{ nets.Dense }

func (l twice) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := l.Dense.Build(b, x)
	if err != nil {
		return nil, err
	}
	return gorgonia.Square(x)
}

// TestFLOPs holds the formula against sums done by hand.
func TestFLOPs(t *testing.T) {
	images := [3]int{4, 3, 2}
	network := func(layers ...nets.Layer) nets.Network {
		return nets.Network{Name: "n", Input: images, Layers: layers}
	}
	frozen := func(net nets.Network, layers ...string) nets.Network {
		net.Frozen = layers
		return net
	}
	cnn := nets.CNN(mnist, 10)
	const conv, conv1, dense, dense1 = 26 * 26 * 9 * 32, 24 * 24 * 9 * 32 * 64, 36864 * 128, 128 * 10
	const sum = conv + conv1 + dense + dense1
	for name, c := range map[string]struct {
		net           nets.Network
		forward, step int
	}{
		// 784·512 + 512·10 = 406,528, the first of them 401,408.
		"mlp":         {nets.MLP(mnist, 10), 2 * 406_528, 2 * (3*406_528 - 401_408)},
		"cnn":         {cnn, 2 * 15_531_392, 2 * (3*15_531_392 - 194_688)},
		"dropout":     {cnn.WithDropout(0.3), 2 * sum, 2 * (3*sum - conv)},
		"first":       {frozen(cnn, "conv2d"), 2 * sum, 2 * (3*sum - 2*conv - conv1)},
		"trunk":       {frozen(cnn, "conv2d", "conv2d_1", "dense"), 2 * sum, 2 * (sum + dense1)},
		"middle":      {frozen(cnn, "dense"), 2 * sum, 2 * (3*sum - conv - dense)},
		"all":         {frozen(cnn, "conv2d", "conv2d_1", "dense", "dense_1"), 2 * sum, 2 * sum},
		"embedding":   {nets.Embedding(nets.MLP(mnist, 10), 10), 2 * 406_528, 2 * (3*406_528 - 401_408)},
		"gain first":  {network(countedGain{}, nets.Dense{Units: 5}), 24 + 2*120, 3*24 + 3*2*120},
		"gain last":   {network(nets.Dense{Units: 5}, countedGain{}), 2*120 + 5, 2*2*120 + 6*5},
		"gain frozen": {frozen(network(nets.Dense{Units: 5}, countedGain{}), "counted_gain"), 2*120 + 5, 2*2*120 + 4*5},
		// 4·3 places, and behind the pool, of (2,1) windows, 2·3.
		"depthwise": {network(nets.Dense{Units: 24}, nets.Reshape{To: []int{4, 3, 2}}, nets.DepthwiseConv2D{Size: [2]int{3, 2}, Padding: nets.Same, DepthMultiplier: 2}, nets.Dense{Units: 5}),
			2 * (24*24 + 12*6*2*2 + 48*5), 2 * (2*24*24 + 3*12*6*2*2 + 3*48*5)},
		"separable": {network(nets.SeparableConv2D{Filters: 5, Side: 2, DepthMultiplier: 3}, nets.Dense{Units: 5}),
			2 * (6*2*3*(4+5) + 30*5), 2 * (2*6*2*3*(4+5) + 3*30*5)},
		"pools": {network(nets.BatchNormalization{}, nets.MaxPooling2D{Size: [2]int{2, 1}}, nets.LayerNormalization{}, nets.GlobalAveragePooling2D{}, nets.Dense{Units: 5}),
			4*24 + 12*2 + 7*12 + 12 + 2*2*5, (4+6)*24 + 2*12*2 + (7+3+8)*12 + 2*12 + 3*2*2*5},
		// Neither of the first twins needs a gradient of its input, both of the second.
		"twins":       {network(twins{6}, twins{5}), 2*2*(24*6+6*5) + 6 + 5, 2*2*(2*24*6+3*6*5) + 6 + 5},
		"half frozen": {frozen(network(twins{6}, twins{5}), "twins.dense"), 2*2*(24*6+6*5) + 6 + 5, 2*2*(24*6+3*6*5) + 2*24*6 + 6 + 5},
	} {
		forward, step := flops(t, newModel(t, c.net, tensor.Float32))
		if forward != c.forward || step != c.step {
			t.Errorf("%s: %d and %d, expected %d and %d", name, forward, step, c.forward, c.step)
		}
		if f, s, err := nets.FLOPs(c.net); f != forward || s != step || err != nil {
			t.Errorf("%s: %d, %d, %v without a model", name, f, s, err)
		}
	}
}

// TestUncounted refuses to count a layer that has mathematics of its own, in any
// phase, and does not say what it takes.
func TestUncounted(t *testing.T) {
	within := gives{func(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return b.Layer("in", gain{}, x) }}
	for _, c := range []struct {
		layer       nets.Layer
		name, class string
	}{
		{gain{}, "gain", "gain"},
		{&gain{}, "gain", "gain"},
		{within, "gives.in", "gain"},
		{jitter{}, "jitter", "jitter"},
		{twice{nets.Dense{Units: 3}}, "twice", "twice"},
	} {
		_, _, err := nets.FLOPs(nets.Network{Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Dense{Units: 4}, c.layer, nets.Dense{Units: 3}}})
		var uncounted *nets.UncountedError
		if !errors.As(err, &uncounted) || *uncounted != (nets.UncountedError{Network: "n", Layer: c.name, Type: c.class}) {
			t.Errorf("%T: %v", c.layer, err)
		} else if want := "layer " + c.name + " (" + c.class + ") does not say its FLOPs: give its type a method FLOPs(in, out []int) nets.Operations"; !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
	net := nets.Network{Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{negative{}, nets.Dense{Units: 3}}}
	if _, _, err := nets.FLOPs(net); err == nil || !strings.Contains(err.Error(), "layer negative (negative) says that it takes {Forward:1 Weights:-1 Inputs:0} FLOPs: none of them can be negative") {
		t.Errorf("less than none: %v", err)
	}
}

// TestAPanicOfFLOPs is an error that names the layer: it comes when a run is trained.
func TestAPanicOfFLOPs(t *testing.T) {
	net := nets.Network{Name: "n", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{nets.Flatten{}, ofImages{}, nets.Dense{Units: 3}}}
	if _, _, err := nets.FLOPs(net); err == nil || !strings.Contains(err.Error(), "layer of_images (ofImages): its FLOPs panicked: runtime error: index out of range") {
		t.Errorf("error %v", err)
	}
}

// ofImages knows what it takes for images alone.
type ofImages struct{ gain }

func (ofImages) FLOPs(in, _ []int) nets.Operations { return nets.Operations{Forward: in[2]} }

// negative says what cannot be.
type negative struct{ gain }

func (negative) FLOPs(_, _ []int) nets.Operations { return nets.Operations{Forward: 1, Weights: -1} }
