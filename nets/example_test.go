package nets_test

import (
	"fmt"
	"math/rand/v2"
	"os"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// A network is a list of layers; a model is a network with weights; a program
// is its graph for a phase and a batch size.
func Example() {
	net := nets.Network{Name: "tiny", Input: [3]int{8, 8, 1}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 4, Side: 3, Activation: nets.ReLU},
		nets.Flatten{},
		nets.Dense{Units: 3},
	}}
	model, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := model.Summary(os.Stdout, 60); err != nil {
		fmt.Println(err)
		return
	}
	predict, err := model.Program(nets.Prediction, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	images := graph.Slice[float32](predict.Images()) // two black images
	clear(images)
	if err := predict.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", graph.Slice[float32](predict.Probabilities()))
	// Output:
	// Model: "tiny"
	// ┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
	// ┃ Layer (type)           ┃ Output Shape    ┃   Param # ┃
	// ┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
	// │ image (InputLayer)     │ (None, 8, 8, 1) │         0 │
	// ├────────────────────────┼─────────────────┼───────────┤
	// │ conv2d (Conv2D)        │ (None, 6, 6, 4) │        40 │
	// ├────────────────────────┼─────────────────┼───────────┤
	// │ flatten (Flatten)      │ (None, 144)     │         0 │
	// ├────────────────────────┼─────────────────┼───────────┤
	// │ dense (Dense)          │ (None, 3)       │       435 │
	// └────────────────────────┴─────────────────┴───────────┘
	//  Total params: 475 (1.86 KB)
	//  Trainable params: 475 (1.86 KB)
	//  Non-trainable params: 0 (0.00 B)
	// [0.333 0.333 0.333 0.333 0.333 0.333]
}

// Detour is a layer of one's own, made of two others: a narrow way beside a wide
// one, as in a residual network.
type Detour struct {
	Units int // of the narrow way
}

func (d Detour) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	narrow, err := b.Layer("in", nets.Dense{Units: d.Units, Activation: nets.ReLU}, x)
	if err != nil {
		return nil, err
	}
	wide, err := b.Layer("out", nets.Dense{Units: x.Shape()[1]}, narrow)
	if err != nil {
		return nil, err
	}
	return gorgonia.Add(x, wide)
}

// A layer made of layers gives each of them a name, which stands in the names of
// its weights.
func ExampleBuilder_Layer() {
	net := nets.Network{Name: "detours", Input: [3]int{8, 8, 1}, Layers: []nets.Layer{
		nets.Dense{Units: 16, Activation: nets.ReLU},
		Detour{Units: 4},
		nets.Dense{Units: 3},
	}}
	model, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range model.Weights {
		fmt.Println(w.Name, w.Value.Shape())
	}
	// Output:
	// dense.kernel (64, 16)
	// dense.bias (16)
	// detour.in.kernel (16, 4)
	// detour.in.bias (4)
	// detour.out.kernel (4, 16)
	// detour.out.bias (16)
	// dense_1.kernel (16, 3)
	// dense_1.bias (3)
}

// SiLU is a layer of one's own, of two of Gorgonia's own nodes: x·σ(x).
type SiLU struct{}

func (SiLU) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	gate, err := gorgonia.Sigmoid(x)
	if err != nil {
		return nil, err
	}
	return gorgonia.HadamardProd(x, gate)
}

// A layer may add Gorgonia's own nodes, which package graph differentiates like any
// other; its table of Gorgonia's traps says which to leave alone. A single one puts the
// whole graph on Gorgonia's machine. That alone costs 0.1 to 0.2 ms a step: 20 % of an
// MLP's, nothing that can be measured of a CNN's, for a SiLU behind the last layer. What
// costs is what the nodes compute, in plain loops and new memory at each run: behind the
// first layer with weights a step takes 3.1 times as long in the MLP, and 4.1 in the
// CNN (best steps at batch 128 on two busy cores, bench/results/2026-11-30-stocknode.txt
// and -stocknode-cnn.txt). Where that matters, write a graph.Op.
func ExampleLayer() {
	net := nets.Network{Name: "silu", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 8}, SiLU{}, nets.Dense{Units: 2}}}
	model, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := model.Program(nets.Training, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(graph.Slice[float32](program.Images()), []float32{1, 1, 0, 0, 0, 0, 1, 1}) // bright above, bright below
	copy(program.Labels(), []int{0, 1})

	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.1))
	for range 50 {
		if err := program.Run(); err != nil {
			fmt.Println(err)
			return
		}
		if err := solver.Step(program.Gradients()); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("loss %.1f, %d of 2 right\n", program.Loss(), program.Hits())
	// Output:
	// loss 0.0, 2 of 2 right
}

// One of Gorgonia's own solvers trains a model: a step is a run, and what the
// solver makes of its gradients.
func ExampleProgram_Gradients() {
	net := nets.Network{Name: "tiny", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}}}
	model, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := model.Program(nets.Training, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(graph.Slice[float32](program.Images()), []float32{1, 1, 0, 0, 0, 0, 1, 1}) // bright above, bright below
	copy(program.Labels(), []int{0, 1})

	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(1))
	for range 20 {
		if err := program.Run(); err != nil {
			fmt.Println(err)
			return
		}
		if err := solver.Step(program.Gradients()); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("loss %.2f, %d of 2 right\n", program.Loss(), program.Hits())
	// Output:
	// loss 0.03, 2 of 2 right
}
