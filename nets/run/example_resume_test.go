package run_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

// A run of ten epochs is cut off in its fourth, and goes on in a model, an
// optimizer and callbacks that know nothing of it.
func ExampleCheckpoint() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	pixels, labels := make([]uint8, 16*16), make([]int, 16)
	for i := range labels { // one bright pixel, on the left or on the right
		pixels[16*i+i], labels[i] = 255, i%4/2
	}
	rows, err := data.NewSet(pixels, labels, [3]int{4, 4, 1}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}

	// parts are what a run consists of; a process that resumes makes them anew.
	parts := func() (run.Parts, error) {
		model, err := nets.New(nets.Network{Name: "sides", Input: rows.Shape(), Layers: []nets.Layer{
			nets.Flatten{}, nets.Dense{Units: 8, Activation: nets.ReLU}, nets.Dense{Units: 2},
		}}, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
		return run.Parts{Model: model, Optimizer: train.NewAdam(0.01), Callbacks: []train.Callback{&run.History{}}}, err
	}
	// fit trains in a folder, from where the run stands.
	fit := func(ctx context.Context, folder run.Folder, p run.Parts, c *run.Checkpoint, from train.Position, more ...train.Callback) error {
		c.Folder = folder
		callbacks := append(append(more, p.Callbacks...), c) // the checkpoint comes last
		_, err := train.Fit(ctx, p.Model, rows, p.Optimizer, train.Plan{Epochs: 10, Batch: 4, Shuffle: true, Seed: 1, From: from, Callbacks: callbacks})
		return err
	}

	p, err := parts()
	if err != nil {
		fmt.Println(err)
		return
	}
	checkpoint := &run.Checkpoint{Parts: p, Every: 2}
	folder, err := run.CreateFolder(filepath.Join(dir, "run"), "sides", time.Now(), checkpoint.Begin)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cut := each{Batch: func(s *train.Stats) error {
		if s.Step == 13 {
			cancel()
		}
		return nil
	}}
	fmt.Println("first:", fit(ctx, folder, p, checkpoint, train.Position{}, cut))

	p, err = parts()
	if err != nil {
		fmt.Println(err)
		return
	}
	state, damaged, err := folder.LoadState()
	if err != nil || damaged != nil {
		fmt.Println(err, damaged)
		return
	}
	if err := state.Restore(p); err != nil {
		fmt.Println(err)
		return
	}
	checkpoint = &run.Checkpoint{Parts: p, Every: 2}
	checkpoint.Resume(state)
	fmt.Printf("goes on after step %d, batch %d of epoch %d\n", state.Position.Step, state.Position.Batch, state.Position.Epoch)
	fmt.Println("second:", fit(context.Background(), folder, p, checkpoint, state.Position))
	fmt.Println("epochs in the history:", len(p.Callbacks[0].(*run.History).Rows))
	// Output:
	// first: context canceled
	// goes on after step 13, batch 1 of epoch 4
	// second: <nil>
	// epochs in the history: 10
}
