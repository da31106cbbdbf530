package nets

func init() {
	RegisterNetwork("convnet", "keras.io's simple MNIST convnet: 32 and 64 filters of 3 x 3, relu, each with max pooling, dropout of one half, and a dense layer of the classes", ConvNet)
}

// ConvNet is the network of keras.io's example "Simple MNIST convnet", 34,826 parameters
// on MNIST. Its dropout is a layer of it: see [Network.WithDropout] for another rate. Its
// output are logits.
func ConvNet(input [3]int, classes int) Network {
	return Network{Name: "convnet", Input: input, Layers: []Layer{
		Conv2D{Filters: 32, Side: 3, Activation: ReLU},
		MaxPooling2D{},
		Conv2D{Filters: 64, Side: 3, Activation: ReLU},
		MaxPooling2D{},
		Flatten{},
		Dropout{Rate: 0.5},
		Dense{Units: classes},
	}}
}
