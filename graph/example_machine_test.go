package graph_test

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Fused ops in a plain gorgonia.ExprGraph, under Gorgonia's own machine and solver:
// two layers learn exclusive or. What is Gorgonia's stays so. A TapeMachine needs a
// Reset before it runs again, gradients are read where they are and not by way of
// BindDualValues, which adds them up, and nobody but [Build] refuses what Gorgonia
// computes wrong, builds graphs one at a time and makes an error of NewInput's panic.
// The loss is a mean already: leave the solver's WithBatchSize at 1.
func Example_gorgoniasMachine() {
	rng := rand.New(rand.NewPCG(1, 0))
	g := gorgonia.NewGraph()
	weight := func(name string, shape ...int) *gorgonia.Node {
		values := make([]float32, tensor.Shape(shape).TotalSize())
		for i := range values {
			values[i] = float32(rng.NormFloat64())
		}
		return graph.NewParam(g, name, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values)))
	}
	x, labels := graph.NewInput(g, tensor.Float32, "x", 4, 2), graph.NewInput(g, tensor.Int, "labels", 4)
	weights := gorgonia.Nodes{weight("w1", 2, 8), weight("b1", 8), weight("w2", 8, 2), weight("b2", 2)}

	hidden, err := graph.Fused.Affine(x, weights[0], weights[1], true)
	if err != nil {
		fmt.Println(err)
		return
	}
	logits, err := graph.Fused.Affine(hidden, weights[2], weights[3], false)
	if err != nil {
		fmt.Println(err)
		return
	}
	loss, hits, err := graph.Fused.CrossEntropy(logits, labels, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := graph.Grad(loss, weights...); err != nil {
		fmt.Println(err)
		return
	}
	for node, value := range map[*gorgonia.Node]any{x: []float32{0, 0, 0, 1, 1, 0, 1, 1}, labels: []int{0, 1, 1, 0}} {
		if err := gorgonia.Let(node, tensor.New(tensor.WithShape(node.Shape()...), tensor.WithBacking(value))); err != nil {
			fmt.Println(err)
			return
		}
	}

	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.1))
	for range 100 {
		if err := machine.RunAll(); err != nil {
			fmt.Println(err)
			return
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(weights)); err != nil {
			fmt.Println(err)
			return
		}
		machine.Reset()
	}
	fmt.Printf("%d of 4 right, a loss of %.1f\n", hits(), loss.Value().Data())
	// Output:
	// 4 of 4 right, a loss of 0.0
}
