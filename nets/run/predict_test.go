package run_test

import (
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/data/digit"
	"stheno/nets"
	"stheno/nets/run"
)

// asked is a run that prepares pictures of a shape by a method.
func asked(t *testing.T, shape [3]int, by digit.Method) run.Loaded {
	t.Helper()
	m, err := nets.New(nets.MLP(shape, 10), tensor.Float32, rand.New(rand.NewPCG(7, 7)))
	if err != nil {
		t.Fatal(err)
	}
	c := smallConfig()
	c.Data.Image, c.Data.Classes, c.Settings.Preparation.Method = shape, 10, by
	l, err := aRun(t, c, m).Load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// line is a dark line on light paper.
func line(width, height, x int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(3, 4, 3+width, 4+height))
	for i := range width * height {
		grey := uint8(240)
		if at, y := i%width, i/width; at >= x && at < x+4 && y > height/5 && y < height*4/5 {
			grey = 20
		}
		img.SetNRGBA(3+i%width, 4+i/width, color.NRGBA{grey, grey, grey, 255})
	}
	return img
}

// TestPredict: many goroutines ask at a time, and each has the answer that the
// network gives to its picture's row alone.
func TestPredict(t *testing.T) {
	t.Parallel()
	for method, shape := range map[digit.Method][3]int{digit.MNIST: {28, 28, 1}, digit.Raw: {9, 7, 3}} {
		l := asked(t, shape, method)
		var group sync.WaitGroup
		for i := range 16 {
			group.Go(func() {
				picture := line(40+i%3, 30, 10+i%5)
				pixels, _, err := digit.FromImage(picture).Row(shape, digit.Preparation{Method: method})
				if err != nil {
					t.Error(err)
					return
				}
				want, err := nets.NewPredictor(l.Model).Predict(data.Scaled[float32](pixels))
				if err != nil {
					t.Error(err)
					return
				}
				for _, p := range []image.Image{picture, digit.FromImage(picture)} {
					got, ink, err := l.Predict(p)
					if err != nil || !ink || got.Classes != 10 || !slices.Equal(got.Logits, want.Logits) || !slices.Equal(got.Probabilities, want.Probabilities) {
						t.Errorf("%s, picture %d: %v, ink %v, error %v, want %v", method, i, got, ink, err, want)
					}
				}
			})
		}
		group.Wait()
	}
}

// TestPredictOfNothing: a blank picture says nothing where ink is looked for, and is
// a picture like others where it is not; what is no picture is refused.
func TestPredictOfNothing(t *testing.T) {
	t.Parallel()
	blank := image.NewGray(image.Rect(0, 0, 50, 50))
	mnist, raw := asked(t, [3]int{28, 28, 1}, digit.MNIST), asked(t, [3]int{9, 7, 3}, digit.Raw)
	scores, ink, err := mnist.Predict(blank)
	if err != nil || ink || !slices.Equal(scores.Logits, make([]float32, 10)) {
		t.Errorf("blank: %v, ink %v, error %v", scores, ink, err)
	}
	for class, g := range scores.Top(0, 10) {
		if g != (nets.Guess{Class: class, Probability: 0.1}) {
			t.Errorf("blank: %v", g)
		}
	}
	if scores, ink, err := raw.Predict(blank); err != nil || !ink || len(scores.Logits) != 10 {
		t.Errorf("black, as it is: %v, ink %v, error %v", scores, ink, err)
	}
	for _, l := range []run.Loaded{mnist, raw} {
		for _, none := range []image.Image{nil, image.NewGray(image.Rect(0, 5, 7, 5))} {
			if _, _, err := l.Predict(none); !errors.Is(err, digit.ErrInput) || !strings.Contains(err.Error(), "has no pixels") {
				t.Errorf("error %v", err)
			}
		}
	}
	if _, _, err := (run.Loaded{}).Predict(blank); err == nil || !strings.Contains(err.Error(), "Folder.Load") {
		t.Errorf("nothing loaded: error %v", err)
	}
}
