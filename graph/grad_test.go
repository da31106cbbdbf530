package graph_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// refuses builds a graph and wants an error that contains all fragments.
func refuses(t *testing.T, build func(g *gorgonia.ExprGraph) error, fragments ...string) {
	t.Helper()
	_, err := graph.Build(build)
	if err == nil {
		t.Errorf("accepted; want an error with %q", fragments)
		return
	}
	for _, f := range fragments {
		if !strings.Contains(err.Error(), f) {
			t.Errorf("error %q does not say %q", err, f)
		}
	}
}

func vector(g *gorgonia.ExprGraph, name string, v ...float64) *gorgonia.Node {
	return graph.NewParam(g, name, tensorOf(tensor.Shape{len(v)}, v...))
}

func sum(n *gorgonia.Node) *gorgonia.Node    { return gorgonia.Must(gorgonia.Sum(n)) }
func square(n *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Square(n)) }

// TestGradRefuses what gorgonia.Grad computes wrong, takes for something else or
// panics at.
func TestGradRefuses(t *testing.T) {
	other := gorgonia.NewGraph()
	foreign := vector(other, "foreign", 1)
	for name, c := range map[string]struct {
		grad func(g *gorgonia.ExprGraph, x, w *gorgonia.Node) error
		want string
	}{
		"a second loss over an input": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			if _, err := graph.Grad(sum(x), x); err != nil {
				return err
			}
			_, err := graph.Grad(sum(square(x)), x)
			return err
		}, "x has a gradient already"},
		"a second loss over an op": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			y := square(gorgonia.Must(gorgonia.Add(x, w)))
			if _, err := graph.Grad(sum(y), x); err != nil {
				return err
			}
			_, err := graph.Grad(sum(square(y)), w)
			return err
		}, "has a gradient already"},
		"one loss twice": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			loss := sum(square(gorgonia.Must(gorgonia.Add(x, w))))
			if _, err := graph.Grad(loss, x); err != nil {
				return err
			}
			_, err := graph.Grad(loss, w)
			return err
		}, "call Grad once for all nodes"},
		"a second derivative": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			dx, err := graph.Grad(sum(gorgonia.Must(gorgonia.Cube(x))), x)
			if err != nil {
				return err
			}
			_, err = graph.Grad(sum(dx[0]), x)
			return err
		}, "second derivatives are not supported"},
		"two by Gorgonia itself": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			y := gorgonia.Must(graph.Apply(double{}, x))
			if _, err := gorgonia.Grad(sum(y), x); err != nil {
				return err
			}
			z := gorgonia.Must(graph.Apply(double{}, y))
			_, err := gorgonia.Grad(sum(z), x)
			return err
		}, "has a gradient already"},
		"a node that the loss does not depend on": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			_, err := graph.Grad(sum(x), x, w)
			return err
		}, "does not depend on w"},
		"no scalar": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			_, err := graph.Grad(square(x), x)
			return err
		}, "the loss has the shape (2), must be a scalar"},
		"an int": {func(g *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			n := graph.NewInput(g, tensor.Int, "n")
			_, err := graph.Grad(n, n)
			return err
		}, "element type int"},
		"by labels": {func(g *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			labels := graph.NewInput(g, tensor.Int, "labels", 1)
			loss, _, err := graph.Fused.CrossEntropy(graph.NewInput(g, tensor.Float64, "logits", 1, 2), labels, 0)
			if err != nil {
				return err
			}
			_, err = graph.Grad(loss, labels)
			return err
		}, "labels has the element type int"},
		"by a result": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			y := square(x)
			_, err := graph.Grad(sum(y), y)
			return err
		}, "is not an input"},
		"by nothing": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error { _, err := graph.Grad(sum(x)); return err }, "by nothing"},
		"no loss":    {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error { _, err := graph.Grad(nil, x); return err }, "it is nil"},
		"by nil":     {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error { _, err := graph.Grad(sum(x), nil); return err }, "node 0 to differentiate by is nil"},
		"by a foreigner": {func(_ *gorgonia.ExprGraph, x, w *gorgonia.Node) error {
			_, err := graph.Grad(sum(x), foreign)
			return err
		}, "foreign is a node of another graph"},
		"an op without one":   {gradientOfPooling, "Gorgonia has none of"},
		"of a second output":  {gradientOfProbabilities, "output 1 has no gradient"},
		"of our own gradient": {gradientOfGradient, "are not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, func(g *gorgonia.ExprGraph) error {
				return c.grad(g, vector(g, "x", 1, 2), vector(g, "w", 3, 4))
			}, c.want)
		})
	}
}

func gradientOfPooling(g *gorgonia.ExprGraph, _, _ *gorgonia.Node) error {
	x := graph.NewInput(g, tensor.Float64, "images", 1, 2, 3, 3)
	_, err := graph.Grad(sum(gorgonia.Must(gorgonia.GlobalAveragePool2D(x))), x)
	return err
}

func gradientOfProbabilities(g *gorgonia.ExprGraph, _, _ *gorgonia.Node) error {
	x := graph.NewInput(g, tensor.Float64, "logits", 1, 2)
	loss, _, err := graph.Fused.CrossEntropy(x, graph.NewInput(g, tensor.Int, "labels", 1), 0)
	if err != nil {
		return err
	}
	p, err := graph.Output(loss, 1)
	if err != nil {
		return err
	}
	_, err = graph.Grad(gorgonia.Must(gorgonia.Add(loss, sum(square(p)))), x)
	return err
}

// gradientOfGradient is by another weight, which has no gradient yet.
func gradientOfGradient(g *gorgonia.ExprGraph, _, _ *gorgonia.Node) error {
	x, w := graph.NewInput(g, tensor.Float64, "a", 1, 2), graph.NewInput(g, tensor.Float64, "b", 3, 2)
	y, err := graph.Fused.InnerProducts(x, w)
	if err != nil {
		return err
	}
	dx, err := graph.Grad(sum(y), x)
	if err != nil {
		return err
	}
	_, err = graph.Grad(sum(dx[0]), w)
	return err
}

// TestTwoLossesApart: losses that share nothing are differentiated, each by itself.
func TestTwoLossesApart(t *testing.T) {
	var dx, dw gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		x, w := vector(g, "x", 1, 2), vector(g, "w", 3, 4)
		if dx, err = graph.Grad(sum(square(x)), x); err == nil {
			dw, err = graph.Grad(sum(gorgonia.Must(gorgonia.Cube(w))), w)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if a, b := graph.Slice[float64](dx[0].Value()), graph.Slice[float64](dw[0].Value()); !slices.Equal(a, []float64{2, 4}) || !slices.Equal(b, []float64{27, 48}) {
		t.Errorf("%v and %v, want [2 4] and [27 48]", a, b)
	}
}

// TestGradientsAreOwned: weights whose gradient is one node, a view of it or a
// constant get memory of their own, so that a stock solver moves each of them, at
// every step.
func TestGradientsAreOwned(t *testing.T) {
	t.Run("Grad", func(t *testing.T) { owned(t, graph.Grad) })
	t.Run("gorgonia.Grad", func(t *testing.T) { owned(t, gorgonia.Grad) })
}

func owned(t *testing.T, grad func(*gorgonia.Node, ...*gorgonia.Node) (gorgonia.Nodes, error)) {
	var params gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		a, b := graph.NewParam(g, "a", tensorOf(tensor.Shape{1, 2}, 0.0, 0)), graph.NewParam(g, "b", tensorOf(tensor.Shape{1, 2}, 0.0, 0))
		c := graph.NewParam(g, "c", tensorOf(tensor.Shape{1, 2, 1}, 0.0, 0))
		s, r := graph.NewInput(g, tensor.Float64, "s"), graph.NewInput(g, tensor.Float64, "r")
		flat, err := graph.Fused.Flatten(c)
		if err != nil {
			return err
		}
		loss := sum(gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Add(a, b)), flat)))
		loss = gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Add(loss, s)), r))
		params = gorgonia.Nodes{a, b, c, s, r}
		_, err = grad(loss, params...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(1))
	for step := 1.0; step <= 3; step++ {
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(params)); err != nil {
			t.Fatal(err)
		}
		for _, n := range params {
			if got := graph.Slice[float64](n.Value())[0]; got != -step {
				t.Errorf("after %v steps %s is %v, want %v", step, n.Name(), got, -step)
			}
		}
	}
}
