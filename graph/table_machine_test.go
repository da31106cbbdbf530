package graph_test

// Rows of the table on BatchNorm and on Gorgonia's machines.

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// norm is a graph of x (4,1) = 0, 2, 4, 6 and BatchNorm of it.
func norm(t *testing.T, momentum float64) (*gorgonia.ExprGraph, *gorgonia.BatchNormOp) {
	t.Helper()
	g := gorgonia.NewGraph()
	x := graph.NewParam(g, "x", tensorOf(tensor.Shape{4, 1}, 0.0, 2, 4, 6))
	op, err := addNorm(x, momentum)
	no(t, err)
	return g, op
}

func addNorm(x *gorgonia.Node, momentum float64) (*gorgonia.BatchNormOp, error) {
	one := func(name string) *gorgonia.Node {
		return graph.NewParam(x.Graph(), name, tensorOf(tensor.Shape{1, 1}, 1.0))
	}
	_, _, _, op, err := gorgonia.BatchNorm(x, one("scale"), one("shift"), momentum, 1e-3)
	return op, err
}

// runningMean is that after a batch whose mean is 3, from 0 on.
func runningMean(t *testing.T, momentum float64) []float64 {
	t.Helper()
	g, op := norm(t, momentum)
	no(t, gorgonia.NewTapeMachine(g).RunAll())
	mean, _ := op.Stats()
	return numbers(mean.(*tensor.Dense))
}

// halved is BatchNorm by statistics of a mean of 1 and a deviation of 2.
func halved(t *testing.T) (*gorgonia.ExprGraph, *gorgonia.BatchNormOp) {
	g, op := norm(t, 0.1)
	no(t, op.SetTraining(true)) // so that it has some
	no(t, op.SetStats(tensorOf(tensor.Shape{1}, 1.0), tensorOf(tensor.Shape{1}, 4.0)))
	no(t, op.SetTraining(false))
	return g, op
}

func statistics(op *gorgonia.BatchNormOp) []float64 {
	mean, variance := op.Stats()
	return append(numbers(mean.(*tensor.Dense)), numbers(variance.(*tensor.Dense))...)
}

var batchNorms = map[string]trap{
	"BatchNorm without scale, shift": {
		does: func(t *testing.T) {
			x := graph.NewInput(gorgonia.NewGraph(), tensor.Float64, "x", 2, 3, 4, 4)
			_, scale, shift, _, err := gorgonia.BatchNorm(x, nil, nil, 0.1, 1e-3)
			no(t, err)
			for _, n := range []*gorgonia.Node{scale, shift} {
				if !n.Shape().Eq(x.Shape()) || len(distinct(numbers(n.Value()))) < 50 {
					t.Errorf("%s is of shape %v", n.Name(), n.Shape())
				}
			}
		},
		instead: func(t *testing.T) {
			y := valueBy(t, built, func(x *gorgonia.Node) *gorgonia.Node {
				shift := graph.NewParam(x.Graph(), "shift", tensorOf(tensor.Shape{1, 1, 1, 1}, 0.0))
				y, _, _, _, err := gorgonia.BatchNorm(x, ones(x, "scale"), shift, 0.1, 0)
				return must(y, err)
			}, tensorOf(tensor.Shape{2, 1, 1, 2}, 1.0, 1, 3, 3))
			same(t, y, -1, -1, 1, 1)
		},
		build: valueOf(func(x *gorgonia.Node) *gorgonia.Node {
			y, _, _, _, err := gorgonia.BatchNorm(x, nil, nil, 0.1, 1e-3)
			return must(y, err)
		}, 4, 3), says: "without a scale or a shift",
	},
	"BatchNorm's momentum": {
		does:    func(t *testing.T) { same(t, runningMean(t, 0.99), 0.99*3) },
		instead: func(t *testing.T) { same(t, runningMean(t, 0.01), 0.01*3) },
		build: func(g *gorgonia.ExprGraph) error {
			_, err := addNorm(graph.NewInput(g, tensor.Float64, "x", 4, 1), 0.99)
			return err
		}, says: "the share of the new batch",
	},
	"BatchNorms of one node": {
		does: func(t *testing.T) {
			x := graph.NewInput(gorgonia.NewGraph(), tensor.Float64, "x", 2, 1, 1, 2)
			scale, shift := ones(x, "scale"), ones(x, "shift")
			a, _, _, _, err := gorgonia.BatchNorm(x, scale, shift, 0.11, 1e-5)
			no(t, err)
			if b, _, _, _, err := gorgonia.BatchNorm(x, scale, shift, 0.14, 0.04); err != nil || a != b {
				t.Errorf("they are two: %v", err)
			}
		},
		instead: func(t *testing.T) {
			y := valueBy(t, built, func(x *gorgonia.Node) *gorgonia.Node {
				scale, shift := ones(x, "scale"), ones(x, "shift")
				a, _, _, _, err := gorgonia.BatchNorm(x, scale, shift, 0.1, 0)
				must(a, err)
				copied := must(graph.Apply(graph.Reshape[float64]{To: x.Shape()}, x))
				b, _, _, _, err := gorgonia.BatchNorm(copied, scale, shift, 0.1, 0.04)
				return must(gorgonia.Sub(a, must(b, err)))
			}, tensorOf(tensor.Shape{2, 1, 1, 2}, 1.0, 1, 3, 3))
			same(t, y[2:], 1-1/math.Sqrt(1.04), 1-1/math.Sqrt(1.04))
		},
	},
	"NewTapeMachine": {
		does: func(t *testing.T) {
			g, op := halved(t)
			same(t, statistics(op), 1, 4)
			gorgonia.NewTapeMachine(g)
			same(t, statistics(op), 0, 1)
		},
		instead: func(t *testing.T) {
			g, op := halved(t)
			gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
			same(t, statistics(op), 1, 4)
			_, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
				if op, err = addNorm(graph.NewInput(g, tensor.Float64, "x", 4, 1), 0.1); err != nil {
					return err
				}
				return op.SetStats(tensorOf(tensor.Shape{1}, 1.0), tensorOf(tensor.Shape{1}, 4.0))
			}, graph.Evaluation)
			no(t, err)
			same(t, statistics(op), 1, 4)
		},
	},
}

// doubled is a graph of 2·x, x = 1.
func doubled() (g *gorgonia.ExprGraph, x, y *gorgonia.Node) {
	g = gorgonia.NewGraph()
	x = graph.NewParam(g, "x", tensorOf(tensor.Shape{1}, 1.0))
	return g, x, must(gorgonia.Add(x, x))
}

// runTwice runs a machine on x = 1 and on x = 5.
func runTwice(t *testing.T, run func() error, x, y *gorgonia.Node) []float64 {
	t.Helper()
	no(t, run())
	no(t, gorgonia.Let(x, tensorOf(tensor.Shape{1}, 5.0)))
	no(t, run())
	return numbers(y.Value())
}

// gradientAfterTwo is the gradient of x² at 3, after two runs of Gorgonia's machine.
func gradientAfterTwo(t *testing.T, dual bool) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	x := graph.NewParam(g, "x", tensorOf(tensor.Shape{1, 1}, 3.0))
	grads, err := graph.Grad(sum(square(x)), x)
	no(t, err)
	var options []gorgonia.VMOpt
	if dual {
		options = append(options, gorgonia.BindDualValues(x))
	}
	vm := gorgonia.NewTapeMachine(g, options...)
	for range 2 {
		vm.Reset()
		no(t, vm.RunAll())
	}
	if dual {
		d, err := x.Grad()
		no(t, err)
		return numbers(d)
	}
	before := numbers(grads[0].Value())
	no(t, gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.5)).Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{x})))
	same(t, numbers(x.Value()), 0)
	return before
}

// readOnce is x², which ten is added to.
func readOnce(x *gorgonia.Node) *gorgonia.Node {
	y := square(x)
	must(gorgonia.Add(y, gorgonia.NewConstant(10.0)))
	return y
}

func largest(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Max(x, 3)) }

func upsampled(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Upsample2D(x, 2)) }

var machines = map[string]trap{
	"RunAll, a second one": {
		does: func(t *testing.T) {
			g, x, y := doubled()
			same(t, runTwice(t, gorgonia.NewTapeMachine(g).RunAll, x, y), 2)
		},
		instead: func(t *testing.T) {
			g, x, y := doubled()
			vm := gorgonia.NewTapeMachine(g)
			same(t, runTwice(t, func() error { vm.Reset(); return vm.RunAll() }, x, y), 10)
			m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
				x = graph.NewParam(g, "x", tensorOf(tensor.Shape{1}, 1.0))
				y, err = gorgonia.Add(x, x)
				return err
			})
			no(t, err)
			same(t, runTwice(t, m.Run, x, y), 10)
		},
	},
	"BindDualValues": {
		does:    func(t *testing.T) { same(t, gradientAfterTwo(t, true), 12) },
		instead: func(t *testing.T) { same(t, gradientAfterTwo(t, false), 6) },
	},
	"Value after a TapeMachine's run": {
		does: func(t *testing.T) {
			same(t, valueBy(t, own(), readOnce, weights(tensor.Shape{2})), 11, 14)
		},
		instead: func(t *testing.T) {
			same(t, valueBy(t, built, readOnce, weights(tensor.Shape{2})), 1, 4)
		},
	},
	"LispMachine": {
		does: func(t *testing.T) {
			for _, f := range []function{largest, upsampled} {
				g := gorgonia.NewGraph()
				x := graph.NewParam(g, "x", weights(tensor.Shape{1, 1, 2, 3}))
				sum(f(x))
				no(t, gorgonia.NewLispMachine(g).RunAll())
				d, err := x.Grad()
				no(t, err)
				same(t, distinct(numbers(d)), 0)
			}
		},
		instead: func(t *testing.T) {
			for _, f := range []function{largest, upsampled} {
				rightGradient(f, weights(tensor.Shape{1, 1, 2, 3}))(t)
				no(t, check(own(), f, weights(tensor.Shape{1, 1, 2, 3})))
			}
		},
	},
}
