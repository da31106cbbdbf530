package train_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/train"
)

// trajectory is what PyTorch's training gave. The lines that made the files in
// testdata/golden, whose README says how close right trainers are:
//
//	/usr/bin/python3 torch_reference.py mlp 1 128 50 DATA .
//	/usr/bin/python3 torch_reference.py mlp 1 128 50 DATA . float64
//	/usr/bin/python3 torch_reference.py mlp 2 128 50 DATA .
//	/usr/bin/python3 torch_reference.py cnn 1 128 50 DATA .
//	/usr/bin/python3 torch_reference.py mlp 2 128 50 DATA . adamw=0.1
//	/usr/bin/python3 torch_reference.py mlp 2 128 50 DATA . float64 adamw=0.1
//	/usr/bin/python3 torch_reference.py mlp 2 128 50 DATA . float64 smoothing=0.1
//	/usr/bin/python3 torch_reference.py mlp 2 128 50 DATA . float64 l2=0.0001
type trajectory struct {
	Losses      []float64 `json:"losses"`       // of each batch of 128, before its update
	ValAccuracy float64   `json:"val_accuracy"` // on the test images, after the last
}

func readTrajectory(t *testing.T, name string) (want trajectory) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// drawByFormula sets the reference's initial weights:
//
//	k = 1, 2, ... over the elements of all kernels, in the model's order; biases are 0
//	z = splitmix64's finaliser of seed + k·0x9E3779B97F4A7C15, u = (z >> 40) / 2^24
//	w = float32((2u-1) · sqrt(6 / (fan_in + fan_out)))
func drawByFormula(m *nets.Model, seed uint64) {
	z := seed
	for _, w := range m.Weights {
		limit := 0.0 // of a bias
		if s := w.Value.Shape(); strings.HasSuffix(w.Name, ".kernel") {
			in, out := s[len(s)-2], s[len(s)-1]
			area := s.TotalSize() / (in * out)
			limit = math.Sqrt(6 / float64(area*(in+out)))
		}
		for i := range w.Value.Shape().TotalSize() {
			v := float32(0)
			if limit > 0 {
				z += 0x9E3779B97F4A7C15
				u := float64(splitmix(z)>>40) / (1 << 24)
				v = float32((2*u - 1) * limit)
			}
			if m.Dtype() == tensor.Float64 {
				w.Value.Float64s()[i] = float64(v)
			} else {
				w.Value.Float32s()[i] = v
			}
		}
	}
}

func splitmix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// follow trains from the reference's weights of a seed, in the files' order,
// and returns the losses of the steps.
func follow(t *testing.T, m *nets.Model, seed uint64, opt train.Optimizer, steps int) []float64 {
	t.Helper()
	set, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	drawByFormula(m, seed)
	var losses []float64
	note := func(s *train.Stats) error {
		losses = append(losses, s.BatchLoss)
		return nil
	}
	_, err = train.Fit(t.Context(), m, set.Train, opt, train.Plan{Epochs: 1, Batch: 128, Steps: steps, Callbacks: []train.Callback{each{Batch: note}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(losses) != steps {
		t.Fatalf("%d steps, want %d", len(losses), steps)
	}
	return losses
}

// worst is the largest relative difference between two trajectories' common
// part, and the step at which it is.
func worst(got, want []float64) (difference float64, step int) {
	for i := range min(len(got), len(want)) {
		if d := math.Abs(got[i]-want[i]) / want[i]; !(d <= difference) { // NaN too
			difference, step = d, i+1
		}
	}
	return difference, step
}

// hold holds losses to the nearest of some trajectories.
func hold(t *testing.T, losses []float64, bound float64, sides ...trajectory) {
	t.Helper()
	difference, step := math.Inf(1), 0
	for _, side := range sides {
		if d, at := worst(losses, side.Losses); d < difference {
			difference, step = d, at
		}
	}
	t.Logf("off by %.2g at most, at step %d of %d", difference, step, len(losses))
	if !(difference <= bound) {
		t.Errorf("the loss of step %d is off by %.2g, want at most %.0g", step, difference, bound)
	}
}

func testAccuracy(t *testing.T, m *nets.Model, want trajectory) {
	t.Helper()
	set, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	result, err := train.Evaluate(t.Context(), m, set.Test, nil)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(result.Accuracy-want.ValAccuracy) > 0.0005 {
		t.Errorf("accuracy on the test images is %v, PyTorch's %v", result.Accuracy, want.ValAccuracy)
	}
}

func TestMLPFollowsPyTorch(t *testing.T) {
	one, oneWide, two := readTrajectory(t, "mlp-1-128"), readTrajectory(t, "mlp-1-128-float64"), readTrajectory(t, "mlp-2-128")
	net := nets.MLP([3]int{28, 28, 1}, 10)
	t.Run("seed 1", func(t *testing.T) { // with a tie at step 4: see the README
		m := newModel(t, net, tensor.Float32)
		losses := follow(t, m, 1, train.NewAdam(0.001), 50)
		hold(t, losses[:12], 1e-5, one)
		hold(t, losses, 1e-5, one, oneWide)
		testAccuracy(t, m, one)
	})
	t.Run("seed 2", func(t *testing.T) {
		m := newModel(t, net, tensor.Float32)
		hold(t, follow(t, m, 2, train.NewAdam(0.001), 50), 1e-5, two)
		testAccuracy(t, m, two)
	})
	t.Run("float64", func(t *testing.T) {
		m := newModel(t, net, tensor.Float64)
		hold(t, follow(t, m, 1, train.NewAdam(0.001), 50), 1e-12, oneWide)
	})
}

// TestCNNFollowsPyTorch: with direct convolution, as PyTorch has it, to
// rounding; with Winograd's, which rounds twice as much, until a ReLU near zero
// falls to the other side, and not far from it after that.
func TestCNNFollowsPyTorch(t *testing.T) {
	for _, c := range []struct {
		algorithm graph.Algorithm
		steps     int
		bound     float64
	}{
		{kernel.Direct, 10, 1e-4},
		{kernel.Winograd, 20, 2e-2},
	} {
		t.Run(c.algorithm.String(), func(t *testing.T) {
			if testing.Short() {
				c.steps = 2
			}
			m := newModel(t, nets.CNN([3]int{28, 28, 1}, 10), tensor.Float32)
			m.Ops = graph.FusedWith(c.algorithm)
			losses, want := follow(t, m, 1, train.NewAdam(0.001), c.steps), readTrajectory(t, "cnn-1-128")
			hold(t, losses[:2], 1e-5, want) // black margins under zero biases must stay exact zeros
			hold(t, losses, c.bound, want)
		})
	}
}

// kingma is Adam with epsilon beside the corrected second moment, as in the
// first algorithm of the paper.
type kingma struct{ *train.Adam }

func (k kingma) Step(weights []gorgonia.ValueGrad) error {
	k.Epsilon = 1e-7 * math.Sqrt(1-math.Pow(k.Beta2, float64(k.State().Step+1)))
	return k.Adam.Step(weights)
}

// TestRegularizedMLPFollowsPyTorch: torch.optim.AdamW, its label smoothing, and
// Keras's L2 penalty, each alone.
func TestRegularizedMLPFollowsPyTorch(t *testing.T) {
	net := nets.MLP([3]int{28, 28, 1}, 10)
	for _, c := range []struct {
		name      string
		dtype     tensor.Dtype
		decay     float64
		objective nets.Objective
		steps     int
		bound     float64
	}{
		{"adamw", tensor.Float32, 0.1, nets.Objective{}, 50, 1e-5},
		{"adamw-float64", tensor.Float64, 0.1, nets.Objective{}, 20, 1e-12},
		{"smoothing-float64", tensor.Float64, 0, nets.Objective{Smoothing: 0.1}, 20, 1e-12},
		{"l2-float64", tensor.Float64, 0, nets.Objective{L2: 1e-4}, 20, 1e-12},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, adam := newModel(t, net, c.dtype), train.NewAdam(0.001)
			m.Objective, adam.WeightDecay = c.objective, c.decay
			opt := train.Optimizer(adam)
			if c.decay > 0 {
				opt = kingma{adam}
			}
			hold(t, follow(t, m, 2, opt, c.steps), c.bound, readTrajectory(t, "mlp-2-128-"+c.name))
		})
	}
}

// frozen is an Adam that forgets the last weight, the output's bias.
type frozen struct{ *train.Adam }

func (f frozen) Step(weights []gorgonia.ValueGrad) error {
	return f.Adam.Step(weights[:len(weights)-1])
}

// TestTrajectoryTellsTrainersApart shows that the bound of TestMLPFollowsPyTorch
// lets neither of two trainers pass that are almost right.
func TestTrajectoryTellsTrainersApart(t *testing.T) {
	for name, opt := range map[string]train.Optimizer{
		"Kingma's epsilon":     kingma{train.NewAdam(0.001)},
		"a frozen output bias": frozen{train.NewAdam(0.001)},
	} {
		m := newModel(t, nets.MLP([3]int{28, 28, 1}, 10), tensor.Float32)
		d, step := worst(follow(t, m, 1, opt, 12), readTrajectory(t, "mlp-1-128").Losses)
		t.Logf("%s: off by %.2g at step %d", name, d, step)
		if d < 1e-4 {
			t.Errorf("%s: off by %.2g only", name, d)
		}
	}
}
