package progress_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/train"
	"stheno/nets/train/progress"
)

// A bar is one line among a plan's callbacks. This one goes to a text, which gets a
// line an epoch, as a log file would.
func Example() {
	rows, err := data.NewSet([]uint8{255, 0, 0, 255}, []int{0, 1}, [3]int{1, 2, 1}, 2) // bright left, bright right
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
	var log strings.Builder // in a program os.Stderr
	_, err = train.Fit(context.Background(), model, rows, train.NewAdam(0.001), train.Plan{
		Epochs:    2,
		Callbacks: []train.Callback{progress.On(&log)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(log.String()) {
		epoch, _, _ := strings.Cut(line, " - ") // what follows are times and figures
		fmt.Println(epoch)
	}
	// Output:
	// Epoch 1/2
	// Epoch 2/2
}
