package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

// A network of one's own learns from images of one bright pixel whether it is
// on the left or on the right, and is asked about bright halves.
func ExampleFit() {
	pixels, halves := &data.Set{Height: 4, Width: 4, Channels: 1}, &data.Set{Height: 4, Width: 4, Channels: 1}
	half := [2][]uint8{make([]uint8, 16), make([]uint8, 16)}
	for i := range 16 {
		side := i % 4 / 2
		image := make([]uint8, 16)
		image[i], half[side][i] = 255, 255
		pixels.Pixels, pixels.Labels = append(pixels.Pixels, image...), append(pixels.Labels, uint8(side))
	}
	halves.Pixels, halves.Labels = append(half[0], half[1]...), []uint8{0, 1}

	network := nets.Network{Name: "halves", Input: pixels.Shape(), Layers: []nets.Layer{
		nets.Flatten{},
		nets.Dense{Units: 8, Activation: nets.ReLU},
		nets.Dense{Units: 2},
	}}
	model, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	history := &train.History{}
	_, err = train.Fit(context.Background(), model, pixels, train.NewAdam(0.01), train.Plan{
		Epochs:     40,
		Batch:      4,
		Shuffle:    true,
		Seed:       1,
		Validation: halves,
		Callbacks:  []train.Callback{history},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := history.Rows[len(history.Rows)-1]
	fmt.Printf("epoch %d: accuracy %.2f, val_accuracy %.2f\n", last.Epoch, last.Accuracy, *last.ValAccuracy)
	// Output: epoch 40: accuracy 1.00, val_accuracy 1.00
}
