package nets_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/pythontest"
)

// Multiplied is a layer of one's own that has a twin in Python.
type Multiplied struct {
	Times float64 `json:"times"`
}

func (l Multiplied) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Mul(x, gorgonia.NewConstant(float32(l.Times)))
}

func init() { nets.Register(Multiplied{}) }

// asked is a network of ours with weights and images, for the real Keras.
type asked struct {
	Config  string               `json:"config"`
	Weights map[string][]float32 `json:"weights"`
	Images  []float32            `json:"images"`
}

// answered is what the real Keras says.
type answered struct {
	Answers map[string]struct {
		Probabilities        []float32
		Frozen, Initializers []string
		Config               string
	}
	Read, Refused map[string]string
}

// ask has the real Keras look at networks; testdata/config/networks.py says how.
func ask(t *testing.T, python string, questions map[string]asked) (a answered) {
	t.Helper()
	from, to := filepath.Join(t.TempDir(), "asked.json"), filepath.Join(t.TempDir(), "answered.json")
	text, err := json.Marshal(questions)
	if err == nil {
		err = os.WriteFile(from, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, filepath.Join("testdata", "config", "networks.py"), from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text, err = os.ReadFile(to); err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// layered are networks of Keras's other layers, chains and such as branch.
func layered() map[string]nets.Network {
	input, six := [3]int{6, 5, 2}, 6.0
	chain := func(name string, layers ...nets.Layer) nets.Network {
		return nets.Network{Name: name, Input: input, Layers: append(layers, nets.Flatten{}, nets.Dense{Units: 3})}
	}
	one := func(filters int) nets.Conv2D { return nets.Conv2D{Filters: filters, Side: 1} }
	residual := nets.Network{Name: "residual", Input: input}
	x := residual.Then(one(4))
	for range 2 {
		y := residual.Then(nets.BatchNormalization{Momentum: 0.9}, x)
		y = residual.Then(nets.ReLULayer{}, y)
		y = residual.Then(one(4), y)
		x = residual.Then(nets.Add{}, x, y)
	}
	residual.Then(nets.Flatten{}, x)
	residual.Then(nets.Dense{Units: 3})
	residual.Frozen = []string{"batch_normalization"}

	inception := nets.Network{Name: "inception", Input: input}
	a := inception.Then(nets.At{Layer: one(2), Name: "narrow"}, "image")
	b := inception.Then(nets.ZeroPadding2D{}, "image")
	b = inception.Then(nets.At{Layer: nets.Conv2D{Filters: 3, Side: 3, Activation: nets.ReLU}, Name: "wide"}, b)
	c := inception.Then(nets.MaxPooling2D{Side: 3, Strides: [2]int{1, 1}, Padding: nets.Same}, "image")
	c = inception.Then(nets.LayerNormalization{NoCenter: true}, c)
	inception.Then(nets.Concatenate{}, a, b, c, "image")
	inception.Then(nets.GlobalAveragePooling2D{})
	inception.Then(nets.Dense{Units: 3})

	merges := nets.Network{Name: "merges", Input: input}
	p, q := merges.Then(one(2)), merges.Then(one(2), "image")
	all := []string{p}
	for _, l := range []nets.Layer{nets.Add{}, nets.Subtract{}, nets.Multiply{}, nets.Average{}, nets.Maximum{}, nets.Minimum{}} {
		all = append(all, merges.Then(l, p, q))
	}
	merges.Then(nets.Concatenate{}, all...)
	merges.Then(nets.Flatten{})
	merges.Then(nets.Dense{Units: 2})
	merges.Then(nets.Activate{With: nets.Tanh})
	return map[string]nets.Network{
		"residual": residual, "inception": inception, "merges": merges,
		"activations":    chain("activations", nets.ReLULayer{MaxValue: &six, NegativeSlope: 0.25, Threshold: 0.5}, nets.LeakyReLULayer{}, nets.ELULayer{Alpha: 0.5}, nets.PReLU{SharedAxes: []int{1, 2}}, nets.PReLU{}, nets.SoftmaxLayer{}, nets.Activate{With: nets.GELU}),
		"normalizations": chain("normalizations", nets.Rescaling{Scale: 0.5, Offset: 0.25}, nets.Normalization{Mean: []float64{0.5, 0.25}, Variance: []float64{2, 1}}, nets.BatchNormalization{NoScale: true, BetaRegularizer: nets.Regularizer{L2: 0.5}}, nets.LayerNormalization{Epsilon: 0.125}),
		"shapes":         chain("shapes", nets.ZeroPadding2D{Padding: nets.Sides{{1, 0}, {0, 2}}}, nets.Cropping2D{Cropping: nets.Sides{{2, 0}, {1, 0}}}, nets.AveragePooling2D{Size: [2]int{1, 2}}, nets.Reshape{To: []int{-1, 2}}, nets.Reshape{To: []int{1, -1, 2}}, nets.GlobalMaxPooling2D{KeepDims: true}, nets.GaussianNoise{Stddev: 0.5}, nets.SpatialDropout2D{Rate: 0.25}),
	}
}

// TestConfigsAreKeras: the real Keras takes our configs and predicts what we do with
// the same weights, and gives back configs that are the same networks; and the
// configs of its own models are read as what they are, or refused.
func TestConfigsAreKeras(t *testing.T) {
	t.Parallel()
	python := pythontest.Need(t, "keras", "tensorflow")
	frozen, err := nets.CNN([3]int{7, 6, 2}, 4).WithDropout(0.25).Freeze("conv2d", "dense")
	if err != nil {
		t.Fatal(err)
	}
	networks := map[string]nets.Network{
		"mlp": nets.MLP([3]int{6, 5, 1}, 10), "cnn": nets.CNN([3]int{7, 6, 3}, 10), "frozen": frozen,
		"relu last":  {Name: "relu", Input: [3]int{6, 5, 2}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 3, Activation: nets.ReLU, Kernel: nets.HeNormal}, nets.Dropout{Rate: 0.5}}},
		"no flatten": {Name: "", Input: [3]int{6, 5, 2}, Layers: []nets.Layer{nets.Dense{Units: 4, Kernel: nets.HeUniform}, nets.Flatten{}, nets.Dense{Units: 3, Kernel: nets.Zeros}}},
		"lenet5":     nets.LeNet5([3]int{13, 12, 1}, 4), "convnet": nets.ConvNet([3]int{10, 11, 2}, 4), "vgg": nets.VGG([3]int{5, 6, 1}, 4), "resnet": nets.ResNet([3]int{9, 8, 2}, 4),
		"one's own": {Name: "own", Input: [3]int{6, 5, 2}, Layers: []nets.Layer{nets.Flatten{}, nets.Dense{Units: 4}, Multiplied{Times: 3}, nets.Dense{Units: 3}, Multiplied{Times: 2}}},
	}
	maps.Copy(networks, layered())
	questions, scores := make(map[string]asked), make(map[string]nets.Scores)
	for name, n := range networks {
		config, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(t, n, tensor.Float32)
		q := asked{Config: string(config), Weights: make(map[string][]float32), Images: make([]float32, 3*n.Input[0]*n.Input[1]*n.Input[2])}
		rng := source(3)
		for _, w := range m.Weights {
			for i := range w.Value.Float32s() { // biases, too
				w.Value.Float32s()[i] += float32(rng.NormFloat64()) / 20
			}
			q.Weights[w.Name] = w.Value.Float32s()
		}
		for i := range q.Images {
			q.Images[i] = rng.Float32()
		}
		if scores[name], err = nets.NewPredictor(m).Predict(q.Images); err != nil {
			t.Fatal(err)
		}
		questions[name] = q
	}
	a := ask(t, python, questions)
	for name, n := range networks {
		answer := a.Answers[name]
		for i, want := range answer.Probabilities {
			if d := math.Abs(float64(want - scores[name].Probabilities[i])); !(d <= 1e-6) {
				t.Errorf("%s: probability %d is %v, Keras's %v", name, i, scores[name].Probabilities[i], want)
			}
		}
		if !slices.Equal(answer.Frozen, n.Frozen) {
			t.Errorf("%s: frozen are %v in Keras, want %v", name, answer.Frozen, n.Frozen)
		}
		back, err := nets.ParseNetwork([]byte(answer.Config))
		if err != nil || nets.SameNetwork(back, n) != "" {
			t.Errorf("%s: comes back from Keras: %v, %s", name, err, nets.SameNetwork(back, n))
		}
	}
	if got := a.Answers["relu last"].Initializers; !slices.Equal(got, []string{"HeNormal"}) {
		t.Errorf("initializers %v", got)
	}
	if got := a.Answers["no flatten"].Initializers; !slices.Equal(got, []string{"HeUniform", "Zeros"}) {
		t.Errorf("initializers %v", got)
	}
	holdRead(t, a)
}

// holdRead holds what is made of the configs of Keras's own models.
func holdRead(t *testing.T, a answered) {
	t.Helper()
	mlp, cnn := nets.MLP(mnist, 10), nets.CNN(mnist, 10)
	with := func(n nets.Network, i int, l nets.Layer) nets.Network {
		n.Layers = slices.Clone(n.Layers)
		n.Layers[i] = l
		return n
	}
	frozen, err := cnn.Freeze("conv2d", "dense")
	if err != nil {
		t.Fatal(err)
	}
	dropout := mlp.WithDropout(0.2)
	dropout.Name = "sequential_1"
	apart := nets.Network{Name: "cnn", Input: mnist, Layers: []nets.Layer{nets.Conv2D{Filters: 32, Side: 3}, nets.ReLULayer{}, nets.Conv2D{Filters: 64, Side: 3},
		nets.Dropout{}, nets.Activate{With: nets.ReLU}, nets.Flatten{}, nets.Dense{Units: 128, Activation: nets.ReLU}, nets.Dense{Units: 10}}}
	want := map[string]nets.Network{
		"mlp": mlp, "mlp compiled": mlp, "cnn": cnn, "cnn functional": cnn, "cnn frozen": frozen, "dropout": dropout, "relu layers": apart,
		"he_normal": with(cnn, 0, nets.Conv2D{Filters: 32, Side: 3, Activation: nets.ReLU, Kernel: nets.HeNormal}),
		"seeded":    with(cnn, 0, nets.Conv2D{Filters: 32, Side: 3, Activation: nets.ReLU, Kernel: nets.HeUniform}),
	}
	for name, config := range a.Read {
		n, err := nets.ParseNetwork([]byte(config))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "dropout" {
			n.Name = dropout.Name // Keras counts them
		}
		if words := nets.SameNetwork(n, want[name]); words != "" {
			t.Errorf("%s: %s", name, words)
		}
		if (name == "mlp" || name == "cnn" || name == "cnn frozen") && !reflect.DeepEqual(n, want[name]) {
			t.Errorf("%s: %+v, want %+v", name, n, want[name])
		}
	}
	for word, config := range a.Refused {
		if n, err := nets.ParseNetwork([]byte(config)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error with %q, got %+v, %v", word, n, err)
		} else {
			t.Log(err)
		}
	}
}
