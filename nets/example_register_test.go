package nets_test

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"

	"stheno/nets"
)

// Leaky is a layer of one's own with a setting: what is below zero is made smaller,
// and not zero.
type Leaky struct {
	Slope float64 `json:"slope"`
}

func (l Leaky) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.LeakyRelu(x, l.Slope)
}

func init() { nets.Register(Leaky{}) }

// A network with a layer of one's own is written and read as any other.
func ExampleRegister() {
	net := nets.Network{Name: "leaky", Input: [3]int{8, 8, 1}, Layers: []nets.Layer{
		nets.Flatten{},
		nets.Dense{Units: 16},
		Leaky{Slope: 0.25},
		nets.Dense{Units: 3},
	}}
	config, err := json.Marshal(net) // what Keras's model.to_json() gives of such a model
	if err != nil {
		fmt.Println(err)
		return
	}
	read, err := nets.ParseNetwork(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", read.Layers[2])

	net.Layers[1] = nets.Dense{Units: 32}
	fmt.Println(nets.SameNetwork(net, read))
	// Output:
	// {Slope:0.25}
	// layer dense has units 32, not 16
}
