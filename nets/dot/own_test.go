package dot_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/dot"
)

// Leaky is a layer of one's own, of stock nodes and a weight.
type Leaky struct{ Slope float64 }

func (l Leaky) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	c := x.Shape()[x.Dims()-1]
	rows, err := gorgonia.Reshape(x, tensor.Shape{x.Shape().TotalSize() / c, c})
	if err != nil {
		return nil, err
	}
	y, err := gorgonia.BroadcastHadamardProd(rows, b.Weight("scale", nets.HeNormal, nets.Fans{In: 1}, 1, c), nil, []byte{0})
	if err != nil {
		return nil, err
	}
	if y, err = gorgonia.LeakyRelu(y, l.Slope); err != nil {
		return nil, err
	}
	return gorgonia.Reshape(y, x.Shape())
}

// Detour adds what two layers make of the input to it.
type Detour struct{ Units int }

func (l Detour) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	narrow, err := b.Layer("one", nets.Dense{Units: l.Units}, x)
	if err != nil {
		return nil, err
	}
	wide, err := b.Layer("two", nets.Dense{Units: x.Shape()[1]}, narrow)
	if err != nil {
		return nil, err
	}
	return gorgonia.Add(wide, x)
}

// TestLayersOfOnesOwn have frames of their own, with all their ops, and nothing is drawn
// that is not theirs.
func TestLayersOfOnesOwn(t *testing.T) {
	net := nets.Network{Name: "own", Input: [3]int{6, 6, 1}, Layers: []nets.Layer{nets.Conv2D{Filters: 3, Side: 3}, Leaky{0.2}, nets.Flatten{}, nets.Dense{Units: 6}, Detour{2}, nets.Dense{Units: 3}}}
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []dot.View{{Phase: nets.Prediction, Batch: 1}, {Phase: nets.Training, Batch: 8}, {Phase: nets.Training, Batch: 8, Gradients: true}} {
		var b bytes.Buffer
		if err := dot.Write(&b, m, v); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"leaky: ⊙", "leaky: >=", "leaky: Repeat0", "title of leaky", "scale", "detour: Affine (2)", "detour: +", "one.kernel", "two.bias", "32 parameters"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%+v: there is no %s", v, want)
			}
		}
		for _, wrong := range []string{"Reader", " false", " true"} {
			if strings.Contains(b.String(), wrong) {
				t.Errorf("%+v: there is%s", v, wrong)
			}
		}
	}
}
