package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
)

// MNIST in thirty lines: the notebook's MLP is trained for some steps and tested. With
// Epochs: 10 in place of Steps it gets 98 % of the test images right.
func Example() {
	ctx := context.Background()
	mnist, err := data.Open("") // or a folder of yours
	if err != nil {
		fmt.Println(err)
		return
	}
	network := nets.MLP(mnist.Train.Shape(), mnist.Classes)
	model, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := train.Plan{Steps: 60, Batch: 128, Shuffle: true, Seed: 1}
	if _, err := train.Fit(ctx, model, mnist.Train, train.NewAdam(0.001), plan); err != nil {
		fmt.Println(err)
		return
	}
	result, err := train.Evaluate(ctx, model, mnist.Test, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("four of five test images right:", result.Accuracy > 0.8)
	// Output: four of five test images right: true
}

// sides are images of one bright pixel, and on which side it is.
func sides() (*data.Set, error) {
	const images, size = 16, 4 * 4
	pixels, labels := make([]uint8, images*size), make([]int, images)
	for i := range images {
		pixels[i*size+i] = 255
		labels[i] = i % 4 / 2
	}
	return data.NewSet(pixels, labels, [3]int{4, 4, 1}, 2)
}

// A network of one's own learns from images of one bright pixel whether it is
// on the left or on the right, and is asked about bright halves.
func ExampleFit() {
	pixels, err := sides()
	if err != nil {
		fmt.Println(err)
		return
	}
	halves, err := data.NewSet([]uint8{
		255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0,
		0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255,
	}, []int{0, 1}, pixels.Shape(), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
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

// enough is a callback of one's own: it ends training when an epoch is accurate
// enough. Hooks are the moments at which it does nothing.
type enough struct {
	train.Hooks
	accuracy float64
}

func (e enough) EpochEnd(s *train.Stats) error {
	if s.Accuracy < e.accuracy {
		return nil
	}
	return &train.Stop{Reason: fmt.Sprintf("an accuracy of %.2f is enough", s.Accuracy)}
}

// What shall happen during training is a callback: a type with the methods of the
// moments that matter to it.
func ExampleCallback() {
	rows, err := sides()
	if err != nil {
		fmt.Println(err)
		return
	}
	network := nets.Network{Name: "sides", Input: rows.Shape(), Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 2}}}
	model, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	stats, err := train.Fit(context.Background(), model, rows, train.NewAdam(0.1), train.Plan{
		Epochs:    1000,
		Callbacks: []train.Callback{enough{accuracy: 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stats.Stopped)
	fmt.Println("before its epochs were done:", stats.Epoch < stats.Epochs)
	// Output:
	// an accuracy of 1.00 is enough
	// before its epochs were done: true
}

// What this network learns is wrong for the images that it is asked about,
// more so after each epoch: training ends early, and the first epoch's weights
// are kept.
func ExampleEarlyStopping() {
	learned, err := sides()
	if err != nil {
		fmt.Println(err)
		return
	}
	other := slices.Clone(learned.Labels)
	for i := range other {
		other[i] = 1 - other[i]
	}
	asked, err := data.NewSet(learned.Pixels, other, learned.Shape(), 2)
	if err != nil {
		fmt.Println(err)
		return
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
		Batch:      16,
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
