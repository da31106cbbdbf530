package nets

import (
	"reflect"
	"strconv"
	"strings"
)

// Network is a network on paper: its layers, and the images that it takes.
type Network struct {
	Name   string
	Input  [3]int // height, width and channels of an image
	Layers []Layer
}

// MLP is the notebook's multi-layer perceptron: 784-512-10 on MNIST, 407,050
// parameters. Its output are logits; the notebook's softmax is part of the
// loss and of prediction.
func MLP(input [3]int, classes int) Network {
	return Network{"mlp", input, []Layer{
		Flatten{},
		Dense{Units: 512, Activation: ReLU},
		Dense{Units: classes},
	}}
}

// CNN is the notebook's convolutional network: two convolutions of 3 x 3, no
// pooling, and two dense layers, 4,738,826 parameters on MNIST. Its output are
// logits.
func CNN(input [3]int, classes int) Network {
	return Network{"cnn", input, []Layer{
		Conv2D{Filters: 32, Side: 3, Activation: ReLU},
		Conv2D{Filters: 64, Side: 3, Activation: ReLU},
		Flatten{},
		Dense{Units: 128, Activation: ReLU},
		Dense{Units: classes},
	}}
}

// names gives each layer Keras's name: its type's in lower case, from the
// second of a kind on with a number.
func names(layers []Layer) []string {
	count := make(map[string]int)
	names := make([]string, len(layers))
	for i, l := range layers {
		kind := strings.ToLower(kind(l))
		names[i] = kind
		if n := count[kind]; n > 0 {
			names[i] += "_" + strconv.Itoa(n)
		}
		count[kind]++
	}
	return names
}

// kind is the name of a layer's type.
func kind(l Layer) string { return reflect.Indirect(reflect.ValueOf(l)).Type().Name() }
