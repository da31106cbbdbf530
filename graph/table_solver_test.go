package graph_test

// Rows of the table on first weights, solvers and tensors.

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

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

// adamStep is by how much Adam moves the first of two weights, whose gradients are
// always 10 and 1, in the second step, before which they may change places. Betas of
// one half make it 0.1·7/√67 where the moments are those of the other's first gradient.
func adamStep(t *testing.T, swap bool) []float64 {
	t.Helper()
	var w gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		w = gorgonia.Nodes{vector(g, "a", 1), vector(g, "b", 1)}
		loss := must(gorgonia.Add(sum(must(gorgonia.Mul(w[0], gorgonia.NewConstant(10.0)))), sum(must(gorgonia.Mul(w[1], gorgonia.NewConstant(1.0))))))
		_, err := graph.Grad(loss, w...)
		return err
	})
	no(t, err)
	solver := gorgonia.NewAdamSolver(rate(0.1), gorgonia.WithBeta1(0.5), gorgonia.WithBeta2(0.5))
	step := func(order gorgonia.Nodes) {
		no(t, m.Run())
		no(t, solver.Step(gorgonia.NodesToValueGrads(order)))
	}
	step(w)
	before := numbers(w[0].Value())[0]
	if swap {
		step(gorgonia.Nodes{w[1], w[0]})
	} else {
		step(w)
	}
	return []float64{numbers(w[0].Value())[0] - before}
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
	"NewAdamSolver, in another order": {
		does:    func(t *testing.T) { same(t, adamStep(t, true), -0.1*7/math.Sqrt(67)) },
		instead: func(t *testing.T) { same(t, adamStep(t, false), -0.1) },
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
