package onnx

import (
	"cmp"
	"math"

	"stheno/nets"
)

func init() {
	writes(rescaling)
	writes(normalization)
}

// rescaling adds x·Scale + Offset.
func rescaling(g *Graph, l nets.Rescaling) error {
	y := g.Node("Mul", []Value{g.Input(Any), g.number("scale", cmp.Or(l.Scale, 1))})
	g.Output(g.Node("Add", []Value{y, g.number("offset", l.Offset)}), Any)
	return nil
}

// normalization adds (x - Mean) / max(sqrt(Variance), 1e-7), or the way back.
func normalization(g *Graph, l nets.Normalization) error {
	layout, _ := g.kept()
	mean, deviation := make([]float32, len(l.Mean)), make([]float32, len(l.Variance))
	for i, v := range l.Variance {
		mean[i], deviation[i] = float32(l.Mean[i]), float32(max(math.Sqrt(v), 1e-7))
	}
	spread := func(name string, values []float32) Value {
		return g.Constant(name, g.spread(Tensor{[]int{len(values)}, values}, layout))
	}
	x := g.Input(layout)
	if l.Invert {
		g.Output(g.Node("Add", []Value{g.Node("Mul", []Value{x, spread("deviation", deviation)}), spread("mean", mean)}), layout)
		return nil
	}
	g.Output(g.Node("Div", []Value{g.Node("Sub", []Value{x, spread("mean", mean)}), spread("deviation", deviation)}), layout)
	return nil
}
