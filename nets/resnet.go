package nets

func init() {
	RegisterNetwork("resnet", "a residual network of 14 layers: three stages of two blocks, of 16, 32 and 64 filters, batch normalization, relu and global average pooling", ResNet)
}

// ResNet is a residual network of He et al. (2015) as they built it for small images: a
// convolution, three stages of two blocks of two convolutions each, of 16, 32 and 64
// filters, of which the later ones begin with stride 2, global average pooling, and a
// dense layer: 14 layers with weights on the longest way, 176,090 parameters on MNIST. Where a stage
// changes the size, its shortcut is a convolution of 1 x 1. Its output are logits.
func ResNet(input [3]int, classes int) Network {
	n := Network{Name: "resnet", Input: input}
	n.convolve(Conv2D{Filters: 16, Side: 3})
	x := n.Then(ReLULayer{})
	for stage, filters := range []int{16, 32, 64} {
		for block := range 2 {
			if stage > 0 && block == 0 {
				x = n.residual(x, filters, 2)
			} else {
				x = n.residual(x, filters, 1)
			}
		}
	}
	n.Then(GlobalAveragePooling2D{})
	n.Then(Dense{Units: classes})
	return n
}

// residual adds a block after x, and returns its last layer.
func (n *Network) residual(x string, filters, stride int) string {
	strides := [2]int{stride, stride}
	if stride == 1 {
		strides = [2]int{}
	}
	n.convolve(Conv2D{Filters: filters, Side: 3, Strides: strides}, x)
	n.Then(ReLULayer{})
	y := n.convolve(Conv2D{Filters: filters, Side: 3})
	if stride > 1 {
		x = n.convolve(Conv2D{Filters: filters, Side: 1, Strides: strides}, x)
	}
	n.Then(Add{}, x, y)
	return n.Then(ReLULayer{})
}
