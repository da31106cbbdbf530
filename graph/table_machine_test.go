package graph_test

// Rows of the table on BatchNorm, Gorgonia's machines, first weights, solvers and
// tensors.

import (
	"bytes"
	"math"
	"slices"
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
			g := gorgonia.NewGraph()
			x := graph.NewParam(g, "x", weights(tensor.Shape{2, 3}))
			sum(must(gorgonia.Max(x, 1)))
			no(t, gorgonia.NewLispMachine(g).RunAll())
			d, err := x.Grad()
			no(t, err)
			same(t, distinct(numbers(d)), 0)
		},
		instead: func(t *testing.T) {
			max := func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Max(x, 1)) }
			rightGradient(max, weights(tensor.Shape{2, 3}))(t)
			no(t, check(own(), max, weights(tensor.Shape{2, 3})))
		},
	},
}

// first draws weights (100,100) in float32.
func first(f gorgonia.InitWFn) []float64 {
	return numbers(tensor.New(tensor.WithShape(100, 100), tensor.WithBacking(f(tensor.Float32, 100, 100))))
}

// steps is by how much a weight of 1, whose gradient is always 2, moves in each of
// two steps.
func steps(t *testing.T, solver gorgonia.Solver, shape ...int) (by []float64) {
	t.Helper()
	var w *gorgonia.Node
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		w = graph.NewInput(g, tensor.Float64, "w", shape...)
		if len(shape) == 0 {
			no(t, gorgonia.Let(w, 1.0))
		} else {
			no(t, gorgonia.Let(w, tensorOf(shape, 1.0)))
		}
		loss := must(gorgonia.Add(w, w))
		if len(shape) > 0 {
			loss = sum(loss)
		}
		_, err = graph.Grad(loss, w)
		return err
	})
	no(t, err)
	for range 2 {
		before := numbers(w.Value())[0]
		no(t, m.Run())
		no(t, solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})))
		by = append(by, numbers(w.Value())[0]-before)
	}
	return by
}

var rate = gorgonia.WithLearnRate

var weightsAndSolvers = map[string]trap{
	"GlorotU in float32": {
		does: func(t *testing.T) {
			if v := first(gorgonia.GlorotU(1)); slices.Max(v) < 1.2*math.Sqrt(6.0/200) {
				t.Error("it keeps its limits")
			}
		},
		instead: func(t *testing.T) {
			a := math.Sqrt(6.0 / 200)
			if v := first(gorgonia.Uniform(-a, a)); slices.Max(v) > a || slices.Min(v) < -a || slices.Max(v) < 0.9*a {
				t.Errorf("%v ... %v, want -%v ... %v", slices.Min(v), slices.Max(v), a, a)
			}
		},
	},
	"HeN, HeU in float32": {
		does: func(t *testing.T) {
			for _, f := range []gorgonia.InitWFn{gorgonia.HeN(1), gorgonia.HeU(1)} {
				var err error
				func() { defer caught(&err); first(f) }()
				if err == nil {
					t.Error("it does not panic")
				}
			}
		},
		instead: func(t *testing.T) {
			squares := 0.0
			for _, v := range first(gorgonia.Gaussian(0, math.Sqrt(2.0/100))) {
				squares += v * v / 1e4
			}
			if math.Abs(squares*50-1) > 0.1 { // 7 deviations
				t.Errorf("a variance of %v, want 0.02", squares)
			}
		},
	},
	"NewAdamW": {
		does:    func(t *testing.T) { same(t, steps(t, gorgonia.NewAdamW(rate(0.1)), 1), 0, 0) },
		instead: func(t *testing.T) { same(t, steps(t, gorgonia.NewAdamSolver(rate(0.1)), 1), -0.1, -0.1) },
	},
	"NewAdaGradSolver": {
		does: func(t *testing.T) {
			same(t, steps(t, gorgonia.NewAdaGradSolver(rate(0.1)), 1)[:1], -0.001)
		},
		instead: func(t *testing.T) { same(t, steps(t, gorgonia.NewAdamSolver(rate(0.1)), 1), -0.1, -0.1) },
	},
	"NewMomentum": {
		does: func(t *testing.T) {
			same(t, steps(t, gorgonia.NewMomentum(rate(0.1), gorgonia.WithMomentum(0.5))), -0.2, -0.2)
			by := steps(t, gorgonia.NewMomentum(rate(0.1), gorgonia.WithMomentum(0.5), gorgonia.WithL2Reg(0.5)), 1)
			if want := -0.1 * (2 + 0.5); math.Abs(by[0]-want) < 1e-6 {
				t.Error("L2 is added to the gradient")
			}
		},
		instead: func(t *testing.T) {
			same(t, steps(t, gorgonia.NewMomentum(rate(0.1), gorgonia.WithMomentum(0.5)), 1), -0.2, -0.3)
			same(t, steps(t, gorgonia.NewVanillaSolver(rate(0.1), gorgonia.WithL2Reg(0.5)), 1), -0.25, -0.1*(2+0.5*0.75))
		},
	},
	"NewRMSPropSolver with L2": {
		does: func(t *testing.T) {
			by := steps(t, gorgonia.NewRMSPropSolver(rate(1e-9), gorgonia.WithL2Reg(0.5)), 1)
			if by[0] > -0.4 {
				t.Errorf("at a rate of 1e-9 it moves the weight by %v", by[0])
			}
		},
		instead: func(t *testing.T) {
			same(t, steps(t, gorgonia.NewVanillaSolver(rate(1e-9), gorgonia.WithL2Reg(0.5)), 1), 0, 0)
			same(t, steps(t, gorgonia.NewAdamSolver(rate(1e-9), gorgonia.WithL2Reg(0.5)), 1), 0, 0)
		},
	},
}

// turned is the transpose of rows 1 2 3 and 4 5 6.
func turned(t *testing.T) *tensor.Dense {
	x := weights(tensor.Shape{2, 3})
	no(t, x.T())
	return x
}

// throughNpy is what another reads of what WriteNpy writes.
func throughNpy(t *testing.T, x *tensor.Dense) []float64 {
	t.Helper()
	var file bytes.Buffer
	no(t, x.WriteNpy(&file))
	back := new(tensor.Dense)
	no(t, back.ReadNpy(&file))
	if !back.Shape().Eq(x.Shape()) {
		t.Errorf("the shape %v, want %v", back.Shape(), x.Shape())
	}
	return back.Float64s()
}

var tensors = map[string]trap{
	"Data of a tensor after T": {
		does:    func(t *testing.T) { same(t, turned(t).Data().([]float64), 1, 2, 3, 4, 5, 6) },
		instead: func(t *testing.T) { same(t, turned(t).Materialize().Data().([]float64), 1, 4, 2, 5, 3, 6) },
	},
	"WriteNpy after T": {
		does: func(t *testing.T) { same(t, throughNpy(t, turned(t)), 1, 2, 3, 4, 5, 6) },
		instead: func(t *testing.T) {
			same(t, throughNpy(t, turned(t).Materialize().(*tensor.Dense)), 1, 4, 2, 5, 3, 6)
		},
	},
}
