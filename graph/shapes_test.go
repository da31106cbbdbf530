package graph_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

func pad(top, bottom, left, right int) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Pad(in[0], top, bottom, left, right)
	}
}

func crop(top, bottom, left, right int) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Crop(in[0], top, bottom, left, right)
	}
}

func rescale(shift, scale, offset []float64) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Rescale(in[0], shift, scale, offset)
	}
}

func TestShapes(t *testing.T) {
	r := optest.Random
	for name, c := range map[string]optest.Case{
		"reshape": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.Reshape(in[0], 2, 2, 6)
		}, r(1, 2, 3, 4)),
		"pad":         of(pad(1, 2, 0, 3), r(1, 2, 3, 4, 2)),
		"pad nothing": of(pad(0, 0, 0, 0), r(1, 2, 3, 4, 2)),
		"crop":        of(crop(1, 0, 2, 1), r(1, 2, 3, 4, 2)),
		"crop to one": of(crop(1, 1, 0, 3), r(1, 2, 3, 4, 2)),
		"rescale":     of(rescale([]float64{0.5}, []float64{2}, []float64{-1}), r(1, 2, 3, 4, 1)),
		"rescale one": of(rescale([]float64{0}, []float64{2}, []float64{-1}), r(1, 2, 3, 3)),
		"normalize":   of(rescale([]float64{1, 2, 3}, []float64{0.5, 4, -1}, []float64{0}), r(1, 2, 3, 2, 3)),
	} {
		t.Run(name, func(t *testing.T) { optest.Run(t, c) })
	}
}

func TestShapesSayWhoTheyAre(t *testing.T) {
	optest.Identity(t, graph.Pad[float32]{})
	optest.Identity(t, graph.Crop[float32]{})
	for i, r := range []graph.Rescale[float32]{{Shift: []float64{1}}, {Scale: []float64{1}}, {Offset: []float64{1}}, {Offset: []float64{1, 1}}} {
		if r.String() == (graph.Rescale[float32]{}).String() {
			t.Errorf("%d: %v", i, r)
		}
	}
}

func TestShapesThatDoNotFit(t *testing.T) {
	shapes := func(s ...int) []tensor.Shape { return []tensor.Shape{s} }
	optest.Refuses(t, graph.Reshape[float32]{To: tensor.Shape{-1, -6}}, shapes(2, 3), "at least 1")
	optest.Refuses(t, graph.Pad[float32]{Top: -1}, shapes(2, 3, 3, 1), "-1 pixels", "0 or more")
	optest.Refuses(t, graph.Pad[float32]{}, shapes(2, 3), "images (N,H,W,C)")
	optest.Refuses(t, graph.Crop[float32]{Left: 2, Right: 1}, shapes(2, 3, 3, 1), "nothing is left of images of 3 x 3")
	optest.Refuses(t, graph.Crop[float32]{Left: -2}, shapes(2, 3, 3, 1), "0 or more")
	optest.Refuses(t, graph.Rescale[float32]{Shift: []float64{1, 2}, Scale: []float64{1}, Offset: []float64{1}}, shapes(2, 3), "2 numbers for the 3 channels")
	optest.Refuses(t, graph.Rescale[float32]{}, shapes(3), "(N,...,C)")
}
