package graph_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// tensorOf is a tensor of these numbers.
func tensorOf[T float32 | float64 | int](shape tensor.Shape, v ...T) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
}

// product is Flatten(x (1,2,1)) · w (2,1) + 0, compiled for the tape, or with a
// stock node for Gorgonia's machine.
type product struct {
	*graph.Machine
	x, w, y *gorgonia.Node
}

func newProduct(t *testing.T, stockNode bool) (p product) {
	t.Helper()
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		p.x = graph.NewInput(g, tensor.Float64, "x", 1, 2, 1)
		p.w = graph.NewParam(g, "w", tensorOf(tensor.Shape{2, 1}, 1.0, 10))
		flat, err := graph.Fused.Flatten(p.x)
		if err != nil {
			return err
		}
		p.y, err = graph.Fused.Affine(flat, p.w, graph.NewParam(g, "b", tensorOf(tensor.Shape{1}, 0.0)), false)
		if stockNode {
			gorgonia.Read(p.y, new(gorgonia.Value))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	p.Machine = m
	return p
}

func (p product) run(t *testing.T, want float64) {
	t.Helper()
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if got := graph.Slice[float64](p.y.Value())[0]; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// each runs a test on the tape and on Gorgonia's machine.
func each(t *testing.T, test func(t *testing.T, p product)) {
	t.Run("tape", func(t *testing.T) { test(t, newProduct(t, false)) })
	t.Run("gorgonia", func(t *testing.T) { test(t, newProduct(t, true)) })
}

func let(t *testing.T, n *gorgonia.Node, v any) {
	t.Helper()
	if err := gorgonia.Let(n, v); err != nil {
		t.Fatal(err)
	}
}

// TestLet: what is bound to an input or a weight is what Run reads, from when it is
// bound on; without Let it is the machine's own memory.
func TestLet(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		first := tensorOf(tensor.Shape{1, 2, 1}, 1.0, 2)
		let(t, p.x, first)
		p.run(t, 21)
		first.Float64s()[0] = 3 // it is read where it is
		p.run(t, 23)
		let(t, p.w, tensorOf(tensor.Shape{2, 1}, 100.0, 0))
		p.run(t, 300)
		let(t, p.x, tensorOf(tensor.Shape{1, 2, 1}, 7.0, 0))
		p.run(t, 700)
	})
	each(t, func(t *testing.T, p product) {
		if err := p.Ready(); err != nil {
			t.Fatal(err)
		}
		own := graph.Slice[float64](p.x.Value())
		own[0] = 5
		p.run(t, 5)
		let(t, p.x, tensorOf(tensor.Shape{1, 2, 1}, 0.0, 1))
		own[0] = 6
		p.run(t, 10)
	})
}

// TestLetTakesNoMemoryTwice: an input that has a value needs none of the machine's.
func TestLetTakesNoMemoryTwice(t *testing.T) {
	p := newProduct(t, false)
	before := p.Bytes()
	let(t, p.x, tensorOf(tensor.Shape{1, 2, 1}, 1.0, 2))
	p.run(t, 21)
	if after := p.Bytes(); after >= before {
		t.Errorf("the machine takes %d bytes, and %d without Let", after, before)
	}
}

// TestLetOfWhatDoesNotFit: a value of another shape, element type or order is
// refused by Run, which works again with one that fits.
func TestLetOfWhatDoesNotFit(t *testing.T) {
	columns := tensorOf(tensor.Shape{2, 2}, 1.0, 2, 3, 4)
	column, err := columns.Slice(nil, gorgonia.S(0, 1))
	if err != nil {
		t.Fatal(err)
	}
	transposed := tensorOf(tensor.Shape{1, 2, 1}, 1.0, 2)
	each(t, func(t *testing.T, p product) {
		for want, v := range map[string]any{
			"shape ()":     3.0,
			"element type": tensorOf(tensor.Shape{1, 2, 1}, float32(1), 2),
			"Shape":        tensorOf(tensor.Shape{1, 1, 2}, 1.0, 2),
		} {
			err := gorgonia.Let(p.x, v)
			if err == nil {
				err = p.Run()
			}
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) && !strings.Contains(err.Error(), "Dtype") {
				t.Errorf("%v: %v", want, err)
			}
		}
		let(t, p.x, transposed)
		let(t, p.w, tensorOf(tensor.Shape{2, 1}, 1.0, 1))
		p.run(t, 3)
		if err := gorgonia.UnsafeLet(p.w, column); err == nil {
			if err := p.Run(); err == nil || !strings.Contains(err.Error(), "w has a value") {
				t.Errorf("a slice of columns: %v", err)
			}
		}
	})
}

// TestTransposedInPlace: a tensor may be turned after it was bound.
func TestTransposedInPlace(t *testing.T) {
	square := tensorOf(tensor.Shape{2, 2}, 1.0, 2, 3, 4)
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		_, err := graph.Fused.Softmax(graph.NewParam(g, "square", square))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if err := square.T(); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(); err == nil || !strings.Contains(err.Error(), "square has a value that does not lie in memory row by row") {
		t.Errorf("transposed: %v", err)
	}
	square.UT()
	if err := m.Run(); err != nil {
		t.Error(err)
	}
}

// TestLetOfScalars: a number is a new value each time.
func TestLetOfScalars(t *testing.T) {
	var s, y *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		s = graph.NewInput(g, tensor.Float64, "s")
		y, err = graph.Fused.L2(s, 1, graph.NewParam(g, "w", tensorOf(tensor.Shape{2}, 1.0, 2)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{5, 7, 8} {
		if i > 0 {
			let(t, s, want-5)
		}
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		if got := graph.Slice[float64](y.Value())[0]; got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if err := gorgonia.Let(s, float32(1)); err == nil {
		if err := m.Run(); err == nil {
			t.Error("a float32 is taken for a float64")
		}
	}
}

// double is an op as its author writes one.
type double struct{}

func (double) String() string { return "Double" }

func (double) Shape(in ...tensor.Shape) ([]tensor.Shape, error) {
	return []tensor.Shape{in[0].Clone()}, nil
}

func (double) Run(out, in []gorgonia.Value) error {
	y := graph.Slice[float64](out[0])
	for i, x := range graph.Slice[float64](in[0]) {
		y[i] = 2 * x
	}
	return nil
}

func (double) Grad(_ gorgonia.Nodes, _, dy *gorgonia.Node, _ []bool) (gorgonia.Nodes, error) {
	dx, err := graph.Apply(double{}, dy)
	return gorgonia.Nodes{dx}, err
}

// TestRunAllocatesNothing: the tape and its look at the leaves cost no memory, and a
// new value is bound where the old one was.
func TestRunAllocatesNothing(t *testing.T) {
	var x, y *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		x = graph.NewInput(g, tensor.Float64, "x", 3, 2)
		y, err = graph.Apply(double{}, x)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	values := []*tensor.Dense{tensorOf(tensor.Shape{3, 2}, 1.0, 2, 3, 4, 5, 6), tensorOf(tensor.Shape{3, 2}, 6.0, 5, 4, 3, 2, 1)}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() { m.Run() }); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
	turn := 0
	bind := testing.AllocsPerRun(20, func() { turn++; gorgonia.Let(x, values[turn%2]) })
	both := testing.AllocsPerRun(20, func() { turn++; gorgonia.Let(x, values[turn%2]); m.Run() })
	if both > bind {
		t.Errorf("%v allocations with Let, of which it makes %v", both, bind)
	}
	if got, want := graph.Slice[float64](y.Value())[0], 2*values[turn%2].Float64s()[0]; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
