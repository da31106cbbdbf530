package onnx

import (
	"slices"

	"stheno/nets"
)

func init() {
	writes(func(g *Graph, l nets.MaxPooling2D) error { return pool(g, "MaxPool", l) })
	writes(func(g *Graph, l nets.AveragePooling2D) error {
		return pool(g, "AveragePool", l, Int("count_include_pad", 0))
	})
	writes(func(g *Graph, l nets.GlobalMaxPooling2D) error { return pooled(g, "GlobalMaxPool", l.KeepDims) })
	writes(func(g *Graph, l nets.GlobalAveragePooling2D) error { return pooled(g, "GlobalAveragePool", l.KeepDims) })
}

// pool adds the largest, or the mean, of each window.
func pool(g *Graph, op string, l nets.Layer, attributes ...Attribute) error {
	window := g.window(l)
	g.Output(g.Node(op, []Value{g.Input(ChannelsFirst)}, append(window, attributes...)...), ChannelsFirst)
	return nil
}

// window is how a layer slides, with the zeros that stand around the image for it in
// numbers: ONNX's own words for TensorFlow's "same" know no dilation. What is as if it
// were not said is left out.
func (g *Graph) window(l nets.Layer) []Attribute {
	s := nets.Spans(l, g.In())
	list := []Attribute{Ints("kernel_shape", s[0].Size, s[1].Size)}
	add := func(name string, unless int, numbers ...int) {
		if slices.ContainsFunc(numbers, func(n int) bool { return n != unless }) {
			list = append(list, Ints(name, numbers...))
		}
	}
	add("strides", 1, s[0].Stride, s[1].Stride)
	add("dilations", 1, s[0].Dilation, s[1].Dilation)
	add("pads", 0, s[0].Before, s[1].Before, s[0].After, s[1].After)
	return list
}

// pooled adds the largest, or the mean, of each channel, as an image of one pixel or as
// a row.
func pooled(g *Graph, op string, keep bool) error {
	y := g.Node(op, []Value{g.Input(ChannelsFirst)})
	if keep {
		g.Output(y, ChannelsFirst)
	} else {
		g.Output(g.Node("Flatten", []Value{y}, Int("axis", 1)), Rows)
	}
	return nil
}
