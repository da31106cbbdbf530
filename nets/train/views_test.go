package train_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data/augment"
	"stheno/nets"
	"stheno/nets/train"
)

// TestPredictViews holds the mean against a loop over views, and an image's
// answer against what it is alone.
func TestPredictViews(t *testing.T) {
	rows := images(9, toyConv.Input, 3)
	p := nets.NewPredictor(newModel(t, toyConv, tensor.Float32))
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	predict := func(views int, of ...int) []float64 {
		got, err := train.PredictViews(p, rows.Pick(of...), strong, views)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	const views = 4
	size := 9 * 8
	want := make([]float64, len(all)*3)
	a, plain := augment.New(strong, toyConv.Input), augment.New(augment.Spec{}, toyConv.Input)
	for view := range views {
		for i := range all {
			image := make([]float32, size)
			distort := a
			if view == 0 {
				distort = plain
			}
			distort.Distort(image, rows.Pixels[i*size:(i+1)*size], augment.Key{View: view})
			scores, err := p.Predict(image)
			if err != nil {
				t.Fatal(err)
			}
			for c, v := range scores.Probabilities {
				want[i*3+c] += float64(v) / views
			}
		}
	}
	got := predict(views, all...)
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("value %d is %v, expected %v", i, got[i], want[i])
		}
	}
	for i := range all {
		if alone := predict(views, i); !slices.Equal(alone, got[i*3:i*3+3]) {
			t.Errorf("image %d alone: %v, beside others %v", i, alone, got[i*3:i*3+3])
		}
	}
	if slices.Equal(got, predict(1, all...)) || slices.Equal(got, predict(3, all...)) {
		t.Error("views are not counted")
	}
}
