package graph_test

// Traps of Gorgonia that a user of this package must not fall into, each in its
// smallest form. Where a test takes an error as well as the right value, the
// package is free to refuse.

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

func dense(v []float64, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
}

// sumOf is x·(1,1,...) + 0 for x (1,n), compiled.
func sumOf(t *testing.T, x func(g *gorgonia.ExprGraph) *gorgonia.Node) (*graph.Machine, *gorgonia.Node, *gorgonia.Node) {
	t.Helper()
	var in, y *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		in = x(g)
		n := in.Shape()[1]
		ones := make([]float64, n)
		for i := range ones {
			ones[i] = 1
		}
		y, err = graph.Fused.Affine(in, graph.NewParam(g, "w", dense(ones, n, 1)), graph.NewParam(g, "b", dense([]float64{0}, 1)), false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, in, y
}

// TestTrapLet: gorgonia.Let, the way to feed a Gorgonia graph, before and between runs.
func TestTrapLet(t *testing.T) {
	m, x, y := sumOf(t, func(g *gorgonia.ExprGraph) *gorgonia.Node { return graph.NewInput(g, tensor.Float64, "x", 1, 2) })
	for i := 1; i <= 3; i++ {
		if err := gorgonia.Let(x, dense([]float64{float64(i), float64(i)}, 1, 2)); err != nil {
			t.Fatal(err)
		}
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		if got := graph.Slice[float64](y.Value())[0]; got != float64(2*i) {
			t.Errorf("batch %d: %v, want %v: Let was lost without an error", i, got, 2*i)
		}
	}
}

// TestTrapLayout: a tensor that is not row-major in memory.
func TestTrapLayout(t *testing.T) {
	lazy := dense([]float64{1, 2, 3, 4, 5, 6}, 3, 2)
	lazy.T() // rows 1 3 5 and 2 4 6
	for name, x := range map[string]*tensor.Dense{"T()": lazy, "column-major": tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float64{1, 2, 3, 4, 5, 6}))} {
		want := 0.0
		for j := range 3 {
			v, _ := x.At(0, j)
			want += v.(float64)
		}
		m, _, y := sumOf(t, func(g *gorgonia.ExprGraph) *gorgonia.Node { return graph.NewParam(g, "x", x) })
		if err := m.Run(); err == nil {
			if got := graph.Slice[float64](y.Value())[0]; got != want {
				t.Errorf("%s: %v, want %v or an error", name, got, want)
			}
		}
	}
}

// TestTrapTwoLosses: two losses that share a node, each differentiated.
func TestTrapTwoLosses(t *testing.T) {
	var b gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		x := graph.NewParam(g, "x", dense([]float64{1, 2, 3}, 1, 3))
		square := gorgonia.Must(gorgonia.Square(x))
		if _, err = graph.Grad(gorgonia.Must(gorgonia.Sum(square)), x); err != nil {
			return err
		}
		b, err = graph.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(square)))), x)
		return err
	})
	if err != nil {
		return // refused: well
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if got := graph.Slice[float64](b[0].Value()); got[2] != 108 {
		t.Errorf("the gradient of sum(x^4) is %v, want [4 32 108] or an error", got)
	}
}

// TestTrapLispMachine: Gorgonia's other machine over our ops.
func TestTrapLispMachine(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w := graph.NewParam(g, "x", dense([]float64{1, 2}, 1, 2)), graph.NewParam(g, "w", dense([]float64{1, 1}, 2, 1))
	y, err := graph.Fused.Affine(x, w, graph.NewParam(g, "b", dense([]float64{0}, 1)), false)
	if err != nil {
		t.Fatal(err)
	}
	gorgonia.Must(gorgonia.Sum(y))
	if err := gorgonia.NewLispMachine(g).RunAll(); err != nil {
		return // refused: well
	}
	d, err := w.Grad()
	if err == nil && graph.Slice[float64](d)[1] != 2 {
		t.Errorf("LispMachine says dw = %v, want (1,2), or an error", d)
	}
}

// TestTrapEvaluation: an op with a mode, which the builder has set.
func TestTrapEvaluation(t *testing.T) {
	var y *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		ones := make([]float64, 100)
		for i := range ones {
			ones[i] = 1
		}
		if y, err = gorgonia.Dropout(graph.NewParam(g, "x", dense(ones, 1, 100)), 0.5); err != nil {
			return err
		}
		return y.Op().(gorgonia.TrainModeOp).SetTraining(false)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	for _, v := range graph.Slice[float64](y.Value()) {
		if v != 1 {
			t.Fatalf("Dropout in evaluation drops: Build has set the op back to training, and there is no way to ask it not to")
		}
	}
}

// TestTrapNames: two weights of one name.
func TestTrapNames(t *testing.T) {
	defer func() { recover() }() // a panic would do
	_, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		graph.NewParam(g, "w", dense([]float64{1, 1}, 2, 1))
		if second := graph.NewParam(g, "w", dense([]float64{7, 7}, 2, 1)); graph.Slice[float64](second.Value())[0] != 7 {
			t.Errorf("the second weight has the first one's values: %v", second.Value())
		}
		return nil
	})
	_ = err
}

// TestTrapTypes: element types that do not fit are found by Run, not by Apply, and labels of another type are read as what they are not.
func TestTrapTypes(t *testing.T) {
	_, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		x := graph.NewParam(g, "x", dense([]float64{1, 1}, 1, 2))
		_, err := graph.Apply(graph.Affine[float32]{}, x, graph.NewParam(g, "w", dense([]float64{1, 1}, 2, 1)), graph.NewParam(g, "b", dense([]float64{0}, 1)))
		return err
	})
	if err == nil {
		t.Error("Affine[float32] of float64 inputs is accepted")
	}
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		_, _, err := graph.Fused.CrossEntropy(graph.NewParam(g, "x", dense([]float64{1, 2, 3, 1, 2, 3}, 2, 3)), graph.NewParam(g, "labels", dense([]float64{0, 0}, 2)), 0)
		return err
	})
	if err == nil && m.Run() == nil {
		t.Error("labels of type float64 are accepted")
	}
}

// TestTrapZSolver: a stock solver's step on one graph must not change another's gradients.
func TestTrapZSolver(t *testing.T) {
	gradient := func(spoil bool) float64 {
		var d gorgonia.Nodes
		var params gorgonia.Nodes
		m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
			x := graph.NewParam(g, "x", dense([]float64{1, 1}, 1, 2))
			s := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("s"), gorgonia.WithValue(3.0))
			params = gorgonia.Nodes{x, s}
			d, err = graph.Grad(gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(x)))), s)), x, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		got := graph.Slice[float64](d[0].Value())[0]
		if spoil {
			if err := gorgonia.NewVanillaSolver().Step(gorgonia.NodesToValueGrads(params)); err != nil {
				t.Fatal(err)
			}
		}
		return got
	}
	if a, b := gradient(true), gradient(false); a != b {
		t.Errorf("the gradient is %v, and in a new graph, after a stock solver's step in the first, %v", a, b)
	}
}
