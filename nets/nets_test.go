package nets_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

var mnist = [3]int{28, 28, 1}

func newModel(t *testing.T, net nets.Network, dt tensor.Dtype) *nets.Model {
	t.Helper()
	m, err := nets.New(net, dt, source(1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSummariesAreKeras(t *testing.T) {
	for _, net := range []nets.Network{nets.MLP(mnist, 10), nets.CNN(mnist, 10), nets.LeNet5(mnist, 10), nets.ConvNet(mnist, 10), nets.VGG(mnist, 10), nets.ResNet(mnist, 10)} {
		want, err := os.ReadFile(filepath.Join("summary", "testdata", "summary-"+net.Name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := newModel(t, net, tensor.Float32).Summary(&got, 80); err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s:\n%s\nwant:\n%s", net.Name, got.String(), want)
		}
	}
}

func TestParams(t *testing.T) {
	if n := newModel(t, nets.MLP(mnist, 10), tensor.Float32).Params(); n != 407_050 {
		t.Errorf("MLP: %d parameters", n)
	}
	if n := newModel(t, nets.CNN(mnist, 10), tensor.Float32).Params(); n != 4_738_826 {
		t.Errorf("CNN: %d parameters", n)
	}
}

// small is a network with every layer, small enough for finite differences.
var small = nets.Network{Name: "small", Input: [3]int{6, 5, 2}, Layers: []nets.Layer{
	nets.Conv2D{Filters: 3, Side: 3, Activation: nets.ReLU},
	nets.Conv2D{Filters: 4, Side: 2, Activation: nets.ReLU},
	nets.Flatten{},
	nets.Dense{Units: 7, Activation: nets.ReLU, Kernel: nets.HeUniform},
	nets.Dense{Units: 3},
}}

// feed writes reproducible images and labels into a program.
func feed(p *nets.Program, classes int) {
	rng := source(7)
	switch x := p.Images().(*tensor.Dense); x.Dtype() {
	case tensor.Float64:
		for i := range x.Float64s() {
			x.Float64s()[i] = rng.Float64()
		}
	default:
		for i := range x.Float32s() {
			x.Float32s()[i] = float32(rng.Float64())
		}
	}
	for i := range p.Labels() {
		p.Labels()[i] = i % classes
	}
}

func program(t *testing.T, m *nets.Model, phase nets.Phase, batch int) *nets.Program {
	t.Helper()
	p, err := m.Program(phase, batch)
	if err != nil {
		t.Fatal(err)
	}
	feed(p, m.Classes)
	return p
}

func run(t *testing.T, p *nets.Program) {
	t.Helper()
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
}

// gradients runs a training program and copies its gradients.
func gradients(t *testing.T, p *nets.Program) [][]float64 {
	t.Helper()
	run(t, p)
	var all [][]float64
	for _, vg := range p.Gradients() {
		g, err := vg.Grad()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, append([]float64(nil), graph.Slice[float64](g)...))
	}
	return all
}

func TestGradientsOfAWholeNetwork(t *testing.T) {
	const h = 1e-6
	for seed := range uint64(10) {
		rng := source(seed)
		m, err := nets.New(small, tensor.Float64, rng)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range m.Weights { // biases too, so that no ReLU sits at 0
			for i := range w.Value.Float64s() {
				w.Value.Float64s()[i] += 0.2 * (rng.Float64() - 0.5)
			}
		}
		dw := gradients(t, program(t, m, nets.Training, 4))
		eval := program(t, m, nets.Evaluation, 4)
		for range 200 {
			i := rng.IntN(len(m.Weights))
			w := m.Weights[i].Value.Float64s()
			j := rng.IntN(len(w))
			at := w[j]
			w[j] = at + h
			run(t, eval)
			above := eval.Loss()
			w[j] = at - h
			run(t, eval)
			below := eval.Loss()
			w[j] = at
			if want := (above - below) / (2 * h); math.Abs(dw[i][j]-want) > 1e-7*(1+math.Abs(want)) {
				t.Errorf("seed %d, %s[%d]: gradient %.9g, central difference %.9g", seed, m.Weights[i].Name, j, dw[i][j], want)
			}
		}
	}
}

func TestWholeNetworkEqualsItsStockTwin(t *testing.T) {
	fused, twin := newModel(t, small, tensor.Float64), newModel(t, small, tensor.Float64)
	twin.Ops = graph.Stock
	for _, m := range []*nets.Model{fused, twin} {
		rng := source(3)
		for _, w := range m.Weights {
			for i := range w.Value.Float64s() {
				w.Value.Float64s()[i] += 0.1 * (rng.Float64() - 0.5)
			}
		}
	}
	p, q := program(t, fused, nets.Training, 4), program(t, twin, nets.Training, 4)
	a, b := gradients(t, p), gradients(t, q)
	if d := math.Abs(p.Loss() - q.Loss()); !(d < 1e-10) {
		t.Errorf("loss %v, the twin has %v", p.Loss(), q.Loss())
	}
	if p.Hits() != q.Hits() {
		t.Errorf("%d hits, the twin has %d", p.Hits(), q.Hits())
	}
	for i := range a {
		for j := range a[i] {
			if d := math.Abs(a[i][j] - b[i][j]); !(d < 1e-9) {
				t.Fatalf("gradient of %s[%d]: %v, the twin has %v", fused.Weights[i].Name, j, a[i][j], b[i][j])
			}
		}
	}
}

func TestProgramsShareWeights(t *testing.T) {
	m := newModel(t, small, tensor.Float64)
	before := program(t, m, nets.Evaluation, 3)
	run(t, before)
	loss := before.Loss()
	m.Weights[len(m.Weights)-1].Value.Float64s()[0]++ // a bias that no ReLU can hide
	for _, phase := range []nets.Phase{nets.Training, nets.Evaluation} {
		p := program(t, m, phase, 3)
		run(t, p)
		if p.Loss() == loss {
			t.Errorf("%v does not see a changed weight", phase)
		}
	}
}

func TestTheFirstLayerHasNoGradientByItsImages(t *testing.T) {
	m := newModel(t, small, tensor.Float64)
	count := 0
	for _, n := range program(t, m, nets.Training, 2).Graph().AllNodes() {
		if op := graph.Of(n); op != nil && strings.HasPrefix(op.String(), "ConvolveGrad") && strings.Contains(op.String(), "DX:false") {
			count++
		}
	}
	if count == 0 {
		t.Error("no convolution's gradient leaves dx out")
	}
}

func TestDropoutIsForTrainingOnly(t *testing.T) {
	net := nets.Network{Name: "drop", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dropout{Rate: 0.5}, nets.Dense{Units: 3}}}
	m := newModel(t, net, tensor.Float64)
	for phase, random := range map[nets.Phase]bool{nets.Training: true, nets.Evaluation: false} {
		p := program(t, m, phase, 8)
		run(t, p)
		first := p.Loss()
		run(t, p)
		if (p.Loss() != first) != random {
			t.Errorf("%v: losses %v and %v", phase, first, p.Loss())
		}
	}
}

func TestProbabilitiesAreASoftmaxOfLogits(t *testing.T) {
	m := newModel(t, small, tensor.Float32)
	p := program(t, m, nets.Prediction, 5)
	if p.Labels() != nil {
		t.Error("prediction has labels")
	}
	run(t, p)
	logits, probs := graph.Slice[float32](p.Logits()), graph.Slice[float32](p.Probabilities())
	for i := range 5 {
		var sum, z float64
		for j := range 3 {
			sum += float64(probs[i*3+j])
			z += math.Exp(float64(logits[i*3+j]))
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("row %d sums to %v", i, sum)
		}
		if want := math.Exp(float64(logits[i*3])) / z; math.Abs(float64(probs[i*3])-want) > 1e-6 {
			t.Errorf("row %d: %v, want %v", i, probs[i*3], want)
		}
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	for want, layers := range map[string][]nets.Layer{
		"layer conv2d_1 (Conv2D)":    {nets.Conv2D{Filters: 1, Side: 3}, nets.Conv2D{Filters: 1, Side: 5}},
		"does not fit into an image": {nets.Conv2D{Filters: 1, Side: 7}},
		"0 units":                    {nets.Dense{}},
		"0 filters":                  {nets.Conv2D{Side: 3}},
		"put it before Flatten":      {nets.Flatten{}, nets.Conv2D{Filters: 1, Side: 1}},
		"must give logits":           {nets.Conv2D{Filters: 1, Side: 1}},
		"must be in [0,1)":           {nets.Dropout{Rate: 1}, nets.Dense{Units: 2}},
	} {
		_, err := nets.New(nets.Network{Name: "bad", Input: [3]int{6, 6, 1}, Layers: layers}, tensor.Float32, source(1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestInitializersHaveTheirDeviation(t *testing.T) {
	fans := nets.Fans{In: 50, Out: 30}
	for name, c := range map[string]struct {
		init  nets.Initializer
		want  float64
		limit float64
	}{
		"glorot":        {nets.GlorotUniform, math.Sqrt(2.0 / 80), math.Sqrt(6.0 / 80)},
		"glorot normal": {nets.GlorotNormal, math.Sqrt(2.0 / 80), 2.0 / 0.8796 * math.Sqrt(2.0/80)},
		"he uniform":    {nets.HeUniform, math.Sqrt(2.0 / 50), math.Sqrt(6.0 / 50)},
		"he normal":     {nets.HeNormal, math.Sqrt(2.0 / 50), 2.0 / 0.8796 * math.Sqrt(2.0/50)},
		"lecun uniform": {nets.LecunUniform, math.Sqrt(1.0 / 50), math.Sqrt(3.0 / 50)},
		"lecun normal":  {nets.LecunNormal, math.Sqrt(1.0 / 50), 2.0 / 0.8796 * math.Sqrt(1.0/50)},
	} {
		const n = 200_000
		rng := source(1)
		var sum, squares float64
		for range n {
			v := c.init(rng, fans)
			if math.Abs(v) > c.limit {
				t.Fatalf("%s: %v is beyond %v", name, v, c.limit)
			}
			sum, squares = sum+v, squares+v*v
		}
		if d := math.Sqrt(squares / n); math.Abs(d/c.want-1) > 0.01 || math.Abs(sum/n) > 0.002 {
			t.Errorf("%s: mean %v, deviation %v, want 0 and %v", name, sum/n, d, c.want)
		}
	}
}

// TestConstantsAreKerass: their values come back from a file, whoever has called Constant.
func TestConstantsAreKerass(t *testing.T) {
	const half = `{"module":"keras.initializers","class_name":"Constant","config":{"value":0.5},"registered_name":null}`
	text, err := json.Marshal(nets.Constant(0.5))
	if err != nil || string(text) != half {
		t.Errorf("%s, %v, want %s", text, err, half)
	}
	var read nets.Initializer
	if err := json.Unmarshal([]byte(half), &read); err != nil || read(nil, nets.Fans{}) != 0.5 {
		t.Errorf("%s is read as another one, %v", half, err)
	}
	if text, err := json.Marshal(nets.Constant(math.NaN())); err == nil {
		t.Errorf("NaN is %s", text)
	}
	for _, value := range []string{`{"value":[1,2]}`, `{}`, `{"value":1,"more":2}`} {
		text := strings.Replace(half, `{"value":0.5}`, value, 1)
		if err := json.Unmarshal([]byte(text), &read); err == nil || !strings.Contains(err.Error(), "expected a Constant of one value") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBytesIsProportionalToTheBatch(t *testing.T) {
	m := newModel(t, nets.CNN(mnist, 10), tensor.Float32)
	size := func(batch int) int {
		n, err := m.Bytes(nets.Training, batch)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if a, b, c := size(64), size(128), size(192); b-a != c-b || b-a < 64*28*28*4 {
		t.Errorf("batches of 64, 128, 192 take %d, %d, %d bytes", a, b, c)
	}
}

func TestWeightsRoundTrip(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		m := newModel(t, small, dt)
		path := filepath.Join(t.TempDir(), "w.safetensors")
		var file bytes.Buffer
		if err := m.WriteWeights(&file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		other, err := nets.New(small, dt, source(2))
		if err != nil {
			t.Fatal(err)
		}
		if err := other.ReadWeights(path); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := other.WriteWeights(&again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file.Bytes(), again.Bytes()) {
			t.Errorf("%v: weights change on a round trip", dt)
		}
	}
}

func TestForeignWeightsAreRefused(t *testing.T) {
	write := func(net nets.Network, dt tensor.Dtype) string {
		path := filepath.Join(t.TempDir(), "w.safetensors")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := newModel(t, net, dt).WriteWeights(f); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dense := func(units ...int) nets.Network {
		net := nets.Network{Name: "dense", Input: [3]int{2, 2, 1}}
		for _, u := range units {
			net.Layers = append(net.Layers, nets.Dense{Units: u})
		}
		return net
	}
	for want, path := range map[string]string{
		`tensor "dense.kernel" has shape [4 4], the dense's has [4 3]`: write(dense(4), tensor.Float32),
		`tensor "dense_1.kernel" is none of the dense's weights`:       write(dense(3, 3), tensor.Float32),
		`element type F64, the dense's has F32`:                        write(dense(3), tensor.Float64),
		`tensor "dense.kernel" is missing`:                             write(nets.Network{Name: "conv", Input: [3]int{1, 1, 1}, Layers: []nets.Layer{nets.Conv2D{Filters: 1, Side: 1}, nets.Flatten{}, nets.Dropout{}, identity{}}}, tensor.Float32),
		"no such file":                                                 filepath.Join(t.TempDir(), "none"),
	} {
		m := newModel(t, dense(3), tensor.Float32)
		before := m.Weights[0].Value.Clone().(*tensor.Dense)
		if err := m.ReadWeights(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("want an error with %q and the path, got %v", want, err)
		}
		if !before.Eq(m.Weights[0].Value) {
			t.Errorf("%s: the model has changed", want)
		}
	}
	wide := newModel(t, dense(3), tensor.Float64)
	if err := wide.ReadWeights(write(dense(3), tensor.Float32)); err != nil {
		t.Errorf("a float64 model refuses float32 weights: %v", err)
	}
}

// identity is a layer from outside the package.
type identity struct{}

func (identity) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return x, nil }

// TestPartsOfADraft: every node on the way to the loss is in the part that made
// it, and looking at a graph takes no memory.
func TestPartsOfADraft(t *testing.T) {
	m := newModel(t, nets.CNN([3]int{8, 8, 1}, 3), tensor.Float32)
	p, err := m.Draft(nets.Training, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if p.Images() != nil {
		t.Error("the images have memory")
	}
	var got []string
	for _, part := range p.Parts() {
		got = append(got, fmt.Sprintf("%s %s %d", part.Name, part.Type, len(part.Nodes)))
	}
	want := []string{"conv2d Conv2D 3", "conv2d_1 Conv2D 3", "flatten Flatten 1", "dense Dense 3", "dense_1 Dense 3", "loss SparseCategoricalCrossentropy 1"}
	if !slices.Equal(got, want) {
		t.Errorf("parts %q, want %q", got, want)
	}
}
