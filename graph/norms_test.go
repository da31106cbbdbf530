package graph_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

// The three normalizations, with gamma and beta or without.

func batchNorm(scale, center, relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		gamma, beta := parameters(in[1:], scale, center)
		y, _, _, err := ops.BatchNorm(in[0], gamma, beta, 1e-3, relu, nil)
		return y, err
	}
}

func channelNorm(scale, center, relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		gamma, beta := parameters(in[3:], scale, center)
		return ops.ChannelNorm(in[0], gamma, beta, in[1], in[2], 1e-3, relu)
	}
}

func layerNorm(scale, center bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		gamma, beta := parameters(in[1:], scale, center)
		return ops.LayerNorm(in[0], gamma, beta, 1e-3)
	}
}

// parameters are gamma and beta, where there are such.
func parameters(in gorgonia.Nodes, scale, center bool) (gamma, beta *gorgonia.Node) {
	if scale {
		gamma, in = in[0], in[1:]
	}
	if center {
		beta = in[0]
	}
	return gamma, beta
}

// variances are numbers above 0.
func variances(seed uint64, c int) *tensor.Dense {
	v := optest.Random(seed, c)
	for i, x := range v.Float64s() {
		v.Float64s()[i] = 0.2 + x*x
	}
	return v
}

func TestNorms(t *testing.T) {
	r := optest.Random
	cases := map[string]optest.Case{
		"batch":                of(batchNorm(true, true, false), r(1, 2, 3, 2, 3), r(2, 3), r(3, 3)),
		"batch relu":           of(batchNorm(true, true, true), r(4, 2, 3, 2, 3), r(2, 3), r(3, 3)),
		"batch of rows":        of(batchNorm(true, true, true), r(1, 9, 5), r(2, 5), r(3, 5)),
		"batch of wide rows":   of(batchNorm(true, true, true), r(1, 3, 70), r(2, 70), r(3, 70)),
		"batch of many rows":   of(batchNorm(true, true, true), r(1, 71, 1), r(2, 1), r(3, 1)),
		"batch without gamma":  of(batchNorm(false, true, true), r(1, 7, 2), r(3, 2)),
		"batch without beta":   of(batchNorm(true, false, true), r(1, 7, 2), r(3, 2)),
		"batch alone":          of(batchNorm(false, false, false), r(1, 7, 2)),
		"channel":              of(channelNorm(true, true, false), r(1, 2, 3, 2, 3), r(5, 3), variances(6, 3), r(2, 3), r(3, 3)),
		"channel relu":         of(channelNorm(true, true, true), r(1, 2, 3, 2, 3), r(5, 3), variances(6, 3), r(2, 3), r(3, 3)),
		"channel of a row":     of(channelNorm(true, true, true), r(1, 1, 3), r(5, 3), variances(6, 3), r(2, 3), r(3, 3)),
		"channel without both": of(channelNorm(false, false, true), r(1, 19, 3), r(5, 3), variances(6, 3)),
		"channel no gamma":     of(channelNorm(false, true, true), r(1, 19, 3), r(5, 3), variances(6, 3), r(2, 3)),
		"layer":                of(layerNorm(true, true), r(1, 2, 2, 2, 5), r(2, 5), r(3, 5)),
		"layer of rows":        of(layerNorm(true, true), r(1, 4, 7), r(2, 7), r(3, 7)),
		"layer without gamma":  of(layerNorm(false, true), r(1, 4, 7), r(3, 7)),
		"layer without beta":   of(layerNorm(true, false), r(1, 4, 7), r(3, 7)),
		"layer without both":   of(layerNorm(false, false), r(1, 4, 7)),
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { optest.Run(t, c) })
	}
}

func TestNormIdentity(t *testing.T) {
	optest.Identity(t, graph.BatchNorm[float32]{Epsilon: 1})
	optest.Identity(t, graph.ChannelNorm[float32]{Epsilon: 1})
	optest.Identity(t, graph.LayerNorm[float32]{Epsilon: 1})
}

func TestNormsRefuse(t *testing.T) {
	x, c := tensor.Shape{2, 3, 4}, tensor.Shape{4}
	optest.Refuses(t, graph.BatchNorm[float32]{Scale: true}, []tensor.Shape{x, c}, "an epsilon of 0")
	optest.Refuses(t, graph.BatchNorm[float32]{Epsilon: 1, Scale: true}, []tensor.Shape{x, {3}}, "(2, 3, 4) has 4 channels", "(3)")
	optest.Refuses(t, graph.ChannelNorm[float32]{Epsilon: 1}, []tensor.Shape{x, c, {1, 4}}, "(1, 4)")
	optest.Refuses(t, graph.LayerNorm[float32]{Epsilon: 1}, []tensor.Shape{{4}}, "wants x (N,...,C)")
}

// apart is one of two processes that say they are.
type apart struct{ graph.Together }

func (apart) Place() (process, processes int) { return 0, 2 }

// TestStockNormsAreAlone: they would give their own rows' moments for all.
func TestStockNormsAreAlone(t *testing.T) {
	_, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		_, _, _, err := graph.Stock.BatchNorm(graph.NewInput(g, tensor.Float64, "x", 2, 3), nil, nil, 1, false, apart{})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "know nothing of other processes") {
		t.Error(err)
	}
}
