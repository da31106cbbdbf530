package onnx

import "stheno/nets"

func init() {
	writes(func(g *Graph, _ nets.Add) error { return merge(g, "Sum") })
	writes(func(g *Graph, _ nets.Average) error { return merge(g, "Mean") })
	writes(func(g *Graph, _ nets.Maximum) error { return merge(g, "Max") })
	writes(func(g *Graph, _ nets.Minimum) error { return merge(g, "Min") })
	writes(func(g *Graph, _ nets.Subtract) error { return merge(g, "Sub") })
	writes(multiply)
	writes(concatenate)
}

// merge adds a node that makes one number of each of the inputs' in the same place.
func merge(g *Graph, op string) error {
	layout := g.common()
	g.Output(g.Node(op, g.Inputs(layout)), layout)
	return nil
}

// multiply adds the products, of which ONNX has only those of two.
func multiply(g *Graph, _ nets.Multiply) error {
	layout := g.common()
	inputs := g.Inputs(layout)
	y := inputs[0]
	for _, x := range inputs[1:] {
		y = g.Node("Mul", []Value{y, x})
	}
	g.Output(y, layout)
	return nil
}

// concatenate puts channels side by side.
func concatenate(g *Graph, _ nets.Concatenate) error {
	layout := g.common()
	axis := -1
	switch {
	case len(g.in.shape) == 1:
		layout = Rows // in the order of Build, of whatever they were flattened
	case layout == ChannelsFirst || layout == Any && g.in.first:
		layout, axis = ChannelsFirst, 1
	default:
		layout = ChannelsLast
	}
	g.Output(g.Node("Concat", g.Inputs(layout), Int("axis", axis)), layout)
	return nil
}
