package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

func add(relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) { return ops.Add(relu, in...) }
}

func subtract(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
	return ops.Subtract(in[0], in[1])
}

func multiply(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) { return ops.Multiply(in...) }

func average(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) { return ops.Average(in...) }

func maximum(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) { return ops.Maximum(in...) }

func minimum(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) { return ops.Minimum(in...) }

func concatenate(axis int) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Concatenate(axis, in...)
	}
}

func TestMerges(t *testing.T) {
	r := optest.Random
	twice := func(apply func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error)) optest.Case {
		return of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return apply(ops, gorgonia.Nodes{in[0], in[0]})
		}, r(1, 2, 3))
	}
	for name, c := range map[string]optest.Case{
		"add":                of(add(false), r(1, 2, 3, 2, 4), r(2, 2, 3, 2, 4)),
		"add relu":           of(add(true), r(1, 2, 3, 2, 4), r(2, 2, 3, 2, 4)),
		"add three":          of(add(true), r(1, 5, 7), r(2, 5, 7), r(3, 5, 7)),
		"add twice":          twice(add(true)),
		"subtract":           of(subtract, r(1, 5, 7), r(2, 5, 7)),
		"subtract itself":    twice(subtract),
		"multiply":           of(multiply, r(1, 5, 7), r(2, 5, 7)),
		"multiply three":     of(multiply, r(1, 5, 7), r(2, 5, 7), r(3, 5, 7)),
		"square":             twice(multiply),
		"average":            of(average, r(1, 5, 7), r(2, 5, 7), r(3, 5, 7)),
		"maximum":            of(maximum, r(1, 5, 7), r(2, 5, 7), r(3, 5, 7)),
		"minimum":            of(minimum, r(1, 5, 7), r(2, 5, 7), r(3, 5, 7)),
		"squeeze and excite": of(multiply, r(1, 3, 4, 2, 5), r(2, 3, 1, 1, 5)),
		"one channel":        of(add(true), r(1, 3, 4, 2, 1), r(2, 3, 4, 2, 5)),
		"each the other":     of(subtract, r(1, 2, 1, 3, 2), r(2, 2, 4, 3, 1)),
		"one number of each": of(maximum, r(1, 3, 4), r(2, 3, 1)),
		"one row":            of(average, r(1, 2, 1, 3, 2), r(2, 2, 4, 3, 2)),
		"concatenate":        of(concatenate(-1), r(1, 2, 3, 2, 4), r(2, 2, 3, 2, 1), r(3, 2, 3, 2, 2)),
		"concatenate down":   of(concatenate(1), r(1, 2, 3, 2, 4), r(2, 2, 1, 2, 4)),
		"concatenate across": of(concatenate(2), r(1, 2, 3, 2, 4), r(2, 2, 3, 5, 4)),
		"concatenate units":  of(concatenate(-1), r(1, 3, 4), r(2, 3, 1)),
		"concatenate itself": twice(concatenate(-1)),
		"residual of a layer": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			y, err := ops.Affine(in[0], in[1], in[2], true)
			if err != nil {
				return nil, err
			}
			return ops.Add(true, in[0], y)
		}, r(1, 3, 4), r(2, 4, 4), r(3, 4)),
	} {
		t.Run(name, func(t *testing.T) {
			optest.Gradient(t, c)
			optest.Garbage(t, c)
			eachImplementation(t, func(t *testing.T) { optest.Twin(t, c) })
		})
	}
}

// TestOfEqualsTheFirstHasTheGradient, as TensorFlow 2.21 gives it for Keras's layers:
//
//	x = [[1, 2, 3], [1, 3, 3], [1, 3, 2]], dy = [1, 10, 100]
func TestOfEqualsTheFirstHasTheGradient(t *testing.T) {
	row := func(v ...float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(1, len(v)), tensor.WithBacking(v))
	}
	for name, c := range map[string]struct {
		apply func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error)
		xs    [3][]float64
		want  [3][]float64
	}{
		"maximum": {maximum, [3][]float64{{1, 2, 3}, {1, 3, 3}, {1, 3, 2}}, [3][]float64{{1, 0, 100}, {0, 10, 0}, {0, 0, 0}}},
		"minimum": {minimum, [3][]float64{{1, 2, 3}, {1, 2, 2}, {1, 2, 2}}, [3][]float64{{1, 10, 0}, {0, 0, 100}, {0, 0, 0}}},
	} {
		for _, ops := range []graph.Ops{graph.Fused, graph.Stock} {
			var grads gorgonia.Nodes
			m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
				in := gorgonia.Nodes{graph.NewParam(g, "a", row(c.xs[0]...)), graph.NewParam(g, "b", row(c.xs[1]...)), graph.NewParam(g, "c", row(c.xs[2]...))}
				y, err := c.apply(ops, in)
				if err != nil {
					return err
				}
				loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, graph.NewParam(g, "dy", row(1, 10, 100))))))
				grads, err = graph.Grad(loss, in...)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Run(); err != nil {
				t.Fatal(err)
			}
			for k, dx := range grads {
				if d := cmp.Diff(c.want[k], graph.Slice[float64](dx.Value())); d != "" {
					t.Errorf("%s, input %d (-want +got):\n%s", name, k, d)
				}
			}
			m.Close()
		}
	}
}

func TestMergesSayWhoTheyAre(t *testing.T) {
	optest.Identity(t, graph.Add[float32]{})
	optest.Identity(t, graph.Extreme[float32]{})
	optest.Identity(t, graph.Concatenate[float32]{})
	optest.Identity(t, graph.Broadcast[float32]{To: tensor.Shape{2, 3}})
}

func TestWhatDoesNotMeetIsRefused(t *testing.T) {
	for _, ops := range []graph.Ops{graph.Fused, graph.Stock} {
		_, err := graph.Build(func(g *gorgonia.ExprGraph) error {
			x := func(name string, shape ...int) *gorgonia.Node {
				return graph.NewInput(g, tensor.Float64, name, shape...)
			}
			wide, flat := x("wide", 2, 4, 4, 3), x("flat", 2, 3)
			for want, f := range map[string]func() (*gorgonia.Node, error){
				"of 4 and 2 axes":       func() (*gorgonia.Node, error) { return ops.Add(false, wide, flat) },
				"differ along axis 1":   func() (*gorgonia.Node, error) { return ops.Multiply(flat, x("narrow", 2, 2)) },
				"differ along axis 0":   func() (*gorgonia.Node, error) { return ops.Subtract(flat, x("one", 1, 3)) },
				"no inputs":             func() (*gorgonia.Node, error) { return ops.Average() },
				"there are no inputs":   func() (*gorgonia.Node, error) { return ops.Concatenate(-1) },
				"takes 2 inputs, got 1": func() (*gorgonia.Node, error) { return ops.Maximum(flat) },
				"equal along all other": func() (*gorgonia.Node, error) { return ops.Concatenate(-1, wide, x("small", 2, 4, 3, 3)) },
				"no such axis":          func() (*gorgonia.Node, error) { return ops.Concatenate(0, flat, flat) },
				"no such axis beside":   func() (*gorgonia.Node, error) { return ops.Concatenate(2, flat, flat) },
			} {
				if n, err := f(); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v, %v", want, n, err)
				}
			}
			_, err := ops.Add(false, wide, wide)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
