package onnx

import "stheno/nets"

func init() {
	writes(depthwise)
	writes(separable)
}

// depthwise adds x (N,C,H,W) * kernel (C·M,1,KH,KW), each channel in a group of its own,
// + bias (C·M).
func depthwise(g *Graph, l nets.DepthwiseConv2D) error {
	kernel, err := g.apart("kernel")
	if err != nil {
		return err
	}
	y := g.convolve(g.Input(ChannelsFirst), kernel, append(g.window(l), Int("group", g.In()[2]))...)
	return activated(g, y, l.Activation, ChannelsFirst)
}

// separable adds a depthwise convolution, and one of single pixels.
func separable(g *Graph, l nets.SeparableConv2D) error {
	kernel, err := g.apart("depthwise_kernel")
	if err != nil {
		return err
	}
	mix, err := g.Values("pointwise_kernel")
	if err != nil {
		return err
	}
	z := g.Node("Conv", []Value{g.Input(ChannelsFirst), kernel}, append(g.window(l), Int("group", g.In()[2]))...)
	y := g.convolve(z, g.Constant("pointwise_kernel", filtersFirst(mix)))
	return activated(g, y, l.Activation, ChannelsFirst)
}

// apart is a depthwise kernel (KH,KW,C,M) in ONNX's order (C·M,1,KH,KW).
func (g *Graph) apart(name string) (Value, error) {
	kernel, err := g.Values(name)
	if err != nil {
		return "", err
	}
	s := kernel.Shape
	kernel.Shape = []int{s[0], s[1], 1, s[2] * s[3]}
	return g.Constant(name, filtersFirst(kernel)), nil
}
