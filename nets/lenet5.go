package nets

func init() {
	RegisterNetwork("lenet5", "LeNet-5 of 1998: two convolutions of 5 x 5, tanh and average pooling, and dense layers of 120, 84 and the classes", LeNet5)
}

// LeNet5 is the network of LeCun et al. (1998) as Keras's users write it: tanh and average
// pooling, 61,706 parameters on MNIST. The first convolution keeps the image's size, as
// there an image had a border of two pixels. Unlike there, a pool learns nothing, each
// filter of the second convolution sees all channels, and the output are logits.
func LeNet5(input [3]int, classes int) Network {
	return Network{Name: "lenet5", Input: input, Layers: []Layer{
		Conv2D{Filters: 6, Side: 5, Padding: Same, Activation: Tanh},
		AveragePooling2D{},
		Conv2D{Filters: 16, Side: 5, Activation: Tanh},
		AveragePooling2D{},
		Flatten{},
		Dense{Units: 120, Activation: Tanh},
		Dense{Units: 84, Activation: Tanh},
		Dense{Units: classes},
	}}
}
