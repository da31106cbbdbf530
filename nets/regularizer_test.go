package nets_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
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

// regularized is the network of testdata/regularizers/regularizers.py.
func regularized(t *testing.T) nets.Network {
	n, err := nets.Network{Name: "regularized", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{
		nets.Flatten{},
		nets.Dense{Units: 4, Activation: nets.ReLU, KernelRegularizer: nets.Regularizer{L1: 0.25, L2: 0.125}, BiasRegularizer: nets.Regularizer{L2: 0.5}, ActivityRegularizer: nets.Regularizer{L1: 0.0625}},
		nets.Dense{Units: 4, KernelRegularizer: nets.Regularizer{L2: 1}, BiasRegularizer: nets.Regularizer{L2: 1}, ActivityRegularizer: nets.Regularizer{L2: 0.125}},
		nets.ReLULayer{},
		nets.BatchNormalization{GammaRegularizer: nets.Regularizer{L2: 0.25}, BetaRegularizer: nets.Regularizer{L1: 0.5}},
		nets.Dense{Units: 3, ActivityRegularizer: nets.Regularizer{L1: 0.125, L2: 0.25}},
	}}.Freeze("dense_1")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRegularizersAreKerass: in the loss of training and its gradients, and in that of
// an evaluation; and an Objective that is bare leaves them out.
func TestRegularizersAreKerass(t *testing.T) {
	r := readReference(t, "regularizers/regularizers.json")
	r.hold(t, regularized(t), graph.Fused)
	r.hold(t, regularized(t), graph.Stock)
	m := newModel(t, regularized(t), tensor.Float64)
	with := r.run(t, m, nets.Evaluation).Loss()
	m.Objective.Bare = true
	bare := r.run(t, m, nets.Evaluation).Loss()
	m.Objective.Bare, m.Objective.L2 = false, 0.125
	both := r.run(t, m, nets.Evaluation).Loss()
	var squares float64
	for _, w := range m.Trained() {
		if nets.IsKernel(w.Name) {
			for _, v := range w.Value.Float64s() {
				squares += v * v
			}
		}
	}
	near(t, "with Objective.L2", []float64{both - with}, []float64{0.125 * squares})
	if !m.Penalized() || with < bare+0.1 || newModel(t, small, tensor.Float64).Penalized() {
		t.Errorf("bare %v, with penalties %v", bare, with)
	}
}

func TestKernelsAreThoseOfEachClass(t *testing.T) {
	for name, want := range map[string]bool{
		"dense.kernel": true, "a.b.kernel": true, "d.depthwise_kernel": true, "d.pointwise_kernel": true,
		"dense.bias": false, "b.gamma": false, "own.mykernel": false, "kernel.bias": false, "": false,
	} {
		if nets.IsKernel(name) != want {
			t.Errorf("%q: %v", name, !want)
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

// TestABiasIsDrawnAsKerass: by as many inputs as outputs, those that it has.
func TestABiasIsDrawnAsKerass(t *testing.T) {
	for _, l := range []nets.Layer{
		nets.Dense{Units: 6, Bias: nets.LecunUniform}, nets.Conv2D{Filters: 6, Side: 1, Bias: nets.LecunUniform},
		nets.DepthwiseConv2D{Side: 1, DepthMultiplier: 2, Bias: nets.LecunUniform}, nets.SeparableConv2D{Filters: 6, Side: 1, Bias: nets.LecunUniform},
		nets.BatchNormalization{Beta: nets.LecunUniform},
	} {
		m := newModel(t, nets.Network{Name: "n", Input: [3]int{2, 2, 3}, Layers: []nets.Layer{l, nets.Flatten{}, nets.Dense{Units: 2}}}, tensor.Float64)
		bias := m.Weights[slices.IndexFunc(m.Weights, func(w nets.Weight) bool {
			return strings.HasSuffix(w.Name, ".bias") || strings.HasSuffix(w.Name, ".beta")
		})].Value.Float64s()
		limit, most := math.Sqrt(3/float64(len(bias))), 0.0
		for _, v := range bias {
			most = max(most, math.Abs(v))
		}
		if most > limit || most < limit/10 {
			t.Errorf("%T: at most %v in %v, want as far as %v", l, most, bias, limit)
		}
	}
}
