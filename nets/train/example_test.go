package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

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

// What this network learns is wrong for the images that it is asked about,
// more so after each epoch: training ends early, and the first epoch's weights
// are kept.
func ExampleEarlyStopping() {
	learned, asked := &data.Set{Height: 2, Width: 2, Channels: 1}, &data.Set{Height: 2, Width: 2, Channels: 1}
	for i := range 4 {
		image := make([]uint8, 4)
		image[i] = 255
		learned.Pixels, learned.Labels = append(learned.Pixels, image...), append(learned.Labels, uint8(i%2))
		asked.Pixels, asked.Labels = append(asked.Pixels, image...), append(asked.Labels, uint8(1-i%2))
	}
	network := nets.Network{Name: "wrong", Input: learned.Shape(), Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}}}
	model, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	early := &train.EarlyStopping{Model: model, Patience: 3}
	stats, err := train.Fit(context.Background(), model, learned, train.NewAdam(0.01), train.Plan{
		Epochs:     40,
		Batch:      4,
		Validation: asked,
		Callbacks:  []train.Callback{early}, // behind all others
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	reason, _, _ := strings.Cut(stats.Stopped, ":") // what follows are the best value and its epoch
	fmt.Println(reason)
	fmt.Printf("ended after epoch %d of %d, epoch %d's weights are kept\n", stats.Epoch, stats.Epochs, early.Kept())
	// Output:
	// val_loss has not improved for 3 epochs
	// ended after epoch 4 of 40, epoch 1's weights are kept
}
