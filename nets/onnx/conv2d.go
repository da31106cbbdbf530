package onnx

import "stheno/nets"

func init() { writes(conv) }

// conv adds x (N,C,H,W) * kernel (O,C,Side,Side) + bias (O).
func conv(g *Graph, l nets.Conv2D) error {
	kernel, err := g.Values("kernel")
	if err != nil {
		return err
	}
	in, area := g.In()[2], l.Side*l.Side
	w := make([]float32, len(kernel.Values))
	for p := range area {
		for i := range in {
			for o := range l.Filters {
				w[(o*in+i)*area+p] = kernel.Values[(p*in+i)*l.Filters+o]
			}
		}
	}
	inputs := []Value{g.Input(ChannelsFirst), g.Constant("kernel", Tensor{[]int{l.Filters, in, l.Side, l.Side}, w}), g.Weight("bias")}
	return activated(g, g.Node("Conv", inputs, Ints("kernel_shape", l.Side, l.Side)), l.Activation, ChannelsFirst)
}
