package run_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"gorgonia.org/tensor"

	"stheno/data/digit"
	"stheno/nets"
	"stheno/nets/run"
)

// A run's network is asked about pictures by many goroutines at a time, as the
// requests of a server would.
func Example() {
	dir, err := exampleRun() // or the folder that go run ./cmd/cnn -out DIR has written
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(filepath.Dir(dir))

	loaded, err := run.Folder(dir).Load() // once, for all goroutines
	if err != nil {
		fmt.Println(err)
		return
	}
	ask := func(file io.Reader) (string, error) {
		picture, err := digit.Decode(file, digit.Limits{}) // or any image.Image
		if err != nil {
			return "", err
		}
		scores, ink, err := loaded.Predict(picture) // prepared as the run's training images were
		if err != nil || !ink {
			return "nothing", err
		}
		best := scores.Top(0, 1)[0]
		return fmt.Sprintf("%s with %.4f", loaded.Config.Data.Class(best.Class), best.Probability), nil
	}

	file, answers := examplePicture(), make([]string, 8)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			answer, err := ask(bytes.NewReader(file))
			if err != nil {
				answer = err.Error()
			}
			answers[i] = answer
		})
	}
	group.Wait()
	fmt.Println(loaded.Config.Network, "for", loaded.Model.Classes, "classes")
	fmt.Println("different answers:", len(slices.Compact(answers)))
	// Output:
	// mlp for 10 classes
	// different answers: 1
}

// exampleRun writes a run of a network that has not learnt anything yet.
func exampleRun() (dir string, err error) {
	parent, err := os.MkdirTemp("", "")
	if err != nil {
		return "", err
	}
	model, err := nets.New(nets.MLP([3]int{28, 28, 1}, 10), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		return "", err
	}
	dir = filepath.Join(parent, "run")
	_, err = run.CreateFolder(dir, "", time.Now(), func(f run.Folder) error {
		config, err := run.NewConfig(model)
		if err != nil {
			return err
		}
		if err := f.WriteJSON(run.ConfigFile, config); err != nil {
			return err
		}
		return f.WriteModel(model)
	})
	return dir, err
}

// examplePicture is a PNG of a dark line on light paper.
func examplePicture() []byte {
	img := image.NewGray(image.Rect(0, 0, 200, 300))
	for i := range img.Pix {
		img.Pix[i] = 240
		if x, y := i%200, i/200; x > 90 && x < 110 && y > 50 && y < 250 {
			img.Pix[i] = 30
		}
	}
	var file bytes.Buffer
	_ = png.Encode(&file, img)
	return file.Bytes()
}
