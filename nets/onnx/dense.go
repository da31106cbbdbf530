package onnx

import "stheno/nets"

func init() { writes(dense) }

// dense adds x (N,I) · kernel (I,O) + bias (O). Rows of images whose channels come
// first stay as they are, and the kernel's rows go into that order.
func dense(g *Graph, l nets.Dense) error {
	kernel, err := g.Values("kernel")
	if err != nil {
		return err
	}
	if dims := g.in.dims; g.in.first {
		channels := dims[len(dims)-1]
		kernel.Values = channelsFirst(kernel.Values, kernel.Shape[0]/channels, channels, l.Units)
	}
	inputs := []Value{g.Input(stored), g.Constant("kernel", kernel), g.Weight("bias")}
	return activated(g, g.Node("Gemm", inputs), l.Activation, Rows)
}

// channelsFirst puts a dense kernel's rows from H,W,C order into C,H,W.
func channelsFirst(kernel []float32, area, channels, units int) []float32 {
	w := make([]float32, len(kernel))
	for p := range area {
		for c := range channels {
			copy(w[(c*area+p)*units:][:units], kernel[(p*channels+c)*units:])
		}
	}
	return w
}
