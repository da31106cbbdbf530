package page

import (
	"bytes"
	"image/png"
	"slices"
	"strings"
	"testing"

	"stheno/data"
	"stheno/data/digit"
)

// TestEachNetworkSeesWhatItWasTrainedOn: a network of raw pictures gets a drawing
// that is only scaled, one of MNIST's kind the ink, and both say so.
func TestEachNetworkSeesWhatItWasTrainedOn(t *testing.T) {
	file := drawing(t, 100, true)
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[digit.Method][]uint8{}
	for _, method := range []digit.Method{digit.Raw, digit.MNIST} {
		if seen[method], _, err = digit.FromImage(img).Row([3]int{28, 28, 1}, digit.Preparation{Method: method}); err != nil {
			t.Fatal(err)
		}
	}
	raw, mnist := newModel(t, tiny), newModel(t, tiny)
	raw.Name, mnist.Name = "raw", "mnist"
	raw.Config.Settings.Preparation.Method, mnist.Config.Settings.Preparation.Method = digit.Raw, digit.MNIST
	p := New(fixed{models: []Model{raw, mnist}}, nil)
	var got predictJSON
	if code := request(t, p, "POST", "/api/predict", "image/png", file, &got); code != 200 {
		t.Fatalf("status %d", code)
	}
	if got.Preparation != digit.Raw || !bytes.Equal(got.Image, seen[digit.Raw]) || len(got.Models) != 2 {
		t.Fatalf("the first network's preparation is %q, of %d networks, its image is another", got.Preparation, len(got.Models))
	}
	for i, m := range []Model{raw, mnist} {
		method := m.Config.Settings.Preparation.Method
		scores, err := m.Predictor.Predict(data.Scaled[float32](seen[method]))
		if err != nil {
			t.Fatal(err)
		}
		if one := got.Models[i]; one.Preparation != method || !slices.Equal(one.Probabilities, scores.Probabilities) || i == 1 && !bytes.Equal(one.Image, seen[method]) {
			t.Errorf("%s: prepared %q, said %v, expected %v", m.Name, one.Preparation, one.Probabilities, scores.Probabilities)
		}
	}
	var image predictJSON
	post(t, p, "/api/predict", map[string]any{"image": seen[digit.MNIST]}, &image)
	if image.Preparation != "" || image.Models[0].Preparation != "" || !bytes.Equal(image.Image, seen[digit.MNIST]) {
		t.Errorf("an image that is prepared already is prepared by %q", image.Preparation)
	}
}

// TestTestImagesOfOtherClasses are not held against a network by their numbers.
func TestTestImagesOfOtherClasses(t *testing.T) {
	first, other := newModel(t, tiny), newModel(t, tiny)
	other.Name, other.Config.Data.Names = "other", []string{"1", "10", "11", "2"}
	p := New(fixed{models: []Model{first, other}, set: images(4)}, nil)
	var answer struct{ Error string }
	if code := request(t, p, "GET", "/api/confusion?model=tiny", "", nil, &answer); code != 200 {
		t.Errorf("the test images' own network: %d, %q", code, answer.Error)
	}
	if code := request(t, p, "GET", "/api/confusion?model=other", "", nil, &answer); code != 409 || !strings.Contains(answer.Error, "whose classes are others than those of other") {
		t.Errorf("a network of other classes: %d, %q", code, answer.Error)
	}
}
