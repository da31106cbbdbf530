package run_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gorgonia.org/tensor"

	"stheno/data/digit"
	"stheno/nets"
	"stheno/nets/run"
)

// A run's network is asked about pictures by many goroutines at a time.
func ExampleFolder_LoadModel() {
	dir, err := exampleRun() // or the folder that go run ./cmd/cnn -out DIR has written
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(filepath.Dir(dir))

	model, config, err := run.Folder(dir).LoadModel()
	if err != nil {
		fmt.Println(err)
		return
	}
	predictor := nets.NewPredictor(model) // one for all goroutines

	ask := func(file []byte) (class int, probability float32, err error) {
		picture, err := digit.Decode(bytes.NewReader(file), digit.Limits{})
		if err != nil {
			return 0, 0, err
		}
		pixels, _, err := config.Row(picture) // as the run's training images were
		if err != nil {
			return 0, 0, err
		}
		images := make([]float32, len(pixels))
		for i, v := range pixels {
			images[i] = float32(v) / 255
		}
		scores, err := predictor.Predict(images)
		if err != nil {
			return 0, 0, err
		}
		for i, p := range scores.Probabilities {
			if p > probability {
				class, probability = i, p
			}
		}
		return class, probability, nil
	}

	answers := make([]string, 8)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			class, probability, err := ask(examplePicture())
			answers[i] = fmt.Sprintf("%d with %.4f (%v)", class, probability, err)
		})
	}
	group.Wait()
	same := true
	for _, a := range answers {
		same = same && a == answers[0]
	}
	fmt.Println(config.Network, "for", model.Classes, "classes; all goroutines have the same answer:", same)
	// Output: mlp for 10 classes; all goroutines have the same answer: true
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
		config := run.Config{Format: run.ConfigFormat, Network: model.Name, Settings: run.Settings{Conv: "auto"}, Data: run.Source{Image: model.Input, Classes: model.Classes}}
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
