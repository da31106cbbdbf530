package graph_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// TestValuesStay: on Gorgonia's machine, too, every node has its own value after a
// run, and no run changes a weight, though elementwise ops write their results to
// what they are the last to read, and some nodes share a weight's memory.
func TestValuesStay(t *testing.T) {
	from := []float64{1, -2, 3, -4}
	for name, see := range map[string]func(x *gorgonia.Node) (*gorgonia.Node, error){
		"Reshape": func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Reshape(x, tensor.Shape{4}) },
		"Flatten": func(x *gorgonia.Node) (*gorgonia.Node, error) { return graph.Fused.Flatten(x) },
		"Concat":  func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Concat(0, x) },
		"Double":  func(x *gorgonia.Node) (*gorgonia.Node, error) { return graph.Apply(double{}, x) },
		"Square":  gorgonia.Square,
		"Dropout": func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(x, 0.5) },
	} {
		t.Run(name, func(t *testing.T) {
			weight := tensorOf(tensor.Shape{2, 2}, slices.Clone(from)...)
			var y, z *gorgonia.Node
			m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
				if y, err = see(graph.NewParam(g, "weight", weight)); err == nil {
					z, err = gorgonia.Add(y, gorgonia.NewConstant(10.0))
				}
				return err
			}, graph.Evaluation)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for range 3 {
				if err := m.Run(); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(weight.Float64s(), from) || !weight.Shape().Eq(tensor.Shape{2, 2}) {
					t.Fatalf("the weight is %v %v, was %v", weight.Shape(), weight.Float64s(), from)
				}
				for i, v := range graph.Slice[float64](y.Value()) {
					want := map[string]float64{"Double": 2 * from[i], "Square": from[i] * from[i]}[name]
					if want == 0 {
						want = from[i]
					}
					if sum := graph.Slice[float64](z.Value())[i]; v != want || sum != want+10 {
						t.Fatalf("element %d is %v, and with 10 more %v; want %v", i, v, sum, want)
					}
				}
			}
		})
	}
}
