package onnx

import "stheno/nets"

func init() {
	writes(flatten)
	writes(reshape)
	writes(pad)
	writes(crop)
}

// flatten waits for what comes after it, which decides how to flatten.
func flatten(g *Graph, _ nets.Flatten) error {
	out := g.in
	out.shape = g.Out()
	g.out = &out
	return nil
}

// reshape adds a view of numbers in the order of Build.
func reshape(g *Graph, _ nets.Reshape) error {
	shape := g.Integers("shape", append([]int{-1}, g.Out()...)...)
	g.Output(g.Node("Reshape", []Value{g.Input(ChannelsLast), shape}), ChannelsLast)
	return nil
}

// pad adds zeros around images, in the layout that they have.
func pad(g *Graph, l nets.ZeroPadding2D) error {
	if l.Padding == (nets.Sides{}) {
		l.Padding = nets.Sides{{1, 1}, {1, 1}}
	}
	layout, rows := g.pixels()
	pads := make([]int, 8) // before each axis, and after each
	for i, sides := range l.Padding {
		pads[rows+i], pads[4+rows+i] = sides[0], sides[1]
	}
	g.Output(g.Node("Pad", []Value{g.Input(layout), g.Integers("pads", pads...)}), layout)
	return nil
}

// crop takes a slice of images, in the layout that they have.
func crop(g *Graph, l nets.Cropping2D) error {
	if l.Cropping == (nets.Sides{}) {
		g.Output(g.Input(Any), Any) // nothing is taken off
		return nil
	}
	layout, rows := g.pixels()
	from, out := l.Cropping, g.Out()
	top, left := from[0][0], from[1][0]
	inputs := []Value{g.Input(layout), g.Integers("starts", top, left), g.Integers("ends", top+out[0], left+out[1]), g.Integers("axes", rows, rows+1)}
	g.Output(g.Node("Slice", inputs), layout)
	return nil
}

// pixels is the layout that the layer's images have, and in it the axis of their rows,
// behind which that of their columns stands.
func (g *Graph) pixels() (layout Layout, rows int) {
	if g.in.first {
		return ChannelsFirst, 2
	}
	return ChannelsLast, 1
}
