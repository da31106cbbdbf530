package graph_test

// Rows of the table on gradients of Gorgonia's ops.

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

func dropout(rate float64) function {
	return func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Dropout(x, rate)) }
}

func fusedDropout(rate float64) function {
	return func(x *gorgonia.Node) *gorgonia.Node {
		return must(graph.Fused.Dropout(x, rate, rand.NewPCG(1, 2)))
	}
}

// slopes are the factors by which Dropout multiplies numbers, all of them v, and by
// which it multiplies their gradient.
func slopes(t *testing.T, w way, f function, v float64) (ys, dxs []float64) {
	t.Helper()
	y, dx, err := w(f, tensorOf(tensor.Shape{1, 64}, slices.Repeat([]float64{v}, 64)...), true)
	no(t, err)
	for i := range dx {
		dx[i] /= float64(i + 1)
	}
	return distinct(y), distinct(dx)
}

// distinct are the numbers that are in v, each once.
func distinct(v []float64) (d []float64) {
	for _, x := range v {
		if x = math.Round(1e9*x) / 1e9; !slices.Contains(d, x) {
			d = append(d, x)
		}
	}
	slices.Sort(d)
	return d
}

// broadcast adds a row of five to images.
func broadcast(b *gorgonia.Node) *gorgonia.Node {
	images := graph.NewParam(b.Graph(), "images", weights(tensor.Shape{2, 3, 4, 5}))
	return must(gorgonia.BroadcastAdd(images, b, nil, []byte{0, 1, 2}))
}

func overLn2(x *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.HadamardDiv(must(gorgonia.Log(x)), gorgonia.NewConstant(math.Ln2)))
}

func outer(x *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.OuterProd(x, vector(x.Graph(), "y", 3, 4, 5)))
}

func evaluatedNorm(x *gorgonia.Node) *gorgonia.Node {
	y, _, _, op, err := gorgonia.BatchNorm(x, ones(x, "scale"), ones(x, "shift"), 0.1, 1e-3)
	must(y, err)
	must(y, op.SetStats(tensorOf(tensor.Shape{2}, 0.0, 0), tensorOf(tensor.Shape{2}, 4.0, 4)))
	must(y, op.SetTraining(false))
	return y
}

// ones is an input (1,C,1,1) of ones, for x (N,C,H,W).
func ones(x *gorgonia.Node, name string) *gorgonia.Node {
	c := x.Shape()[1]
	return graph.NewParam(x.Graph(), name, tensorOf(tensor.Shape{1, c, 1, 1}, slices.Repeat([]float64{1}, c)...))
}

var gradientsOf = map[string]trap{
	"SoftMax of a column (n,1)": {
		does:    wrongGradient(own(), softMax(), tensorOf(tensor.Shape{3, 1}, 1.0, 2, 4)),
		instead: rightGradient(softMax(0), tensorOf(tensor.Shape{3, 1}, 1.0, 2, 4)),
		build:   gradientOf(softMax(), 3, 1), says: "name the axis",
	},
	"Dropout, but at 0.5 in training": {
		does: func(t *testing.T) {
			y, dx := slopes(t, own(), dropout(0.2), 1)
			same(t, append(y, dx...), 0, 1.25, 0, 5)
			y, dx = slopes(t, own(gorgonia.EvalMode()), dropout(0.5), 1)
			same(t, append(y, dx...), 1, 2)
		},
		instead: func(t *testing.T) {
			y, dx := slopes(t, built, fusedDropout(0.2), 1)
			same(t, append(y, dx...), 0, 1.25, 0, 1.25)
		},
		build: gradientOf(dropout(0.2), 2, 3), says: "use graph.Fused.Dropout",
	},
	"Dropout in training": {
		does: func(t *testing.T) {
			_, dx := slopes(t, own(), dropout(0.5), 0)
			same(t, dx, 0)
		},
		instead: func(t *testing.T) {
			_, dx := slopes(t, built, fusedDropout(0.5), 0)
			same(t, dx, 0, 2)
		},
		build: gradientOf(dropout(0.5), 2, 3), says: "no gradient where its input is 0",
	},
	"Dropouts of one node": {
		does: func(t *testing.T) {
			x := graph.NewInput(gorgonia.NewGraph(), tensor.Float64, "x", 2, 3)
			if dropout(0.5)(x) != dropout(0.1)(x) {
				t.Error("they are two")
			}
		},
		instead: func(t *testing.T) {
			x := graph.NewInput(gorgonia.NewGraph(), tensor.Float64, "x", 2, 3)
			if a, b := fusedDropout(0.5)(x), fusedDropout(0.5)(x); a == b {
				t.Error("they are one")
			}
		},
		build: valueOf(dropout(0.1), 2, 3), says: "Dropouts of one node are one",
	},
	"a broadcast along an inner axis": {
		does: wrongGradient(own(), broadcast, weights(tensor.Shape{1, 1, 1, 5})),
		instead: rightGradient(func(b *gorgonia.Node) *gorgonia.Node {
			images := graph.NewParam(b.Graph(), "images", weights(tensor.Shape{2, 3, 4, 5}))
			rows := must(gorgonia.Reshape(images, tensor.Shape{24, 5}))
			return must(gorgonia.BroadcastAdd(rows, b, nil, []byte{0}))
		}, weights(tensor.Shape{1, 5})),
		build: gradientOf(broadcast, 1, 1, 1, 5), says: "the gradient of a broadcast along it",
	},
	"Log2": {
		does: func(t *testing.T) {
			_, dx, err := own()(stock(gorgonia.Log2), tensorOf(tensor.Shape{2}, 1.0, 1), true)
			no(t, err)
			same(t, dx, math.Ln2, 2*math.Ln2)
		},
		instead: func(t *testing.T) {
			same(t, valueBy(t, built, overLn2, tensorOf(tensor.Shape{2}, 8.0, 0.5)), 3, -1)
			rightGradient(overLn2, tensorOf(tensor.Shape{2}, 8.0, 0.5))(t)
		},
		build: gradientOf(stock(gorgonia.Log2), 2), says: "use Log",
	},
	"InverseSqrt": {
		does: func(t *testing.T) {
			_, dx, err := own()(stock(gorgonia.InverseSqrt), tensorOf(tensor.Shape{2}, 4.0, 0.25), true)
			no(t, err)
			same(t, dx, -0.5*8, -0.5/8*2)
		},
		instead: func(t *testing.T) {
			of := func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Inverse(must(gorgonia.Sqrt(x)))) }
			same(t, valueBy(t, built, of, tensorOf(tensor.Shape{2}, 4.0, 0.25)), 0.5, 2)
			rightGradient(of, tensorOf(tensor.Shape{2}, 3.0, 0.5))(t)
		},
		build: gradientOf(stock(gorgonia.InverseSqrt), 2), says: "Inverse of Sqrt",
	},
	"OuterProd": {
		does: func(t *testing.T) {
			if err := check(own(), outer, tensorOf(tensor.Shape{2}, 1.0, 2)); err == nil {
				t.Error("its gradient is right")
			}
		},
		instead: rightGradient(func(x *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Mul(x, graph.NewParam(x.Graph(), "y", tensorOf(tensor.Shape{1, 3}, 3.0, 4, 5))))
		}, tensorOf(tensor.Shape{2, 1}, 1.0, 2)),
		build: gradientOf(outer, 2), says: "use Mul",
	},
	"GlobalAveragePool2D": {
		does: func(t *testing.T) {
			if _, _, err := own()(stock(gorgonia.GlobalAveragePool2D), weights(tensor.Shape{1, 2, 2, 2}), true); err == nil {
				t.Error("it has a gradient")
			}
		},
		instead: func(t *testing.T) {
			of := reshaped(meanAlong(1), 6, 20)
			same(t, valueBy(t, built, of, weights(tensor.Shape{2, 3, 4, 5}))[:2], 10.5, 30.5)
			rightGradient(of, weights(tensor.Shape{2, 3, 4, 5}))(t)
		},
		build: gradientOf(stock(gorgonia.GlobalAveragePool2D), 1, 2, 2, 2), says: "Gorgonia has none of",
	},
	"BatchNorm of images, in evaluation": {
		does: wrongGradient(own(gorgonia.EvalMode()), evaluatedNorm, weights(tensor.Shape{2, 2, 1, 3})),
		instead: rightGradient(func(x *gorgonia.Node) *gorgonia.Node {
			y, _, _, _, err := gorgonia.BatchNorm(x, ones(x, "scale"), ones(x, "shift"), 0.1, 1e-3)
			return must(y, err)
		}, weights(tensor.Shape{2, 2, 1, 3})),
		build: gradientOf(evaluatedNorm, 2, 2, 1, 3), says: "take gradients in training",
	},
	"gorgonia.Grad of a second loss": {
		does: func(t *testing.T) {
			var second gorgonia.Nodes
			y, _, err := own()(func(x *gorgonia.Node) *gorgonia.Node {
				no(t, errorOf(gorgonia.Grad(sum(square(x)), x)))
				var err error
				second, err = gorgonia.Grad(sum(square(square(x))), x)
				return must(second[0], err)
			}, tensorOf(tensor.Shape{1, 2}, 1.0, 2), false)
			no(t, err)
			if slices.Equal(y, []float64{4, 32}) {
				t.Error("the gradient of the second loss is right")
			}
		},
		instead: func(t *testing.T) {
			losses := func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Add(square(x), square(square(x)))) }
			rightGradient(losses, tensorOf(tensor.Shape{1, 2}, 1.0, 2))(t)
		},
		build: func(g *gorgonia.ExprGraph) error { // two losses by Gorgonia's: nobody sees it
			x := graph.NewInput(g, tensor.Float64, "x", 2)
			_, err := gorgonia.Grad(sum(square(x)), x)
			if err == nil {
				_, err = gorgonia.Grad(sum(square(square(x))), x)
			}
			return err
		},
	},
}

func errorOf(_ gorgonia.Nodes, err error) error { return err }
