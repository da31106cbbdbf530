package graph_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// TestLispMachine runs our ops forward, and says which machine differentiates them.
func TestLispMachine(t *testing.T) {
	build := func() (*gorgonia.ExprGraph, *gorgonia.Node) {
		g := gorgonia.NewGraph()
		x := graph.NewParam(g, "x", tensorOf(tensor.Shape{2, 2}, 1.0, 2, 3, 4))
		logits, err := graph.Fused.Affine(x, graph.NewParam(g, "w", tensorOf(tensor.Shape{2, 2}, 1.0, 0, 0, 1)), graph.NewParam(g, "b", tensorOf(tensor.Shape{2}, 0.0, 0)), false)
		if err != nil {
			t.Fatal(err)
		}
		loss, _, err := graph.Stock.CrossEntropy(logits, graph.NewParam(g, "labels", tensorOf(tensor.Shape{2}, 0, 1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		return g, loss
	}
	g, loss := build()
	if err := gorgonia.NewLispMachine(g, gorgonia.ExecuteFwdOnly()).RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := graph.Slice[float64](loss.Value())[0]; got < 0.81326 || got > 0.81327 {
		t.Errorf("the loss is %v, want 0.813262", got)
	}
	g, _ = build()
	if err := gorgonia.NewLispMachine(g).RunAll(); err == nil || !strings.Contains(err.Error(), "Affine{ReLU:false}: a LispMachine cannot differentiate it") {
		t.Error(err)
	}
}
