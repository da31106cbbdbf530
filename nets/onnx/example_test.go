package onnx_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/onnx"
)

// Elu is a layer of one's own: y = x above 0, and exp(x) - 1 below.
type Elu struct{}

func (Elu) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	above, err := gorgonia.Rectify(x)
	if err != nil {
		return nil, err
	}
	below, err := gorgonia.Sub(x, above)
	if err != nil {
		return nil, err
	}
	if below, err = gorgonia.Expm1(below); err != nil {
		return nil, err
	}
	return gorgonia.Add(above, below)
}

// ONNX adds the one node that it is in ONNX, whatever the layout.
func (Elu) ONNX(g *onnx.Graph) error {
	g.Output(g.Node("Elu", []onnx.Value{g.Input(onnx.Any)}), onnx.Any)
	return nil
}

// A layer of one's own writes itself.
func ExampleLayer() {
	net := nets.Network{Name: "elu", Input: [3]int{4, 4, 1}, Layers: []nets.Layer{nets.Dense{Units: 8}, Elu{}, nets.Dense{Units: 2}}}
	model, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if err := onnx.Write(&file, model, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Contains(file.Bytes(), []byte("Elu")))
	// Output: true
}
