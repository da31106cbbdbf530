package nets_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"stheno/nets"
)

// TestSameNetworkInWords: the first difference, of each kind.
func TestSameNetworkInWords(t *testing.T) {
	cnn := nets.CNN([3]int{9, 8, 1}, 3).WithDropout(0.5)
	for want, change := range map[string]func(*nets.Network){
		"": func(n *nets.Network) {
			n.Layers[0] = &nets.Conv2D{Filters: 32, Side: 3, Activation: nets.ReLU, Kernel: nets.GlorotUniform}
		},
		"it takes images of 9 x 8 x 1, not of 8 x 9 x 1":     func(n *nets.Network) { n.Input = [3]int{8, 9, 1} },
		"layer dense has units 128, not 64":                  func(n *nets.Network) { n.Layers[4] = nets.Dense{Units: 64, Activation: nets.ReLU} },
		`layer conv2d_1 has activation "relu", not "linear"`: func(n *nets.Network) { n.Layers[1] = nets.Conv2D{Filters: 64, Side: 3} },
		"layer conv2d has kernel_size [3,3], not [2,2]":      func(n *nets.Network) { n.Layers[0] = nets.Conv2D{Filters: 32, Side: 2, Activation: nets.ReLU} },
		"layer conv2d has kernel_initializer GlorotUniform, not HeNormal": func(n *nets.Network) {
			n.Layers[0] = nets.Conv2D{Filters: 32, Side: 3, Activation: nets.ReLU, Kernel: nets.HeNormal}
		},
		"layer dropout has rate 0.5, not 0.25":  func(n *nets.Network) { n.Layers[3] = nets.Dropout{Rate: 0.25} },
		"layer 4 is Dropout, not Dense":         func(n *nets.Network) { n.Layers = slices.Delete(n.Layers, 3, 4) },
		"it has a layer more, dense_1":          func(n *nets.Network) { n.Layers = n.Layers[:6] },
		"it lacks a layer, dropout_2":           func(n *nets.Network) { n.Layers = append(n.Layers, nets.Dropout{}) },
		"layer conv2d_1 is trained, not frozen": func(n *nets.Network) { n.Frozen = []string{"conv2d_1"} },
		`its name is "cnn", not "mine"`:         func(n *nets.Network) { n.Name = "mine" },
		"it cannot be compared: nets: cnn: layer dense_1 (Dense): an initializer": func(n *nets.Network) {
			n.Layers[6] = nets.Dense{Units: 3, Kernel: func(*rand.Rand, nets.Fans) float64 { return 1 }}
		},
	} {
		other := cnn
		other.Layers = slices.Clone(cnn.Layers)
		change(&other)
		if words := nets.SameNetwork(cnn, other); !strings.HasPrefix(words, want) || want == "" && words != "" {
			t.Errorf("%q, want %q", words, want)
		}
	}
	branches := family()["branches"]
	listed, other := branches, branches
	listed.Layers = slices.Clone(branches.Layers)
	listed.Layers[1], listed.Layers[2] = nets.At{Layer: nets.Dense{Units: 4}, Name: "dense_1"}, nets.At{Layer: nets.Dense{Units: 4}, Name: "dense", After: []string{"flatten"}}
	listed.Layers[4] = nets.At{Layer: nets.Dense{Units: 2}, Name: "dense_2"}
	if words := nets.SameNetwork(branches, listed); words != "" {
		t.Errorf("the order in which branches are listed counts: %s", words)
	}
	other.Layers = slices.Clone(branches.Layers)
	other.Layers[3] = nets.At{Layer: Sum{}, After: []string{"dense_1", "dense"}}
	if words := nets.SameNetwork(branches, other); words != "layer sum stands after dense and dense_1, not dense_1 and dense" {
		t.Errorf("%q", words)
	}
	if words := nets.SameNetwork(family()["named"], nets.Network{Name: "named", Input: [3]int{6, 5, 2}, Layers: []nets.Layer{family()["named"].Layers[0].(nets.At).Layer, nets.Flatten{}, nets.Dense{Units: 2}}, Frozen: []string{"conv2d"}}); words != "layer 1 is called stem, not conv2d" {
		t.Errorf("%q", words)
	}
	frozen, back := cnn, cnn
	frozen.Frozen, back.Frozen = []string{"dense", "conv2d"}, []string{"conv2d", "dense", "dense"}
	if words := nets.SameNetwork(frozen, back); words != "" {
		t.Errorf("the order of frozen layers counts: %s", words)
	}
	if words := nets.SameNetwork(frozen, cnn); words != "layer conv2d is frozen, not trained" {
		t.Errorf("%q", words)
	}
}
