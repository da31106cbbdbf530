package train_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
	"stheno/nets/group"
	"stheno/nets/pythontest"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

func freeze(t testing.TB, net nets.Network, layers ...string) nets.Network {
	t.Helper()
	net, err := net.Freeze(layers...)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// frozenSum is the SHA-256 of a model's frozen weights, or of those that are trained.
func frozenSum(t testing.TB, m *nets.Model, isFrozen bool) [32]byte {
	t.Helper()
	h := sha256.New()
	for _, w := range m.Weights {
		if slices.Contains(m.Trained(), w) != isFrozen {
			if err := binary.Write(h, binary.LittleEndian, w.Value.Data()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return [32]byte(h.Sum(nil))
}

// TestFrozenBitsStay through all that training does to weights: decay, penalty,
// averages, the best ones restored, sums over ranks. Zeros that are negative stay so.
func TestFrozenBitsStay(t *testing.T) {
	t.Parallel()
	rows := images(20, toyConv.Input, 3)
	for name, callbacks := range map[string]func(m *nets.Model) []train.Callback{
		"alone": func(*nets.Model) []train.Callback { return nil },
		"ema": func(m *nets.Model) []train.Callback {
			return []train.Callback{&train.Average{Model: m, Decay: 0.9}, &train.EarlyStopping{Model: m, Monitor: "loss", Mode: "max", Patience: 2}}
		},
		"swa": func(m *nets.Model) []train.Callback { return []train.Callback{&train.Average{Model: m, Last: 3}} },
	} {
		for _, layers := range [][]string{{"conv2d"}, {"conv2d", "conv2d_1"}, {"conv2d_1", "dense_1"}} {
			for _, ranks := range []int{1, 3} {
				what := fmt.Sprintf("%s, %v frozen, %d ranks", name, layers, ranks)
				traintest.Together(ranks, func(g group.Group) {
					m := newModel(t, freeze(t, toyConv, layers...), tensor.Float32)
					for _, w := range m.Weights {
						w.Value.Float32s()[0] = float32(math.Copysign(0, -1))
					}
					m.L2 = 0.01
					before, others := frozenSum(t, m, true), frozenSum(t, m, false)
					check := func(*train.Stats) error {
						if frozenSum(t, m, true) != before {
							return errors.New("a frozen weight has changed")
						}
						return nil
					}
					adam := train.NewAdam(0.01)
					adam.WeightDecay = 0.1
					_, err := train.Fit(context.Background(), m, rows, adam, train.Plan{
						Epochs: 5, Batch: 7, Group: g, Validation: rows, Callbacks: append(callbacks(m), each{Batch: check})})
					if err == nil {
						err = check(nil)
					}
					if err != nil || frozenSum(t, m, false) == others {
						t.Errorf("%s: %v, or nothing has changed", what, err)
					}
				})
			}
		}
	}
}

// TestFrozenGoesOn with the optimizer that knows the trained weights alone; one that is
// trained again is another model's to it.
func TestFrozenGoesOn(t *testing.T) {
	t.Parallel()
	m, adam, rows := newModel(t, freeze(t, toy, "dense"), tensor.Float32), train.NewAdam(0.001), images(4, toy.Input, 3)
	for range 2 {
		if _, err := train.Fit(t.Context(), m, rows, adam, train.Plan{}); err != nil {
			t.Fatal(err)
		}
	}
	m.Frozen = nil
	if _, err := train.Fit(t.Context(), m, rows, adam, train.Plan{}); err == nil || !strings.Contains(err.Error(), "knows no weight dense.kernel") {
		t.Errorf("trained again with the same Adam: %v", err)
	}
	before := sum(t, m)
	if _, err := train.Fit(t.Context(), m, rows, train.NewAdam(0.001), train.Plan{}); err != nil || sum(t, m) == before {
		t.Errorf("trained again: %v", err)
	}
}

// TestFrozenResumes after every step, with the average and the best epoch's weights.
func TestFrozenResumes(t *testing.T) {
	t.Parallel()
	checkResume(t, func(m *nets.Model, adam *train.Adam) []train.Callback {
		if err := m.Freeze("dense"); err != nil {
			t.Fatal(err)
		}
		adam.WeightDecay = 0.1
		return []train.Callback{&train.Average{Model: m, Decay: 0.9}, &train.EarlyStopping{Model: m, Monitor: "accuracy", Mode: "min", Patience: 9, KeepLast: true}}
	}, nil)
}

// TestAllFrozenIsRefused before anything is called.
func TestAllFrozenIsRefused(t *testing.T) {
	t.Parallel()
	m := newModel(t, freeze(t, toy, "dense", "dense_1"), tensor.Float32)
	_, err := train.Fit(t.Context(), m, images(4, toy.Input, 3), train.NewAdam(0.001), train.Plan{})
	if !errors.Is(err, nets.ErrAllFrozen) || !strings.HasPrefix(err.Error(), "train: toy: all layers with weights are frozen") {
		t.Errorf("got %v", err)
	}
}

// kerasCase is a training, for Keras.
type kerasCase struct {
	Input   [3]int               `json:"input"`
	Layers  []map[string]any     `json:"layers"`
	Weights map[string][]float64 `json:"weights"`
	L2      float64              `json:"l2"`
	Decay   float64              `json:"decay"`
	Images  []float64            `json:"images"`
	Labels  []int                `json:"labels"`
	Steps   int                  `json:"steps"`
}

// kerasLayers are a network's, by Keras's settings.
func kerasLayers(n nets.Network) (layers []map[string]any) {
	counts := make(map[string]int)
	for _, l := range n.Layers {
		s := map[string]any{}
		switch l := l.(type) {
		case nets.Flatten:
			s["class"] = "Flatten"
		case nets.Dense:
			s["class"], s["units"], s["activation"] = "Dense", l.Units, l.Activation.String()
		case nets.Conv2D:
			s["class"], s["filters"], s["kernel_size"], s["activation"] = "Conv2D", l.Filters, l.Side, l.Activation.String()
		}
		name := strings.ToLower(s["class"].(string))
		if counts[name]++; counts[name] > 1 {
			name = fmt.Sprintf("%s_%d", name, counts[name]-1)
		}
		s["name"], s["trainable"] = name, !slices.Contains(n.Frozen, name)
		layers = append(layers, s)
	}
	return layers
}

// TestFrozenTrajectoryIsKeras: ten steps of Adam from the same weights give Keras's
// losses and weights, where the first layer, the convolutions or one in the middle
// are frozen, also with a penalty and with decay.
func TestFrozenTrajectoryIsKeras(t *testing.T) {
	python := pythontest.Need(t, "keras", "tensorflow")
	t.Parallel()
	const rows, steps = 6, 10
	flat := nets.Network{Name: "flat", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
		nets.Flatten{}, nets.Dense{Units: 9, Activation: nets.ReLU}, nets.Dense{Units: 7, Activation: nets.ReLU}, nets.Dense{Units: 3}}}
	type result struct {
		Losses  []float64            `json:"losses"`
		Weights map[string][]float64 `json:"weights"`
	}
	var in, out, said bytes.Buffer
	var ours []result
	var models []*nets.Model
	for _, c := range []struct {
		net       nets.Network
		l2, decay float64 // which float32 has, as Keras makes it that
	}{
		{freeze(t, flat, "dense"), 0, 0},
		{freeze(t, flat, "dense_1"), 1.0 / 64, 0},
		{freeze(t, flat, "dense", "dense_2"), 0, 0.125},
		{freeze(t, toyConv, "conv2d", "conv2d_1"), 1.0 / 64, 0.125},
		{freeze(t, toyConv, "conv2d_1", "dense"), 0, 0},
	} {
		m := newModel(t, c.net, tensor.Float64)
		m.L2 = c.l2
		ask := kerasCase{Input: c.net.Input, Layers: kerasLayers(c.net), Weights: make(map[string][]float64), L2: c.l2, Decay: c.decay, Steps: steps}
		for i, w := range m.Weights {
			for j := range w.Value.Float64s() {
				w.Value.Float64s()[j] += 0.02 * float64((7*j+i)%11-5) // biases too
			}
			ask.Weights[w.Name] = slices.Clone(w.Value.Float64s())
		}
		set := images(rows, c.net.Input, 3)
		for _, pixel := range set.Pixels {
			ask.Images = append(ask.Images, float64(pixel)/255)
		}
		for _, label := range set.Labels {
			ask.Labels = append(ask.Labels, int(label))
		}
		got := result{Weights: make(map[string][]float64)}
		adam := train.NewAdam(0.001)
		adam.WeightDecay = c.decay
		_, err := train.Fit(t.Context(), m, set, adam, train.Plan{Epochs: steps, Batch: rows, Callbacks: []train.Callback{each{Batch: func(s *train.Stats) error {
			got.Losses = append(got.Losses, s.BatchLoss)
			return nil
		}}}})
		if err := errors.Join(err, json.NewEncoder(&in).Encode(ask)); err != nil {
			t.Fatal(err)
		}
		for _, w := range m.Weights {
			got.Weights[w.Name] = graph.Slice[float64](w.Value)
		}
		ours, models = append(ours, got), append(models, m)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "keras_frozen.py"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("Keras: %v: %s", err, said.String())
	}
	for i, d := 0, json.NewDecoder(&out); i < len(ours); i++ {
		var keras result
		if err := d.Decode(&keras); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("%s, %v frozen", models[i].Name, models[i].Frozen)
		if off, step := worst(ours[i].Losses, keras.Losses); !(off <= 1e-12) || len(keras.Losses) != steps {
			t.Errorf("%s: the loss of step %d of %d is off by %.2g", what, step, len(keras.Losses), off)
		}
		for name, w := range ours[i].Weights {
			for j, v := range keras.Weights[name] {
				if !(math.Abs(w[j]-v) <= 1e-12) {
					t.Fatalf("%s: %s[%d] is %v, Keras's is %v", what, name, j, w[j], v)
				}
			}
		}
	}
}
