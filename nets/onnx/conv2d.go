package onnx

import "stheno/nets"

func init() { writes(conv) }

// conv adds x (N,C,H,W) * kernel (F,C/groups,KH,KW) + bias (F).
func conv(g *Graph, l nets.Conv2D) error {
	kernel, err := g.Values("kernel")
	if err != nil {
		return err
	}
	attributes := g.window(l)
	if groups := g.In()[2] / kernel.Shape[2]; groups > 1 {
		attributes = append(attributes, Int("group", groups))
	}
	y := g.convolve(g.Input(ChannelsFirst), g.Constant("kernel", filtersFirst(kernel)), attributes...)
	return activated(g, y, l.Activation, ChannelsFirst)
}

// convolve adds a convolution, with the layer's bias if it has one.
func (g *Graph) convolve(x, kernel Value, attributes ...Attribute) Value {
	inputs := []Value{x, kernel}
	if g.has("bias") {
		inputs = append(inputs, g.Weight("bias"))
	}
	return g.Node("Conv", inputs, attributes...)
}

// filtersFirst puts a kernel (KH,KW,C,F) into ONNX's order (F,C,KH,KW).
func filtersFirst(kernel Tensor) Tensor {
	height, width, in, out := kernel.Shape[0], kernel.Shape[1], kernel.Shape[2], kernel.Shape[3]
	area := height * width
	w := make([]float32, len(kernel.Values))
	for p := range area {
		for i := range in {
			for o := range out {
				w[(o*in+i)*area+p] = kernel.Values[(p*in+i)*out+o]
			}
		}
	}
	return Tensor{[]int{out, in, height, width}, w}
}
