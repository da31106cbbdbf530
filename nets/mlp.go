package nets

func init() {
	RegisterNetwork("mlp", "a multi-layer perceptron: a dense layer of 512 units, relu, and one of the classes", MLP)
}

// MLP is the notebook's multi-layer perceptron: 784-512-10 on MNIST, 407,050
// parameters. Its output are logits; the notebook's softmax is part of the
// loss and of prediction.
func MLP(input [3]int, classes int) Network {
	return Network{Name: "mlp", Input: input, Layers: []Layer{
		Flatten{},
		Dense{Units: 512, Activation: ReLU},
		Dense{Units: classes},
	}}
}
