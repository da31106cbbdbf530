package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/train"
)

// Fine-tuning, as Keras's guide to transfer learning has it: the layers of a trained
// network are frozen while a new last layer learns, and then all are trained at a low
// rate.
func ExampleFit_frozen() {
	ctx, rng := context.Background(), rand.New(rand.NewPCG(1, 0))
	rows, err := sides()
	if err != nil {
		fmt.Println(err)
		return
	}
	network := func(classes int) nets.Network {
		return nets.Network{Name: "sides", Input: rows.Shape(), Layers: []nets.Layer{
			nets.Flatten{},
			nets.Dense{Units: 8, Activation: nets.ReLU},
			nets.Dense{Units: classes},
		}}
	}
	trained, err := nets.New(network(2), tensor.Float32, rng)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := train.Plan{Epochs: 20}
	if _, err := train.Fit(ctx, trained, rows, train.NewAdam(0.01), plan); err != nil {
		fmt.Println(err)
		return
	}

	four := *rows // which of four columns it is
	four.Labels = make([]uint8, len(rows.Labels))
	for i := range four.Labels {
		four.Labels[i] = uint8(i % 4)
	}
	frozen, err := network(4).FreezeFirst(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := nets.New(frozen, tensor.Float32, rng)
	if err == nil {
		err = nets.CopyTrunk(frozen, model, trained)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := train.Fit(ctx, model, &four, train.NewAdam(0.01), plan); err != nil {
		fmt.Println(err)
		return
	}
	same := slices.Equal(model.Weights[0].Value.Float32s(), trained.Weights[0].Value.Float32s())
	fmt.Printf("%d of %d weights are trained, the first layer is as it was: %v\n", len(model.Trained()), len(model.Weights), same)

	model.Frozen = nil
	if _, err := train.Fit(ctx, model, &four, train.NewAdam(0.0001), plan); err != nil {
		fmt.Println(err)
		return
	}
	same = slices.Equal(model.Weights[0].Value.Float32s(), trained.Weights[0].Value.Float32s())
	fmt.Printf("%d of %d weights are trained, the first layer is as it was: %v\n", len(model.Trained()), len(model.Weights), same)
	// Output:
	// 2 of 4 weights are trained, the first layer is as it was: true
	// 4 of 4 weights are trained, the first layer is as it was: false
}
