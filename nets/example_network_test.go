package nets_test

import (
	"fmt"

	"stheno/nets"
)

// Narrow is a network of one's own.
func Narrow(image [3]int, classes int) nets.Network {
	return nets.Network{Name: "narrow", Input: image, Layers: []nets.Layer{
		nets.Flatten{},
		nets.Dense{Units: 32, Activation: nets.ReLU},
		nets.Dense{Units: classes},
	}}
}

func init() { nets.RegisterNetwork("narrow", "two dense layers, the first of 32 units", Narrow) }

// A network of one's own has a name for programs.
func ExampleRegisterNetwork() {
	net, err := nets.Named("narrow", [3]int{28, 28, 1}, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	about, err := nets.About("narrow")
	fmt.Printf("%s: %d layers, %s, %v\n", net.Name, len(net.Layers), about, err)
	// Output:
	// narrow: 3 layers, two dense layers, the first of 32 units, <nil>
}
