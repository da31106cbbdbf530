package graph_test

// Rows of the table on what Gorgonia's ops compute.

import (
	"math"
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
