package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The twins of branches that meet. Gorgonia's gradient of a broadcast is wrong along
// more than one axis, and its largest of two has none of equals: these are plain.

func (stock) Add(relu bool, xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return stockMerged(Add[float32]{relu}, Add[float64]{relu}, xs, func(xs gorgonia.Nodes) *gorgonia.Node {
		y := stockSum(xs)
		if relu {
			y = must(gorgonia.Rectify(y))
		}
		return y
	})
}

func stockSum(xs gorgonia.Nodes) *gorgonia.Node {
	y := xs[0]
	for _, x := range xs[1:] {
		y = must(gorgonia.Add(y, x))
	}
	return y
}

func (stock) Subtract(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return stockMerged(Subtract[float32]{}, Subtract[float64]{}, gorgonia.Nodes{a, b}, func(xs gorgonia.Nodes) *gorgonia.Node {
		return must(gorgonia.Sub(xs[0], xs[1]))
	})
}

func (stock) Multiply(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return stockMerged(Multiply[float32]{}, Multiply[float64]{}, xs, func(xs gorgonia.Nodes) *gorgonia.Node {
		y := xs[0]
		for _, x := range xs[1:] {
			y = must(gorgonia.HadamardProd(y, x))
		}
		return y
	})
}

func (stock) Average(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return stockMerged(Average[float32]{}, Average[float64]{}, xs, func(xs gorgonia.Nodes) *gorgonia.Node {
		return must(gorgonia.Mul(stockSum(xs), constant(xs[0], 1/float64(len(xs)))))
	})
}

func (stock) Maximum(xs ...*gorgonia.Node) (*gorgonia.Node, error) { return stockExtreme(false, xs) }

func (stock) Minimum(xs ...*gorgonia.Node) (*gorgonia.Node, error) { return stockExtreme(true, xs) }

func stockExtreme(least bool, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return stockMerged(Extreme[float32]{least}, Extreme[float64]{least}, xs, func(xs gorgonia.Nodes) *gorgonia.Node {
		better := func(a, b float64) bool { return least && a < b || !least && a > b }
		first := func(xs [][]float64, i int) (best int) { // of the best
			for k := range xs {
				if better(xs[k][i], xs[best][i]) {
					best = k
				}
			}
			return best
		}
		return plain{name: fmt.Sprintf("extreme, least %v", least), shape: xs[0].Shape(),
			forward: func(y []float64, xs [][]float64) {
				for i := range y {
					y[i] = xs[first(xs, i)][i]
				}
			},
			backward: func(dxs [][]float64, dy []float64, xs [][]float64) {
				for i, d := range dy {
					dxs[first(xs, i)][i] = d
				}
			}}.apply(xs...)
	})
}

func (stock) Concatenate(axis int, xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	if len(xs) == 0 {
		return nil, errNoInputs
	}
	return stockNodes(Concatenate[float32]{axis}, Concatenate[float64]{axis}, xs, func() *gorgonia.Node {
		to, shapes := xs[0].Shape().Clone(), make([]tensor.Shape, len(xs))
		along := axisOf(axis, to)
		to[along] = 0
		for k, x := range xs {
			shapes[k] = x.Shape()
			to[along] += shapes[k][along]
		}
		each := func(see func(y, k, x int)) { // element y of the output is x of input k
			at := 0
			indices(to, func(index []int) {
				from, k := slices.Clone(index), 0
				for ; from[along] >= shapes[k][along]; k++ {
					from[along] -= shapes[k][along]
				}
				see(at, k, placeOf(from, shapes[k]))
				at++
			})
		}
		return plain{name: fmt.Sprintf("concatenate %d", along), shape: to,
			forward: func(y []float64, xs [][]float64) { each(func(i, k, j int) { y[i] = xs[k][j] }) },
			backward: func(dxs [][]float64, dy []float64, _ [][]float64) {
				each(func(i, k, j int) { dxs[k][j] = dy[i] })
			}}.apply(xs...)
	})
}

// stockMerged builds of inputs in the shape that they have together.
func stockMerged(op32, op64 Op, xs gorgonia.Nodes, build func(gorgonia.Nodes) *gorgonia.Node) (*gorgonia.Node, error) {
	xs, err := alike(xs, func(x *gorgonia.Node, to tensor.Shape) (*gorgonia.Node, error) {
		return stockNodes(Broadcast[float32]{to}, Broadcast[float64]{to}, gorgonia.Nodes{x}, func() *gorgonia.Node {
			from := x.Shape()
			return plain{name: "broadcast", shape: to,
				forward: func(y []float64, xs [][]float64) {
					indices(to, func(index []int) { y[placeOf(index, to)] = xs[0][placeOf(index, from)] })
				},
				backward: func(dxs [][]float64, dy []float64, _ [][]float64) {
					indices(to, func(index []int) { dxs[0][placeOf(index, from)] += dy[placeOf(index, to)] })
				}}.apply(x)
		})
	})
	if err != nil {
		return nil, err
	}
	return stockNodes(op32, op64, xs, func() *gorgonia.Node { return build(xs) })
}
