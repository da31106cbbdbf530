package nets

func init() {
	RegisterNetwork("vgg", "a small VGG: twice two convolutions of 3 x 3, of 32 and 64 filters, batch normalization, relu, max pooling, and dense layers of 128 and the classes", VGG)
}

// VGG is a small network in the manner of Simonyan and Zisserman (2014), with batch
// normalization behind each convolution, which then needs no bias: 468,394 parameters on
// MNIST. Its output are logits.
func VGG(input [3]int, classes int) Network {
	n := Network{Name: "vgg", Input: input}
	for _, filters := range []int{32, 64} {
		for range 2 {
			n.convolve(Conv2D{Filters: filters, Side: 3})
			n.Then(ReLULayer{})
		}
		n.Then(MaxPooling2D{})
	}
	n.Then(Flatten{})
	n.Then(Dense{Units: 128, Activation: ReLU})
	n.Then(Dense{Units: classes})
	return n
}

// convolve adds a convolution that keeps the image's size, but for its strides, and its
// batch normalization, after a layer or the last one.
func (n *Network) convolve(c Conv2D, after ...string) string {
	c.Padding, c.NoBias, c.Kernel = Same, true, HeNormal
	n.Then(c, after...)
	return n.Then(BatchNormalization{})
}
