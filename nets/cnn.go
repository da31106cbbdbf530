package nets

func init() {
	RegisterNetwork("cnn", "a convolutional network: 32 and 64 filters of 3 x 3, relu, a dense layer of 128 units, relu, and one of the classes", CNN)
}

// CNN is the notebook's convolutional network: two convolutions of 3 x 3, no
// pooling, and two dense layers, 4,738,826 parameters on MNIST. Its output are
// logits.
func CNN(input [3]int, classes int) Network {
	return Network{Name: "cnn", Input: input, Layers: []Layer{
		Conv2D{Filters: 32, Side: 3, Activation: ReLU},
		Conv2D{Filters: 64, Side: 3, Activation: ReLU},
		Flatten{},
		Dense{Units: 128, Activation: ReLU},
		Dense{Units: classes},
	}}
}
