package nets_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
)

func TestRegularizersAreWrittenAsKerass(t *testing.T) {
	wrap := func(class, config string) string {
		return `{"module":"keras.regularizers","class_name":"` + class + `","config":` + config + `,"registered_name":null}`
	}
	for text, r := range map[string]nets.Regularizer{
		"null": {}, wrap("L1", `{"l1":0.5}`): {L1: 0.5}, wrap("L2", `{"l2":0.01}`): {L2: 0.01}, wrap("L1L2", `{"l1":0.25,"l2":0.5}`): {L1: 0.25, L2: 0.5},
	} {
		got, err := json.Marshal(r)
		if err != nil || string(got) != text {
			t.Errorf("%v: %s, %v, want %s", r, got, err, text)
		}
		var read nets.Regularizer
		if err := json.Unmarshal([]byte(text), &read); err != nil || read != r {
			t.Errorf("%s: %v, %v", text, read, err)
		}
	}
	for text, want := range map[string]string{
		wrap("OrthogonalRegularizer", `{"factor":0.01,"mode":"rows"}`): "expected Keras's L1, L2 or L1L2",
		wrap("L2", `{"l2":0.1,"l3":1}`):                                "expected numbers [l2]",
		wrap("L1", `{"l1":-1}`):                                        "0 or more",
		`"l2"`:                                                         "expected Keras's",
	} {
		var read nets.Regularizer
		if err := json.Unmarshal([]byte(text), &read); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// shrinking is a layer whose regularizer is none.
type shrinking struct{}

func (shrinking) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	b.Penalty(nets.Regularizer{L1: -1}, b.Weight("w", nets.Zeros, nets.Fans{}, 1))
	return x, nil
}

func TestAPenaltyBelowZeroIsRefused(t *testing.T) {
	_, err := nets.New(nets.Network{Name: "n", Input: [3]int{1, 1, 2}, Layers: []nets.Layer{nets.Flatten{}, shrinking{}}}, tensor.Float32, source(1))
	if err == nil || !strings.Contains(err.Error(), "0 or more") {
		t.Error(err)
	}
}
