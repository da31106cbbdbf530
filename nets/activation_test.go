package nets

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/graph/optest"
)

// stored are values of Keras's, which testdata/activations/make.py has written.
type stored struct {
	Grid, Ends numbers
	Cases      []struct {
		Class   string
		Config  json.RawMessage
		Rounded bool   // TensorFlow has a constant of it in float32 alone
		Grid    values // in float64
		Ends    values // in float32
	}
}

type values struct{ Y, DX, DAlpha numbers }

// numbers are JSON's, and the texts inf, -inf and nan.
type numbers []float64

func (n *numbers) UnmarshalJSON(text []byte) error {
	var all []any
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for _, v := range all {
		number, ok := v.(float64)
		if s, is := v.(string); is {
			parsed, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return err
			}
			number, ok = parsed, true
		}
		if !ok {
			return strconv.ErrSyntax
		}
		*n = append(*n, number)
	}
	return nil
}

// TestActivationsAreKerass: all of them, in float64 to 1e-10 and in float32 to 1e-6,
// at their ends, too.
func TestActivationsAreKerass(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "activations", "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all stored
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	was := kernel.Implementation()
	defer kernel.Use(was)
	for _, name := range kernel.Implementations() {
		if err := kernel.Use(name); err != nil {
			t.Fatal(err)
		}
		for _, c := range all.Cases {
			class, err := classNamed(c.Class, "")
			if err != nil {
				t.Fatal(err)
			}
			l := reflect.New(class.layer)
			if err := json.Unmarshal(c.Config, l.Interface()); err != nil {
				t.Fatal(err)
			}
			layer, what := l.Elem().Interface().(Layer), name+" "+c.Class+string(c.Config)
			exact := 1e-10
			if c.Rounded {
				exact = 1e-7
			}
			holdLayer[float64](t, what, layer, all.Grid, c.Grid, exact)
			holdLayer[float32](t, what, layer, all.Grid, c.Grid, 1e-6)
			if c.Ends.Y != nil {
				holdLayer[float32](t, what+" ends", layer, all.Ends, c.Ends, 1e-6)
			}
		}
	}
}

// holdLayer holds what a layer makes of images of 2 x 3 x 2, and its gradients, where
// each output counts as much as the script says.
func holdLayer[T graph.Float](t *testing.T, what string, l Layer, x numbers, want values, tolerance float64) {
	t.Helper()
	shape := []int{len(x) / 12, 2, 3, 2}
	factors := make(numbers, len(x))
	for i := range factors {
		factors[i] = 0.5 + float64(i)/float64(len(x)-1)
	}
	var b *Builder
	var y *gorgonia.Node
	var gradients gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		b = &Builder{Ops: graph.Fused, Phase: Training, graph: g, dtype: graph.DtypeOf[T](), layer: "layer", given: alphas[T](want.DAlpha)}
		by := gorgonia.Nodes{graph.NewParam(g, "x", tensorOf[T](x, shape...))}
		if y, err = l.Build(b, by[0]); err != nil {
			return err
		}
		weighted, err := gorgonia.HadamardProd(y, graph.NewParam(g, "factors", tensorOf[T](factors, shape...)))
		if err != nil {
			return err
		}
		loss, err := gorgonia.Sum(weighted)
		if err != nil {
			return err
		}
		gradients, err = graph.Grad(loss, append(by, b.weights...)...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer m.Close()
	if err := m.Run(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	holdNumbers[T](t, what+" y", x, y, want.Y, tolerance)
	holdNumbers[T](t, what+" dx", x, gradients[0], want.DX, tolerance)
	if want.DAlpha != nil {
		holdNumbers[T](t, what+" dalpha", want.DAlpha, gradients[1], want.DAlpha, tolerance)
	}
}

// alphas are those of the script's PReLU.
func alphas[T graph.Float](like numbers) []Weight {
	if like == nil {
		return nil
	}
	shape := []int{2, 3, 2}
	if len(like) == 2 {
		shape = []int{1, 1, 2}
	}
	v := make(numbers, len(like))
	for i := range v {
		v[i] = -0.5 + 2*float64(i)/float64(len(v)-1)
	}
	return []Weight{{Name: "layer.alpha", Value: tensorOf[T](v, shape...)}}
}

func tensorOf[T graph.Float](v numbers, shape ...int) *tensor.Dense {
	data := make([]T, len(v))
	for i := range v {
		data[i] = T(v[i])
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// holdNumbers lets derivatives at infinity be what they like, where Keras has none.
func holdNumbers[T graph.Float](t *testing.T, what string, x numbers, got *gorgonia.Node, want numbers, tolerance float64) {
	t.Helper()
	for i, v := range graph.Slice[T](got.Value()) {
		g, w := float64(v), want[i]
		switch {
		case g == w || math.IsNaN(g) && math.IsNaN(w) || math.IsNaN(w) && strings.HasSuffix(what, "dx"):
		case !(math.Abs(g-w) <= tolerance*max(1, math.Abs(w))):
			t.Errorf("%s: at %v is %v, Keras says %v", what, x[i], g, w)
		}
	}
}

// TestActivationNames are Keras's, and what has none is refused by name.
func TestActivationNames(t *testing.T) {
	for a := Linear; a < GELUTanh; a++ {
		for _, name := range activations[a].names {
			var read Activation
			if err := json.Unmarshal([]byte(strconv.Quote(name)), &read); err != nil || read != a {
				t.Errorf("%s is %v, %v", name, read, err)
			}
		}
		if text, err := json.Marshal(a); err != nil || string(text) != strconv.Quote(a.String()) {
			t.Errorf("%v is written as %s, %v", a, text, err)
		}
	}
	if _, err := json.Marshal(GELUTanh); err == nil || !strings.Contains(err.Error(), "gelu_tanh") {
		t.Errorf("GELUTanh: %v", err)
	}
	for text, says := range map[string]string{`"gelu_tanh"`: "mish, exponential and softmax", `"Linear"`: "not known", `{"class_name":"ReLU"}`: "expected a name"} {
		if err := new(Activation).UnmarshalJSON([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestGELUTanh is near GELU, and what the definition says.
func TestGELUTanh(t *testing.T) {
	x := numbers{-3, -1, -0.1, 0, 0.1, 0.5, 1, 2, 3, 4, -4, 5}
	var want values
	for i, v := range x {
		u := math.Sqrt(2/math.Pi) * (v + 0.044715*v*v*v)
		want.Y = append(want.Y, v/2*(1+math.Tanh(u)))
		slope := (1+math.Tanh(u))/2 + v/2*(1-math.Pow(math.Tanh(u), 2))*math.Sqrt(2/math.Pi)*(1+3*0.044715*v*v)
		want.DX = append(want.DX, slope*(0.5+float64(i)/11))
	}
	holdLayer[float64](t, "GELUTanh", Activate{With: GELUTanh}, x, want, 1e-12)
	holdLayer[float32](t, "GELUTanh", Activate{With: GELUTanh}, x, want, 1e-6)
}

// TestLayersOfActivationsComeBack from their settings, which are Keras's.
func TestLayersOfActivationsComeBack(t *testing.T) {
	six := 6.0
	for want, l := range map[string]Layer{
		`{"activation":"hard_silu"}`: Activate{With: HardSiLU},
		`{}`:                         ReLULayer{},
		`{"max_value":6,"negative_slope":0.5,"threshold":1}`: ReLULayer{&six, 0.5, 1},
		`{"negative_slope":0.25}`:                            LeakyReLULayer{0.25},
		`{"alpha":0.5}`:                                      ELULayer{0.5},
		`{"shared_axes":[1,2]}`:                              PReLU{SharedAxes: []int{1, 2}},
		`{"units":3,"use_bias":false,"activation":"silu"}`:   Dense{Units: 3, NoBias: true, Activation: SiLU},
	} {
		all, err := writeSettings(l)
		text, _ := json.Marshal(all)
		var got, wants any
		json.Unmarshal(text, &got)
		json.Unmarshal([]byte(want), &wants)
		if err != nil || !reflect.DeepEqual(got, wants) {
			t.Errorf("%#v is %s, %v, want %s", l, text, err, want)
		}
	}
	for text, l := range map[string]json.Unmarshaler{`{"negative_slope":0}`: new(LeakyReLULayer), `{"alpha":0}`: new(ELULayer), `{"axis":1}`: new(SoftmaxLayer)} {
		if err := l.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%T takes %s", l, text)
		}
	}
}

// TestActivationsThatAreRefused, by what is wrong with them.
func TestActivationsThatAreRefused(t *testing.T) {
	none := 0.0
	for says, layers := range map[string][]Layer{
		"Activation(99)":                         {Activate{With: 99}, Dense{Units: 2}},
		"max_value must be above 0":              {ReLULayer{MaxValue: &none}, Dense{Units: 2}},
		"negative_slope and threshold":           {ReLULayer{Threshold: -1}, Dense{Units: 2}},
		"negative_slope must be above 0":         {LeakyReLULayer{-1}, Dense{Units: 2}},
		"shared_axes [4]":                        {PReLU{SharedAxes: []int{4}}, Dense{Units: 2}},
		"layer dense at its end is a softmax":    {Dense{Units: 2, Activation: Softmax}},
		"layer softmax at its end is a softmax":  {Dense{Units: 2}, SoftmaxLayer{}},
		"layer activation at its end is a softm": {Dense{Units: 2}, Activate{With: Softmax}},
	} {
		if _, err := New(Network{Name: "wrong", Input: [3]int{2, 3, 2}, Layers: layers}, tensor.Float32, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

// TestRectified: a layer does what the ReLU behind it is for, but where others read what
// it gives, where that is looked at, and where it has an activation of its own.
func TestRectified(t *testing.T) {
	for _, c := range []struct {
		layers []Layer
		ops    int // of activations
	}{
		{[]Layer{Dense{Units: 3}, Activate{With: ReLU}, Dense{Units: 2}}, 0},
		{[]Layer{Dense{Units: 3}, ReLULayer{}, Dense{Units: 2}}, 0},
		{[]Layer{Conv2D{Filters: 3, Side: 2}, ReLULayer{}, Dense{Units: 2}}, 0},
		{[]Layer{Dense{Units: 3, Activation: ReLU}, ReLULayer{}, Dense{Units: 2}}, 1},
		{[]Layer{Dense{Units: 3, Activation: Tanh}, ReLULayer{}, Dense{Units: 2}}, 2},
		{[]Layer{Dense{Units: 3}, ReLULayer{Threshold: 1}, Dense{Units: 2}}, 1},
		{[]Layer{Dense{Units: 3}, Activate{With: ReLU6}, Dense{Units: 2}}, 1},
		{[]Layer{Dense{Units: 3}, Dropout{Rate: 0.5}, ReLULayer{}, Dense{Units: 2}}, 1},
		{[]Layer{Dense{Units: 3}, At{Layer: ReLULayer{}, After: []string{"dense"}}, At{Layer: both{}, After: []string{"dense", "re_lu"}}, Dense{Units: 2}}, 1},
	} {
		m, err := New(Network{Name: "rectified", Input: [3]int{2, 3, 1}, Layers: c.layers}, tensor.Float64, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		for whole, want := range map[bool]int{false: c.ops, true: ownOps(c.layers)} {
			p, err := m.draft(Training, 4, whole)
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, n := range p.Graph().AllNodes() {
				if _, ok := graph.Of(n).(graph.Activate[float64]); ok {
					got++
				}
			}
			if got != want {
				t.Errorf("%v, whole %v: %d activations, want %d", c.layers, whole, got, want)
			}
		}
	}
}

// ownOps are how many activations there are where none is another layer's.
func ownOps(layers []Layer) (n int) {
	for _, l := range layers {
		switch l := plain(l).(type) {
		case ReLULayer, Activate:
			n++
		case Dense:
			if l.Activation != Linear && l.Activation != ReLU {
				n++
			}
		}
	}
	return n
}

// both adds two inputs.
type both struct{}

func (both) Build(*Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, errOneInput }

func (both) Merge(_ *Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return gorgonia.Add(xs[0], xs[1])
}

// TestOutputsBeforeAReLU are the layer's own, which the ReLU behind it makes positive,
// and the prediction is the same.
func TestOutputsBeforeAReLU(t *testing.T) {
	net := Network{Name: "relu", Input: [3]int{5, 6, 1}, Layers: []Layer{Conv2D{Filters: 3, Side: 3}, Activate{With: ReLU}, Dense{Units: 4}, ReLULayer{}, Dense{Units: 2}}}
	m, err := New(net, tensor.Float32, rand.New(rand.NewPCG(3, 2)))
	if err != nil {
		t.Fatal(err)
	}
	image := make([]float32, 30)
	for i := range image {
		image[i] = float32(i%7) / 7
	}
	p := NewPredictor(m)
	scores, err := p.Predict(image)
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := p.Outputs(image)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 2} {
		negative := false
		for j, v := range outputs[i].Values {
			negative = negative || v < 0
			if outputs[i+1].Values[j] != max(0, v) {
				t.Errorf("%s[%d] is %v, and %v behind it", outputs[i].Name, j, v, outputs[i+1].Values[j])
			}
		}
		if !negative {
			t.Errorf("%s gives nothing below 0", outputs[i].Name)
		}
	}
	if logits := outputs[4].Values; !reflect.DeepEqual(logits, scores.Logits) {
		t.Errorf("logits %v, of a prediction %v", logits, scores.Logits)
	}
}

// TestNoBias: such a layer has a kernel alone, and what is trained is that.
func TestNoBias(t *testing.T) {
	net := Network{Name: "no bias", Input: [3]int{2, 3, 1}, Layers: []Layer{Dense{Units: 3, NoBias: true, Activation: ReLU}, Dense{Units: 2, NoBias: true}}}
	m, err := New(net, tensor.Float64, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"dense.kernel", "dense_1.kernel"} {
		if len(m.Weights) != 2 || m.Weights[i].Name != want {
			t.Errorf("weights %v", m.Weights)
		}
	}
	p, err := m.Program(Training, 4)
	if err != nil {
		t.Fatal(err)
	}
	copy(graph.Slice[float64](p.Images()), optest.Random(1, 24).Float64s())
	if err := p.Run(); err != nil || len(p.Gradients()) != 2 || !(p.Loss() > 0) {
		t.Errorf("%v, %d gradients, loss %v", err, len(p.Gradients()), p.Loss())
	}
}
