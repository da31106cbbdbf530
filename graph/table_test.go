package graph_test

// The table of the package's documentation, row by row, against Gorgonia's own
// machine and against Build.

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"math"
	"regexp"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// trap holds a row of the table.
type trap struct {
	does    func(t *testing.T)                // fails if Gorgonia does not what the row says
	instead func(t *testing.T)                // fails if what the row says to use is wrong
	build   func(g *gorgonia.ExprGraph) error // makes a graph with the trap in it; nil if no graph shows it
	says    string                            // a part of what Build says of that graph
}

// TestTable: each row of the table has its trap and each trap its row; Gorgonia still
// does what the row says; what it says to use is right; and Build refuses, warns of
// or lets pass a graph of it, as the row's mark says. It is not parallel, for the
// warnings are the process's.
func TestTable(t *testing.T) {
	marks := marksOfTable(t)
	traps := make(map[string]trap)
	for _, group := range []map[string]trap{values, gradientsOf, batchNorms, machines, weightsAndSolvers, tensors} {
		for name, trap := range group {
			traps[name] = trap
			if _, ok := marks[name]; !ok {
				t.Errorf("the table has no row %q", name)
			}
		}
	}
	for name, mark := range marks {
		t.Run(name, func(t *testing.T) {
			trap, ok := traps[name]
			if !ok {
				t.Fatal("no test holds this row")
			}
			trap.does(t)
			trap.instead(t)
			if trap.build == nil && mark != ' ' {
				t.Fatalf("no graph shows it, and its mark is %q", mark)
			}
			if trap.build != nil {
				checkMark(t, trap, mark)
			}
		})
	}
}

// marksOfTable are the rows' names and marks, as package documentation has them.
func marksOfTable(t *testing.T) map[string]byte {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	marks, columns := make(map[string]byte), regexp.MustCompile(`  +`)
	for line := range strings.Lines(file.Doc.Text()) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "\t") || len(line) < 3 {
			continue
		}
		switch cells := columns.Split(line[3:], -1); {
		case cells[0] == "you write" || len(cells) == 1:
		case len(cells) != 3 || !strings.Contains(" !x", line[1:2]) || line[2] != ' ':
			t.Errorf("this is no row: %q", line)
		default:
			marks[cells[0]] = line[1]
		}
	}
	return marks
}

func checkMark(t *testing.T, trap trap, mark byte) {
	t.Helper()
	var said []string
	graph.SetWarn(func(text string) { said = append(said, text) })
	defer graph.SetWarn(nil)
	_, err := graph.Build(trap.build)
	got := byte(' ')
	switch {
	case err != nil:
		got, said = 'x', []string{err.Error()}
	case len(said) > 0:
		got = '!'
	}
	if got != mark || len(said) > 1 || mark != ' ' && !strings.Contains(said[0], trap.says) {
		t.Errorf("marked %q, and Build says %q (%q), want a part %q", mark, said, got, trap.says)
	}
}

// function is what a row is about: a node of one input, in the same graph.
type function func(x *gorgonia.Node) *gorgonia.Node

// way is a way to compute a function and, if it is asked for, the gradient by x of
// the sum of 1, 2, 3 ... times y's numbers.
type way func(f function, x *tensor.Dense, differentiate bool) (y, dx []float64, err error)

// own is Gorgonia alone: its Grad, its machine.
func own(options ...gorgonia.VMOpt) way {
	return func(f function, x *tensor.Dense, differentiate bool) (y, dx []float64, err error) {
		defer caught(&err)
		g := gorgonia.NewGraph()
		in, out, grads, err := differentiated(g, f, x, differentiate, gorgonia.Grad)
		if err != nil {
			return nil, nil, err
		}
		vm := gorgonia.NewTapeMachine(g, options...)
		defer vm.Close()
		if err := vm.RunAll(); err != nil {
			return nil, nil, err
		}
		return results(in, out, grads)
	}
}

// built is this package: its Grad, its machine.
func built(f function, x *tensor.Dense, differentiate bool) (y, dx []float64, err error) {
	var in, out *gorgonia.Node
	var grads gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		in, out, grads, err = differentiated(g, f, x, differentiate, graph.Grad)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	if err := m.Run(); err != nil {
		return nil, nil, err
	}
	return results(in, out, grads)
}

type gradient func(*gorgonia.Node, ...*gorgonia.Node) (gorgonia.Nodes, error)

func differentiated(g *gorgonia.ExprGraph, f function, x *tensor.Dense, differentiate bool, grad gradient) (in, out *gorgonia.Node, grads gorgonia.Nodes, err error) {
	in = graph.NewParam(g, "x", x)
	out = f(in)
	if differentiate {
		weights := graph.NewParam(g, "weights of the sum", weights(out.Shape()))
		grads, err = grad(sum(gorgonia.Must(gorgonia.HadamardProd(out, weights))), in)
	}
	return in, out, grads, err
}

// weights are 1, 2, 3 ...
func weights(shape tensor.Shape) *tensor.Dense {
	v := make([]float64, shape.TotalSize())
	for i := range v {
		v[i] = float64(i + 1)
	}
	return tensorOf(shape.Clone(), v...)
}

func results(_, out *gorgonia.Node, grads gorgonia.Nodes) (y, dx []float64, err error) {
	if len(grads) > 0 {
		dx = numbers(grads[0].Value())
	}
	return numbers(out.Value()), dx, nil
}

// caught makes an error of a panic.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v", r)
	}
}

// numbers are a value's, in order.
func numbers(v gorgonia.Value) (y []float64) {
	switch data := v.Data().(type) {
	case float32:
		return []float64{float64(data)}
	case float64:
		return []float64{data}
	case []float32:
		for _, x := range data {
			y = append(y, float64(x))
		}
	case []float64:
		return append(y, data...)
	}
	return y
}

// valueBy is y alone.
func valueBy(t *testing.T, w way, f function, x *tensor.Dense) []float64 {
	t.Helper()
	y, _, err := w(f, x, false)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

var errGradient = errors.New("the gradient is wrong")

// check holds the gradient of a function against differences of its values.
func check(w way, f function, x *tensor.Dense) error {
	_, dx, err := w(f, x, true)
	if err != nil {
		return err
	}
	const h = 1e-5
	for i, got := range dx {
		var loss [2]float64
		for side, step := range []float64{-h, h} {
			moved := x.Clone().(*tensor.Dense)
			moved.Float64s()[i] += step
			y, _, err := w(f, moved, false)
			if err != nil {
				return err
			}
			for j, v := range y {
				loss[side] += float64(j+1) * v
			}
		}
		if want := (loss[1] - loss[0]) / (2 * h); !(math.Abs(got-want) <= 1e-4*max(1, math.Abs(want))) {
			return fmt.Errorf("%w: by number %d it is %v, and differences say %v", errGradient, i, got, want)
		}
	}
	return nil
}

// wrongGradient and rightGradient are tests of rows.
func wrongGradient(w way, f function, x *tensor.Dense) func(t *testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if err := check(w, f, x); !errors.Is(err, errGradient) {
			t.Errorf("Gorgonia's gradient is no longer wrong: %v", err)
		}
	}
}

func rightGradient(f function, x *tensor.Dense) func(t *testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if err := check(built, f, x); err != nil {
			t.Error(err)
		}
	}
}

// gradientOf builds the graph of a gradient.
func gradientOf(f function, shape ...int) func(g *gorgonia.ExprGraph) error {
	return func(g *gorgonia.ExprGraph) error {
		x := graph.NewInput(g, tensor.Float64, "x", shape...)
		_, err := graph.Grad(sum(square(f(x))), x)
		return err
	}
}

// valueOf builds the graph of a value.
func valueOf(f function, shape ...int) func(g *gorgonia.ExprGraph) error {
	return func(g *gorgonia.ExprGraph) error {
		f(graph.NewInput(g, tensor.Float64, "x", shape...))
		return nil
	}
}

// same fails unless the numbers are these, but for rounding; NaN is NaN.
func same(t *testing.T, got []float64, want ...float64) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = got[i] == want[i] || math.Abs(got[i]-want[i]) <= 1e-6*max(1, math.Abs(want[i])) || math.IsNaN(got[i]) && math.IsNaN(want[i])
	}
	if !ok {
		t.Errorf("%v, want %v", got, want)
	}
}

func no(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
