package graph_test

// Rows of the table on what Gorgonia's ops compute, and on their gradients.

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

var (
	nan, inf = math.NaN(), math.Inf(1)
	must     = gorgonia.Must
)

// stock is an op of Gorgonia's without settings.
func stock(op func(*gorgonia.Node) (*gorgonia.Node, error)) function {
	return func(x *gorgonia.Node) *gorgonia.Node { return must(op(x)) }
}

func softMax(axes ...int) function {
	return func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.SoftMax(x, axes...)) }
}

func logSoftMax(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.LogSoftMax(x)) }

// reshaped is a function of x in another shape.
func reshaped(f function, shape ...int) function {
	return func(x *gorgonia.Node) *gorgonia.Node { return f(must(gorgonia.Reshape(x, shape))) }
}

func sumAlong(axes ...int) function {
	return func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Sum(x, axes...)) }
}

func meanAlong(axes ...int) function {
	return func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Mean(x, axes...)) }
}

func averagePool(kernel ...int) function {
	return func(x *gorgonia.Node) *gorgonia.Node {
		return must(gorgonia.AveragePool2D(x, kernel, []int{0, 0}, kernel))
	}
}

// averages is a mean over windows as the table has it, of images (N·C,1,H,W).
func averages(kernel ...int) function {
	return func(x *gorgonia.Node) *gorgonia.Node {
		share := make([]float64, kernel[0]*kernel[1])
		for i := range share {
			share[i] = 1 / float64(len(share))
		}
		filter := graph.NewParam(x.Graph(), "filter", tensorOf(tensor.Shape{1, 1, kernel[0], kernel[1]}, share...))
		return must(gorgonia.Conv2d(x, filter, kernel, []int{0, 0}, kernel, []int{1, 1}))
	}
}

var values = map[string]trap{
	"SoftMax, LogSoftMax of rows": {
		does: func(t *testing.T) {
			same(t, valueBy(t, own(), softMax(), tensorOf(tensor.Shape{2, 2}, 1000.0, 1000, -1000, -1000))[2:], nan, nan)
			same(t, valueBy(t, own(), logSoftMax, tensorOf(tensor.Shape{2, 2}, 1000.0, 0, 0, 0))[2:], inf, inf)
		},
		instead: func(t *testing.T) {
			x := tensorOf(tensor.Shape{2, 2}, 1000.0, 1000, -1000, -1000)
			same(t, valueBy(t, built, stock(graph.Fused.Softmax), x), 0.5, 0.5, 0.5, 0.5)
			same(t, valueBy(t, built, func(x *gorgonia.Node) *gorgonia.Node {
				loss, _, err := graph.Fused.CrossEntropy(x, graph.NewParam(x.Graph(), "labels", tensorOf(tensor.Shape{2}, 0, 1)), 0)
				return must(loss, err)
			}, x), math.Ln2)
		},
		build: valueOf(softMax(), 2, 3), says: "subtract the first number of all rows",
	},
	"LogSoftMax, Log of SoftMax": {
		does: func(t *testing.T) {
			x := tensorOf(tensor.Shape{1, 2}, 0.0, 0)
			same(t, valueBy(t, own(), func(x *gorgonia.Node) *gorgonia.Node {
				p := softMax()(x)
				if must(gorgonia.Log(p)) != p || logSoftMax(x) != p {
					t.Error("they are three nodes")
				}
				return p
			}, x), -math.Ln2, -math.Ln2)
		},
		instead: func(t *testing.T) {
			x := tensorOf(tensor.Shape{1, 2}, 0.0, 0)
			for _, p := range []function{stock(gorgonia.Exp), func(log *gorgonia.Node) *gorgonia.Node {
				return must(graph.Fused.Softmax(log.Graph().ByName("x")[0]))
			}} {
				same(t, valueBy(t, built, func(x *gorgonia.Node) *gorgonia.Node { return p(logSoftMax(x)) }, x), 0.5, 0.5)
			}
		},
		build: valueOf(func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Log(softMax()(x))) }, 1, 3), says: "both are the logarithm",
	},
	"AveragePool2D": {
		does: func(t *testing.T) {
			same(t, valueBy(t, own(), averagePool(2, 2), tensorOf(tensor.Shape{1, 1, 2, 8}, slices.Repeat([]float64{1}, 16)...)), 0.5, 0.5, 0.5, 0.5)
			wrongGradient(own(), averagePool(2, 2), weights(tensor.Shape{1, 1, 2, 4}))(t)
		},
		instead: func(t *testing.T) {
			of := reshaped(averages(2, 2), 4, 1, 2, 4)
			same(t, valueBy(t, built, of, weights(tensor.Shape{2, 2, 2, 4})), 3.5, 5.5, 11.5, 13.5, 19.5, 21.5, 27.5, 29.5)
			rightGradient(of, weights(tensor.Shape{2, 2, 2, 4}))(t)
		},
		build: valueOf(averagePool(2, 2), 1, 1, 8, 8), says: "Conv2d with equal weights",
	},
	"AveragePool1D": {
		does: func(t *testing.T) {
			same(t, valueBy(t, own(), averagePool1D, weights(tensor.Shape{1, 1, 1, 4})), 2, 4)
		},
		instead: func(t *testing.T) {
			same(t, valueBy(t, built, averages(1, 2), weights(tensor.Shape{1, 1, 1, 4})), 1.5, 3.5)
		},
		build: valueOf(averagePool1D, 1, 1, 1, 4),
	},
	"Sum, Mean, Max along an inner axis": {
		does: func(t *testing.T) {
			shape := tensor.Shape{2, 3, 4, 5}
			if got := valueBy(t, own(), sumAlong(2), tensorOf(shape, counting(shape)...)); slices.Equal(got, sums(shape, 1<<2)) {
				t.Error("Sum along axis 2 is right")
			}
			y, _, err := own()(meanAlong(2, 3), weights(shape), false)
			if err == nil && y[0] == 10.5 && y[1] == 30.5 {
				t.Error("Mean along the axes 2 and 3 is right")
			}
		},
		instead: func(t *testing.T) {
			shape := tensor.Shape{2, 3, 4, 5}
			same(t, valueBy(t, built, reshaped(sumAlong(1), 6, 4, 5), tensorOf(shape, counting(shape)...)), sums(shape, 1<<2)...)
			same(t, valueBy(t, built, reshaped(meanAlong(1), 6, 20), weights(shape)), 10.5, 30.5, 50.5, 70.5, 90.5, 110.5)
			rightGradient(reshaped(meanAlong(1), 6, 20), weights(shape))(t)
		},
		build: valueOf(meanAlong(2, 3), 2, 3, 4, 5), says: "Reshape the axes before it into one first",
	},
	"Sum, Mean of many float32": {
		does: func(t *testing.T) { same(t, valueBy(t, own(), sumAlong(), manyOnes), 1<<24) },
		instead: func(t *testing.T) {
			same(t, valueBy(t, built, func(x *gorgonia.Node) *gorgonia.Node { return sum(sumAlong(1)(x)) }, manyOnes), 1<<24+8)
		},
		build: valueOf(sumAlong(), 2, 8),
	},
	"Rectify of -Inf, LeakyRelu of ±Inf": {
		does: func(t *testing.T) {
			leaky := func(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.LeakyRelu(x, 0.1)) }
			same(t, valueBy(t, own(), stock(gorgonia.Rectify), tensorOf(tensor.Shape{1, 2}, -inf, inf)), nan, inf)
			same(t, valueBy(t, own(), leaky, tensorOf(tensor.Shape{1, 2}, -inf, inf)), nan, nan)
		},
		instead: func(t *testing.T) {
			same(t, valueBy(t, built, func(x *gorgonia.Node) *gorgonia.Node {
				w := graph.NewParam(x.Graph(), "w", tensorOf(tensor.Shape{1, 1}, 1.0))
				return must(graph.Fused.Affine(x, w, graph.NewParam(x.Graph(), "b", tensorOf(tensor.Shape{1}, 0.0)), true))
			}, tensorOf(tensor.Shape{3, 1}, -inf, inf, -1)), 0, inf, 0)
		},
		build: valueOf(stock(gorgonia.Rectify), 1, 2),
	},
	"BinaryXent of 0 and 0, 1 and 1": {
		does: func(t *testing.T) {
			same(t, valueBy(t, own(), binaryXent(0, 1), tensorOf(tensor.Shape{1, 2}, 0.0, 1)), nan, nan)
		},
		instead: func(t *testing.T) {
			of := func(x *gorgonia.Node) *gorgonia.Node { return binaryXent(0, 1, 0, 1)(must(gorgonia.Sigmoid(x))) }
			same(t, valueBy(t, built, of, tensorOf(tensor.Shape{1, 4}, -1000.0, 1000, 40, -40)), 0, 0, 40, 40)
		},
		build: valueOf(binaryXent(0, 1), 1, 2),
	},
	"constants with an axis above eight": {
		does: func(t *testing.T) {
			g := gorgonia.NewGraph()
			x := graph.NewInput(g, tensor.Float64, "x", 9)
			constant := func(name string, middle float64) *gorgonia.Node {
				return must(gorgonia.Add(x, gorgonia.NewConstant(tensorOf(tensor.Shape{9}, 1, 2, 3, 4, middle, 6, 7, 8, 9), gorgonia.WithName(name))))
			}
			if constant("a", 5) != constant("b", 0) {
				t.Error("they are two")
			}
		},
		instead: func(t *testing.T) {
			g := gorgonia.NewGraph()
			if graph.NewParam(g, "a", weights(tensor.Shape{9})) == graph.NewParam(g, "b", weights(tensor.Shape{9})) {
				t.Error("they are one")
			}
		},
		build: valueOf(func(x *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Add(x, gorgonia.NewConstant(weights(tensor.Shape{9, 2}))))
		}, 9, 2), says: "tells constants apart by what it prints",
	},
	"inputs without a name": {
		does: func(t *testing.T) {
			g := gorgonia.NewGraph()
			a, b := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3)), gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3))
			if a != b {
				t.Error("they are two")
			}
		},
		instead: func(t *testing.T) {
			g := gorgonia.NewGraph()
			if graph.NewInput(g, tensor.Float64, "a", 2, 3) == graph.NewInput(g, tensor.Float64, "b", 2, 3) {
				t.Error("they are one")
			}
		},
		build: func(g *gorgonia.ExprGraph) error {
			_, err := gorgonia.Square(gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3)))
			return err
		}, says: "takes inputs of one shape and no name for one",
	},
	"inputs, constants of one name": {
		does: func(t *testing.T) {
			g := gorgonia.NewGraph()
			input := func() *gorgonia.Node {
				return gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("a"))
			}
			more := func(v float64) *gorgonia.Node {
				return must(gorgonia.Add(input(), gorgonia.NewConstant(v, gorgonia.WithName("b"))))
			}
			if a, b := input(), input(); a != b || more(1) != more(2) {
				t.Error("they are two")
			}
		},
		instead: func(t *testing.T) {
			refuses(t, func(g *gorgonia.ExprGraph) error {
				graph.NewParam(g, "a", weights(tensor.Shape{2}))
				graph.NewInput(g, tensor.Float64, "a", 2)
				return nil
			}, `two inputs or weights named "a"`)
		},
	},
}

// manyOnes are 2^24, seven zeros, and eight ones.
var manyOnes = tensorOf(tensor.Shape{2, 8}, float32(1<<24), 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)

func averagePool1D(x *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.AveragePool1D(x, 2, 0, 2))
}

func binaryXent(targets ...float64) function {
	return func(x *gorgonia.Node) *gorgonia.Node {
		return must(gorgonia.BinaryXent(x, graph.NewParam(x.Graph(), "targets", tensorOf(tensor.Shape{1, len(targets)}, targets...))))
	}
}

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
