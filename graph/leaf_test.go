package graph_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// TestOddInputs: an element type that the machine has no memory for is a matter of
// Let, and of a clear error without it.
func TestOddInputs(t *testing.T) {
	var x *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		x = graph.NewInput(g, tensor.Int64, "x", 2)
		gorgonia.Read(x, new(gorgonia.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err == nil || !strings.Contains(err.Error(), "input x: its element type is int64") {
		t.Error(err)
	}
	let(t, x, tensor.New(tensor.WithBacking([]int64{1, 2})))
	if err := m.Run(); err != nil {
		t.Error(err)
	}
}

// TestNodesAddedLater would never be computed.
func TestNodesAddedLater(t *testing.T) {
	p := newProduct(t, false)
	gorgonia.Must(gorgonia.Square(p.y))
	if err := p.Run(); err == nil || !strings.Contains(err.Error(), "add all of them inside Build's function") {
		t.Error(err)
	}
}

// TestConstants are read as weights are, by our ops and by the machine's look at them.
func TestConstants(t *testing.T) {
	turned := tensorOf(tensor.Shape{2, 2}, 1.0, 2, 3, 4)
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	for _, stockNode := range []bool{false, true} {
		for want, c := range map[string]*tensor.Dense{"": tensorOf(tensor.Shape{2, 2}, 1.0, 2, 3, 4), "does not lie in memory row by row": turned} {
			var y *gorgonia.Node
			m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
				x := graph.NewParam(g, "x", tensorOf(tensor.Shape{1, 2}, 1.0, 10))
				if y, err = graph.Fused.Affine(x, gorgonia.NewConstant(c, gorgonia.WithName("c")), vector(g, "b", 0, 0), false); stockNode {
					gorgonia.Read(y, new(gorgonia.Value))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			err = m.Run()
			switch {
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%v is no error with %q", err, want)
			case want == "" && err != nil:
				t.Error(err)
			case want == "" && graph.Slice[float64](y.Value())[0] != 31:
				t.Errorf("%v, want [31 42]", y.Value())
			}
		}
	}
}

// TestScalarWeights may be tensors of no dimension.
func TestScalarWeights(t *testing.T) {
	var y *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		s := graph.NewParam(g, "s", tensor.New(tensor.FromScalar(3.0)))
		y, err = graph.Fused.L2(s, 1, vector(g, "w", 1, 2))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if got := graph.Slice[float64](y.Value())[0]; got != 8 {
		t.Errorf("%v, want 8", got)
	}
}

// blocking is an op that waits until it may go on.
type blocking struct {
	double
	reached, goOn chan struct{}
}

func (b blocking) Run(out, in []gorgonia.Value) error {
	b.reached <- struct{}{}
	<-b.goOn
	return b.double.Run(out, in)
}

// TestTwoRunsAtATime are refused: they would write to the same memory.
func TestTwoRunsAtATime(t *testing.T) {
	b := blocking{reached: make(chan struct{}), goOn: make(chan struct{})}
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		_, err := graph.Apply(b, vector(g, "x", 1))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan error)
	go func() { first <- m.Run() }()
	<-b.reached
	if err := m.Run(); err == nil || !strings.Contains(err.Error(), "running already") {
		t.Error(err)
	}
	close(b.goOn)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
