package onnx

import (
	"fmt"
	"reflect"

	"stheno/nets"
)

// known is how a layer of package nets is written; nil for others, and for those that
// embed one of these, for whatever they do besides.
func known(l nets.Layer) func(*Graph) error {
	switch l := reflect.Indirect(reflect.ValueOf(l)).Interface().(type) {
	case nets.Conv2D:
		return func(g *Graph) error { return conv(g, l) }
	case nets.Dense:
		return func(g *Graph) error { return dense(g, l) }
	case nets.Flatten:
		return flatten
	}
	return nil
}

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

// flatten waits for what comes after it, which decides how to flatten.
func flatten(g *Graph) error {
	out := g.in
	out.shape = g.Out()
	g.out = &out
	return nil
}

// activated gives the activation of y.
func activated(g *Graph, y Value, a nets.Activation, layout Layout) error {
	switch a {
	case nets.Linear:
	case nets.ReLU:
		y = g.Node("Relu", []Value{y})
	default:
		return fmt.Errorf("activation %v cannot be written", a)
	}
	g.Output(y, layout)
	return nil
}
