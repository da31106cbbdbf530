package report_test

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
	"stheno/nets/run/report"
	"stheno/nets/train"
)

// A run of a program of one's own gets its report: the page, the curves and the
// confusion matrix, as a person and as a program reads it.
func Example() {
	folder, set, err := exampleRun()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(filepath.Dir(string(folder)))

	ctx := context.Background()
	loaded, err := folder.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	outcome := run.Outcome{Reason: "all epochs are done", Complete: true, Epochs: 8, Steps: 8}
	if err := report.Write(ctx, folder, outcome, loaded.Model, set); err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{report.HTMLFile, report.CurvesFile, report.ConfusionFile} {
		_, err := os.Stat(folder.File(name))
		fmt.Println(name, err)
	}

	r, err := report.Load(folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	tested, err := report.New(ctx, r, set)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tested.TestImages, "test images, confusion", tested.Confusion)
	// Output:
	// report.html <nil>
	// curves.svg <nil>
	// confusion.svg <nil>
	// 2 test images, confusion [[1 0] [0 1]]
}

// exampleRun is a run that has learnt on which side of an image a pixel is bright.
func exampleRun() (folder run.Folder, set *data.Dataset, err error) {
	rows, err := data.NewSet([]uint8{255, 0, 0, 255}, []int{0, 1}, [3]int{1, 2, 1}, 2)
	if err != nil {
		return "", nil, err
	}
	set = &data.Dataset{Train: rows, Test: rows, Classes: 2}
	network := nets.Network{Name: "sides", Input: rows.Shape(), Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 8, Activation: nets.ReLU}, nets.Dense{Units: 2}}}
	model, err := nets.New(network, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		return "", nil, err
	}
	config, err := run.NewConfig(model)
	if err != nil {
		return "", nil, err
	}
	parent, err := os.MkdirTemp("", "")
	if err != nil {
		return "", nil, err
	}
	folder, err = run.CreateFolder(filepath.Join(parent, "run"), "", time.Now(), func(f run.Folder) error { return f.WriteJSON(run.ConfigFile, config) })
	if err != nil {
		return "", nil, err
	}
	steps := &run.StepLog{Folder: folder}
	_, err = train.Fit(context.Background(), model, rows, train.NewAdam(0.01), train.Plan{
		Epochs: 8, Validation: rows, Callbacks: []train.Callback{&train.Stopwatch{}, steps, &run.History{Folder: folder}},
	})
	if err != nil {
		return "", nil, err
	}
	if err := steps.Close(); err != nil {
		return "", nil, err
	}
	return folder, set, folder.WriteModel(model)
}
