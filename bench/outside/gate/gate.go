// Package gate is a network with a layer that Stheno has not, as a user of Stheno
// writes it: settings, one method that builds nodes, an op of its own, what an image
// costs, and its ONNX nodes. Who imports the package can train such networks, and
// ask runs of them.
package gate

import (
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/onnx"
)

// About is the network in a few words.
const About = "a convolution and two dense layers with gates"

func init() {
	nets.Register(Gate{})
	nets.RegisterNetwork("lenet", About, LeNet)
}

// Gate is a swish whose slope each channel learns:
//
//	x (N,...,C), slope (C) -> y = x · σ(slope·x)
type Gate struct {
	Slope float64 `json:"slope"` // which all channels begin with
}

// Build adds the slopes and one op.
func (g Gate) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	channels := x.Shape()[x.Dims()-1]
	begin := func(*rand.Rand, nets.Fans) float64 { return g.Slope }
	slope := b.Weight("slope", begin, nets.Fans{}, channels)
	if x.Dtype() == tensor.Float64 {
		return graph.Apply(swish[float64]{}, x, slope)
	}
	return graph.Apply(swish[float32]{}, x, slope)
}

// FLOPs are four operations for each number, and six for each of its gradients.
func (Gate) FLOPs(in, _ []int) nets.Operations {
	numbers := 1
	for _, size := range in {
		numbers *= size
	}
	return nets.Operations{Forward: 4 * numbers, Weights: 6 * numbers, Inputs: 6 * numbers}
}

// ONNX adds the same in three nodes.
func (Gate) ONNX(g *onnx.Graph) error {
	x := g.Input(onnx.ChannelsLast)
	open := g.Node("Sigmoid", []onnx.Value{g.Node("Mul", []onnx.Value{x, g.Weight("slope")})})
	g.Output(g.Node("Mul", []onnx.Value{x, open}), onnx.ChannelsLast)
	return nil
}

// LeNet is a convolution and two dense layers, with gates between them.
func LeNet(image [3]int, classes int) nets.Network {
	return nets.Network{Name: "lenet", Input: image, Layers: []nets.Layer{
		nets.Conv2D{Filters: 6, Side: 3},
		Gate{Slope: 1},
		nets.Flatten{},
		nets.Dense{Units: 24},
		Gate{Slope: 0.5},
		nets.Dense{Units: classes},
	}}
}
