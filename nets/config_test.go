package nets_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"testing"

	"gorgonia.org/gorgonia"

	"stheno/nets"
)

// Residual is a layer of one's own that is made of layers.
type Residual struct {
	Units  int              `json:"units"`
	Scale  float32          `json:"scale,omitempty"`
	Kernel nets.Initializer `json:"kernel"`
	Act    nets.Activation  `json:"act"`
}

func (r Residual) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	narrow, err := b.Layer("in", nets.Dense{Units: r.Units, Activation: r.Act, Kernel: r.Kernel}, x)
	if err != nil {
		return nil, err
	}
	wide, err := b.Layer("out", nets.Dense{Units: x.Shape()[1]}, narrow)
	if err != nil {
		return nil, err
	}
	return gorgonia.Add(x, wide)
}

// Pointed is a layer of one's own whose method is a pointer's.
type Pointed struct{ Sizes []int }

func (p *Pointed) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return x, nil }

// Sum is a layer of one's own in which branches meet.
type Sum struct{}

func (Sum) Build(*nets.Builder, *gorgonia.Node) (*gorgonia.Node, error) {
	return nil, errors.New("it takes two layers")
}

func (Sum) Merge(_ *nets.Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return gorgonia.Add(xs[0], xs[1])
}

func init() {
	nets.Register(Sum{})
	nets.Register(Residual{})
	nets.Register(&Pointed{})
}

// family are networks of all layers, with frozen ones and initializers.
func family() map[string]nets.Network {
	input := [3]int{6, 5, 2}
	conv := nets.Conv2D{Filters: 3, Side: 2, Activation: nets.ReLU, Kernel: nets.HeUniform}
	return map[string]nets.Network{
		"mlp":        nets.MLP([3]int{28, 28, 1}, 10),
		"cnn":        nets.CNN([3]int{28, 28, 3}, 7),
		"dropout":    nets.CNN([3]int{9, 8, 1}, 3).WithDropout(0.1),
		"one layer":  {Name: "linear", Input: input, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}}},
		"frozen":     {Name: "frozen", Input: input, Layers: []nets.Layer{conv, nets.Flatten{}, nets.Dense{Units: 4}, nets.Dense{Units: 2, Kernel: nets.Zeros}}, Frozen: []string{"conv2d", "dense_1"}},
		"relu last":  {Name: "relu", Input: input, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2, Activation: nets.ReLU, Kernel: nets.HeNormal}}},
		"drops last": {Name: "drops", Input: input, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}, nets.Dropout{Rate: 0.3}}},
		"embedding":  nets.Embedding(nets.MLP(input, 4), 8),
		"cosines":    {Name: "cosines", Input: input, Layers: []nets.Layer{nets.Flatten{}, nets.Normalize{}, nets.Cosines{Units: 5}}},
		"no name":    {Input: input, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}}},
		"one's own":  {Name: "own <b>", Input: input, Layers: []nets.Layer{nets.Flatten{}, Residual{Units: 3, Scale: 0.1, Kernel: nets.HeNormal, Act: nets.ReLU}, &Pointed{Sizes: []int{1, 2}}, nets.Dense{Units: 2}}},
		"within":     {Name: "within", Input: input, Layers: []nets.Layer{nets.Flatten{}, Residual{Units: 3}, Residual{}.with(4), nets.Dense{Units: 2}}, Frozen: []string{"residual", "residual_1.in", "residual_1.out"}},
		"branches": {Name: "branches", Input: input, Layers: []nets.Layer{
			nets.Flatten{}, nets.Dense{Units: 4}, nets.At{Layer: nets.Dense{Units: 4}, After: []string{"flatten"}}, nets.At{Layer: Sum{}, After: []string{"dense", "dense_1"}}, nets.Dense{Units: 2},
		}, Frozen: []string{"dense_1"}},
		"named":       {Name: "named", Input: input, Layers: []nets.Layer{nets.At{Layer: conv, Name: "stem"}, nets.Flatten{}, nets.Dense{Units: 2}}, Frozen: []string{"stem"}},
		"own is last": {Name: "last", Input: input, Layers: []nets.Layer{nets.Flatten{}, Residual{Units: 3}}},
	}
}

func (r Residual) with(units int) Residual { r.Units = units; return r }

// equal holds two networks against each other; initializers by what they draw.
func equal(a, b nets.Network) bool {
	kernel := func(l nets.Layer) (nets.Layer, float64) {
		if at, ok := l.(nets.At); ok {
			l = at.Layer
		}
		drawn := 0.0
		draw := func(i *nets.Initializer) {
			if *i != nil {
				drawn, *i = (*i)(rand.New(rand.NewPCG(1, 2)), nets.Fans{In: 3, Out: 4}), nil
			}
		}
		switch l := l.(type) {
		case nets.Dense:
			draw(&l.Kernel)
			return l, drawn
		case nets.Conv2D:
			draw(&l.Kernel)
			return l, drawn
		case Residual:
			draw(&l.Kernel)
			return l, drawn
		}
		return l, 0
	}
	if a.Name != b.Name || a.Input != b.Input || !reflect.DeepEqual(a.Frozen, b.Frozen) || len(a.Layers) != len(b.Layers) {
		return false
	}
	for i := range a.Layers {
		x, drawnX := kernel(a.Layers[i])
		y, drawnY := kernel(b.Layers[i])
		if drawnX != drawnY || !reflect.DeepEqual(x, y) || !reflect.DeepEqual(place(a.Layers[i]), place(b.Layers[i])) {
			return false
		}
	}
	return true
}

// place is where a layer stands.
func place(l nets.Layer) nets.At {
	at, _ := l.(nets.At)
	at.Layer = nil
	return at
}

// TestNetworksComeBack from their configs as they were, and give the same bytes.
func TestNetworksComeBack(t *testing.T) {
	all := family()
	maps.Copy(all, layered())
	for name, n := range all {
		text, err := json.Marshal(n)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var back nets.Network
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := json.Marshal(back)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s: written again it is %s, %v, was %s", name, again, err, text)
		}
		if !equal(back, n) || nets.SameNetwork(back, n) != "" {
			t.Errorf("%s: %+v comes back as %+v: %s", name, n, back, nets.SameNetwork(back, n))
		}
		for other, o := range family() {
			if words := nets.SameNetwork(n, o); (words == "") != (name == other) {
				t.Errorf("%s and %s: %q", name, other, words)
			}
		}
	}
}

// TestDenseOnImagesComesBackBehindFlatten, as Keras's would see each pixel alone.
func TestDenseOnImagesComesBackBehindFlatten(t *testing.T) {
	input := [3]int{4, 3, 2}
	flatten, dense, head := nets.Flatten{}, nets.Dense{Units: 3}, nets.Dense{Units: 2}
	after := func(l nets.Layer, name string, after ...string) nets.Layer {
		return nets.At{Layer: l, Name: name, After: after}
	}
	for _, c := range []struct{ n, want nets.Network }{
		{
			nets.Network{Name: "n", Input: input, Layers: []nets.Layer{dense, flatten, head}, Frozen: []string{"dense"}},
			nets.Network{Name: "n", Input: input, Layers: []nets.Layer{flatten, dense, flatten, head}, Frozen: []string{"dense"}},
		},
		{
			nets.Network{Name: "n", Input: input, Layers: []nets.Layer{dense, after(flatten, "", "image"), dense, after(Sum{}, "", "dense", "dense_1"), after(head, "head")}},
			nets.Network{Name: "n", Input: input, Layers: []nets.Layer{flatten, dense, after(flatten, "", "image"), dense, after(Sum{}, "", "dense", "dense_1"), after(head, "head")}},
		},
		{
			nets.Network{Name: "n", Input: input, Layers: []nets.Layer{dense, nets.At{Layer: flatten, Name: "flatten"}, after(head, "head")}},
			nets.Network{Name: "n", Input: input, Layers: []nets.Layer{after(flatten, "flatten_1"), dense, flatten, after(head, "head")}},
		},
	} {
		text, err := c.n.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := nets.ParseNetwork(text)
		if err != nil || !equal(back, c.want) || nets.SameNetwork(back, c.n) != "" {
			t.Errorf("%+v, %v: %s", back, err, nets.SameNetwork(back, c.n))
		}
		if again, err := back.MarshalJSON(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s, %v, then %s", text, err, again)
		}
	}
}
