package graph_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// A fused convolution in a Gorgonia graph, differentiated by Gorgonia: the sum
// of all 2 x 2 windows of an image, and how it changes with the filter.
func Example() {
	pixels := []float32{
		1, 2, 3,
		4, 5, 6,
		7, 8, 9,
	}
	image := tensor.New(tensor.WithShape(1, 3, 3, 1), tensor.WithBacking(pixels))
	filter := tensor.New(tensor.WithShape(2, 2, 1, 1), tensor.WithBacking([]float32{1, 0, 0, 1}))
	bias := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{-10}))

	var y *gorgonia.Node
	var grads gorgonia.Nodes
	machine, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		x := graph.NewParam(g, "image", image)
		w := graph.NewParam(g, "filter", filter)
		b := graph.NewParam(g, "bias", bias)
		if y, err = graph.Apply(graph.Convolve[float32]{ReLU: true}, x, w, b); err != nil {
			return err
		}
		grads, err = graph.Grad(gorgonia.Must(gorgonia.Sum(y)), w, b)
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer machine.Close()
	if err := machine.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("y ", graph.Slice[float32](y.Value()))
	fmt.Println("dw", graph.Slice[float32](grads[0].Value()))
	fmt.Println("db", graph.Slice[float32](grads[1].Value()))
	// Output:
	// y  [0 0 2 4]
	// dw [9 11 15 17]
	// db [2]
}
