package graph_test

// What users of Gorgonia's own machines meet.

import (
	"slices"
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

// TestOwnMachine: an op of ours in a graph that Build has not looked at reads a
// copy of what does not lie in memory row by row.
func TestOwnMachine(t *testing.T) {
	turned := tensorOf(tensor.Shape{2, 3}, 1.0, 2, 3, 4, 5, 6)
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	columns := tensor.New(tensor.WithShape(3, 2), tensor.AsFortran([]float64{1, 4, 2, 5, 3, 6})) // given row by row, too
	for _, x := range []*tensor.Dense{turned, columns} {
		g := gorgonia.NewGraph()
		y, err := graph.Apply(double{}, graph.NewParam(g, "x", x))
		if err != nil {
			t.Fatal(err)
		}
		if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
			t.Fatal(err)
		}
		if got, want := graph.Slice[float64](y.Value()), []float64{2, 8, 4, 10, 6, 12}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
