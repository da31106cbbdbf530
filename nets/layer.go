package nets

import "gorgonia.org/gorgonia"

// Layer is a step of a network: settings, and how they become nodes.
type Layer interface {
	// Build adds the layer to b's graph, after x, and returns its output. It
	// takes its weights from b and refuses what does not fit.
	//
	// Gorgonia's own ops may stand in it. Those that have a mode get b.Phase's:
	// Gorgonia's Dropout, whose seed is the clock, is nothing outside of training.
	// The running statistics of its BatchNorm belong to one graph alone and are not
	// saved: programs for the other phases are refused until SetStats puts them there.
	Build(b *Builder, x *gorgonia.Node) (*gorgonia.Node, error)
}
