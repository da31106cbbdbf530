package onnx

import (
	"cmp"
	"slices"

	"stheno/nets"
)

func init() {
	writes(batchNormalization)
	writes(layerNormalization)
}

// epsilon is a setting whose zero stands for Keras's default.
func epsilon(v float64) float32 { return float32(cmp.Or(v, 1e-3)) }

// batchNormalization adds (x - moving_mean) / sqrt(moving_variance + Epsilon) · gamma +
// beta, by the channel.
func batchNormalization(g *Graph, l nets.BatchNormalization) error {
	layout := ChannelsFirst
	if len(g.In()) == 1 {
		layout = Rows
	}
	inputs := []Value{g.Input(layout), g.weightOr("gamma", 1), g.weightOr("beta", 0), g.Weight("moving_mean"), g.Weight("moving_variance")}
	g.Output(g.Node("BatchNormalization", inputs, Float("epsilon", epsilon(l.Epsilon))), layout)
	return nil
}

// weightOr is a weight of the layer's, one number for each channel, or where the layer
// has none of this name, numbers that are all v.
func (g *Graph) weightOr(name string, v float32) Value {
	if g.has(name) {
		return g.Weight(name)
	}
	channels := g.In()[len(g.In())-1]
	return g.Constant(name, Tensor{[]int{channels}, slices.Repeat([]float32{v}, channels)})
}

// has says whether the layer has a weight of this name.
func (g *Graph) has(name string) bool { return g.file.weight(g.part.Name+"."+name) != nil }

// layerNormalization adds (x - mean) / sqrt(variance + Epsilon) · gamma + beta over the
// channels, where they stand: opset 13 has no op of it.
func layerNormalization(g *Graph, l nets.LayerNormalization) error {
	layout, axis := g.kept()
	x, axes := g.Input(layout), Ints("axes", axis)
	centred := g.Node("Sub", []Value{x, g.Node("ReduceMean", []Value{x}, axes)})
	variance := g.Node("ReduceMean", []Value{g.Node("Mul", []Value{centred, centred})}, axes)
	above := g.Node("Add", []Value{variance, g.number("epsilon", float64(epsilon(l.Epsilon)))})
	y := g.Node("Div", []Value{centred, g.Node("Sqrt", []Value{above})})
	if !l.NoScale {
		y = g.Node("Mul", []Value{y, g.channelwise("gamma", layout)})
	}
	if !l.NoCenter {
		y = g.Node("Add", []Value{y, g.channelwise("beta", layout)})
	}
	g.Output(y, layout)
	return nil
}

// kept is the layout that the layer's input has, and the axis of its channels in that.
func (g *Graph) kept() (layout Layout, channels int) {
	switch {
	case len(g.in.shape) == 1:
		return Rows, -1
	case g.in.first:
		return ChannelsFirst, 1
	}
	return ChannelsLast, -1
}

// channelwise is a weight (C), one number for each channel, in a shape that spreads over
// values of a layout.
func (g *Graph) channelwise(name string, layout Layout) Value {
	t, err := g.Values(name)
	if err != nil {
		g.fail("%w", err)
		return ""
	}
	return g.Constant(name, g.spread(t, layout))
}

// spread gives numbers (C) the shape in which they spread over values of a layout.
func (g *Graph) spread(t Tensor, layout Layout) Tensor {
	if layout == ChannelsFirst {
		for range len(g.in.shape) - 1 {
			t.Shape = append(t.Shape, 1)
		}
	}
	return t
}
