package nets_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// ofItsOwn is a layer that multiplies by an input which it makes itself.
type ofItsOwn func(x *gorgonia.Node) *gorgonia.Node

func (l ofItsOwn) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Mul(x, l(x))
}

// TestInputsOfALayersOwn: what Gorgonia draws anew for each graph would be neither
// trained nor saved, and is refused, as is what nothing fills; numbers that stay are
// for a layer to have.
func TestInputsOfALayersOwn(t *testing.T) {
	matrix := func(options ...gorgonia.NodeConsOpt) ofItsOwn {
		return func(x *gorgonia.Node) *gorgonia.Node {
			return gorgonia.NewMatrix(x.Graph(), x.Dtype(), append([]gorgonia.NodeConsOpt{gorgonia.WithShape(x.Shape()[1], 3), gorgonia.WithName("w")}, options...)...)
		}
	}
	stays := ofItsOwn(func(x *gorgonia.Node) *gorgonia.Node {
		return graph.NewParam(x.Graph(), "w", tensor.New(tensor.WithShape(x.Shape()[1], 3), tensor.WithBacking(make([]float32, 3*x.Shape()[1]))))
	})
	for want, l := range map[string]ofItsOwn{
		`layer of_its_own (ofItsOwn) has an input "w" with other numbers each time`: matrix(gorgonia.WithInit(gorgonia.GlorotN(1))),
		`has an input "w" that nothing fills: take weights from Builder.Weight`:     matrix(),
		"": stays,
	} {
		n := nets.Network{Name: "n", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, l, nets.Dense{Units: 2}}}
		_, err := nets.New(n, tensor.Float32, source(1))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
