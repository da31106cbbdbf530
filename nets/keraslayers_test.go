package nets

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets/keras"
	"stheno/nets/pythontest"
	"stheno/nets/safetensors"
)

var (
	layerCases = flag.Int("layers", 2, "how many random cases of each of Keras's layers and element type are held against the real Keras; a hundred take an hour")
	layerSeed  = flag.Uint64("layers.seed", 1, "the seed of these cases")
	layerOnly  = flag.String("layers.only", "", "the one case to try, as CLASS/NUMBER/TYPE, or of the one class")
)

// layerCase is a question with its network, weights and numbers.
type layerCase struct {
	id string
	question
	net       Network
	model     *Model
	direction []float64 // the factors of the functional
	rows      int
	images    []float64
	float64   bool
}

// TestLayersAreKeras: every layer of Keras's that is registered computes what the real
// one does, in inference and in training, and so do its gradients by the images and by
// each weight, and what training leaves of its states: for random settings, shapes and
// numbers. The config that it goes to Keras by is the network's own. The large set is
//
//	STHENO_PYTHON=PYTHON go test ./nets -run TestLayersAreKeras -layers 100 -timeout 2h
func TestLayersAreKeras(t *testing.T) {
	t.Parallel()
	classes.RLock()
	known := maps.Clone(classes.byName)
	classes.RUnlock()
	maps.DeleteFunc(known, func(_ string, c class) bool { return !c.keras })
	for name := range known {
		if generators[name] == nil {
			t.Errorf("%s is a layer of Keras's, and nothing here makes cases of it", name)
		}
	}
	python := pythontest.Need(t, "keras", "tensorflow", "safetensors")
	var cases []*layerCase
	for _, name := range slices.Sorted(maps.Keys(known)) {
		for i := range *layerCases {
			for _, dtype := range []string{"float32", "float64"} {
				id := fmt.Sprintf("%s/%d/%s", name, i, dtype)
				if *layerOnly != "" && *layerOnly != name && *layerOnly != id {
					continue
				}
				c, err := newLayerCase(id, name, known[name])
				if err != nil {
					t.Errorf("%s of seed %d, %s: %v", id, *layerSeed, c, err)
					continue
				}
				cases = append(cases, c)
			}
		}
	}
	answers, tensors := askLayers(t, python, cases)
	for _, c := range cases {
		if words := answers[c.id].Error; words != "" {
			t.Errorf("%s: Keras says %s", c, words)
			continue
		}
		if err := c.hold(answers[c.id].Weights, tensors); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	t.Logf("%d cases", len(cases))
}

// String says all that the case is.
func (c *layerCase) String() string {
	settings, _ := json.Marshal(c.settings)
	where := "images"
	switch {
	case c.question.rows:
		where = "rows"
	case c.inputs > 0:
		where = fmt.Sprintf("%d branches %v (one pixel: %v)", c.inputs, c.widths, c.global)
	}
	return fmt.Sprintf("-layers.seed %d -layers.only %s: %s%s of %s, %d x %v, frozen: %v", *layerSeed, c.id, c.class, settings, where, c.rows, c.input, c.frozen)
}

// newLayerCase makes the case of an id.
func newLayerCase(id, name string, of class) (*layerCase, error) {
	number := fnv.New64a()
	number.Write([]byte(id))
	d := dice{rand.New(rand.NewPCG(*layerSeed, number.Sum64()))}
	c := &layerCase{id: id, question: generators[name](d), rows: d.between(1, 5), float64: strings.HasSuffix(id, "64")}
	if c.class = name; c.many {
		c.rows += 5
	}
	settings := make(map[string]json.RawMessage)
	for key, value := range c.settings {
		text, err := json.Marshal(value)
		if err != nil {
			return c, err
		}
		settings[key] = text
	}
	l, err := readSettings(of.layer, keras.Settings(name, settings))
	if err != nil {
		return c, err
	}
	c.net = c.network(d, l)
	return c, c.draw(d)
}

// network puts the layer into a network whose output is the layer's, or its ReLU.
func (c *layerCase) network(d dice, l Layer) Network {
	n := Network{Name: "layers", Input: c.input}
	switch {
	case c.question.rows:
		n.Layers = append(n.Layers, Flatten{})
	case c.inputs > 0:
		at := At{Layer: l}
		for k := range c.inputs {
			branch := At{Layer: Conv2D{Filters: c.input[2], Side: 1}, Name: fmt.Sprintf("branch%d", k), After: []string{imageName}}
			if c.widths != nil {
				branch.Layer = Conv2D{Filters: c.widths[k], Side: 1}
			}
			n.Layers, at.After = append(n.Layers, branch), append(at.After, branch.Name)
			if pool, err := classNamed("GlobalAveragePooling2D", ""); c.global && k == 0 && err == nil {
				if wide, err := readSettings(pool.layer, map[string]json.RawMessage{"keepdims": json.RawMessage("true")}); err == nil {
					n.Layers, at.After[0] = append(n.Layers, At{Layer: wide, Name: "pixel"}), "pixel"
				}
			}
		}
		l = at
	}
	n.Layers = append(n.Layers, l)
	if c.frozen {
		n.Frozen = names(n.Layers)[len(n.Layers)-1:]
	}
	if relu, err := classNamed("ReLU", ""); err == nil && d.chance(0.25) {
		n.Layers = append(n.Layers, reflect.New(settingsType(relu.layer)).Elem().Interface().(Layer))
	}
	n.Layers = append(n.Layers, Flatten{})
	return n
}

// draw makes the model with its numbers.
func (c *layerCase) draw(d dice) (err error) {
	dtype := tensor.Float32
	if c.float64 {
		dtype = tensor.Float64
	}
	if c.model, err = New(c.net, dtype, d.Rand); err != nil {
		return err
	}
	for _, w := range c.model.Weights {
		shape := w.Value.Shape()
		scale := 1 / math.Sqrt(float64(shape.TotalSize()/shape[len(shape)-1]))
		for i := range shape.TotalSize() {
			v := d.NormFloat64() * scale
			if strings.HasSuffix(w.Name, "variance") {
				v = d.real(0.2, 2)
			}
			setFloat(w.Value, i, v)
		}
	}
	c.images, c.direction = make([]float64, c.rows*c.input[0]*c.input[1]*c.input[2]), make([]float64, c.rows*c.model.Classes)
	for _, numbers := range [][]float64{c.images, c.direction} {
		for i := range numbers {
			numbers[i] = d.NormFloat64()
		}
	}
	return nil
}

func setFloat(v *tensor.Dense, i int, x float64) {
	if v.Dtype() == tensor.Float64 {
		v.Float64s()[i] = x
	} else {
		v.Float32s()[i] = float32(x)
	}
}

// tensor is one of the case's numbers, as a file has it.
func (c *layerCase) tensor(name string, numbers []float64, shape ...int) safetensors.Tensor {
	t := safetensors.Tensor{Name: c.id + "/" + name, DType: dtypes[c.model.dtype], Shape: shape, Data: make([]byte, len(numbers)*int(c.model.dtype.Size()))}
	if c.float64 {
		safetensors.Put(t.Data, numbers)
		return t
	}
	narrow := make([]float32, len(numbers))
	for i, x := range numbers {
		narrow[i] = float32(x)
	}
	safetensors.Put(t.Data, narrow)
	return t
}

// layerAnswer is what Keras says of a case beside numbers.
type layerAnswer struct {
	Error   string
	Weights []string
}

// askLayers has the real Keras answer the cases; testdata/layers/layers.py says how.
func askLayers(t *testing.T, python string, cases []*layerCase) (answers map[string]layerAnswer, numbers map[string][]float64) {
	t.Helper()
	type asked struct {
		Config   string   `json:"config"`
		Dtype    string   `json:"dtype"`
		Training bool     `json:"training"`
		Layers   []string `json:"layers"`
	}
	folder, questions, tensors := t.TempDir(), make(map[string]asked), []safetensors.Tensor(nil)
	for _, c := range cases {
		config, err := json.Marshal(c.net)
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		q := asked{Config: string(config), Dtype: c.model.dtype.String(), Training: !c.noisy, Layers: []string{}}
		for _, w := range c.model.Weights {
			if layer, _, _ := strings.Cut(w.Name, "."); !slices.Contains(q.Layers, layer) {
				q.Layers = append(q.Layers, layer)
			}
			tensors = append(tensors, c.tensor("weight/"+w.Name, floats64(w.Value), w.Value.Shape()...))
		}
		tensors = append(tensors, c.tensor("images", c.images, c.rows, c.input[0], c.input[1], c.input[2]), c.tensor("direction", c.direction, c.rows, c.model.Classes))
		questions[c.id] = q
	}
	text, err := json.Marshal(questions)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "asked.json"), text, 0o666)
	}
	var file bytes.Buffer
	if err == nil {
		err = safetensors.Write(&file, tensors, nil)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "asked.safetensors"), file.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, filepath.Join("testdata", "layers", "layers.py"), folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text, err = os.ReadFile(filepath.Join(folder, "answered.json")); err == nil {
		err = json.Unmarshal(text, &answers)
	}
	if err == nil {
		tensors, _, err = safetensors.ReadFile(filepath.Join(folder, "answered.safetensors"))
	}
	if err != nil {
		t.Fatal(err)
	}
	numbers = make(map[string][]float64)
	for _, s := range tensors {
		numbers[s.Name] = numbersOf(s)
	}
	return answers, numbers
}

// numbersOf are a file's tensor as float64.
func numbersOf(s safetensors.Tensor) []float64 {
	if s.DType == "F64" {
		wide := make([]float64, len(s.Data)/8)
		safetensors.Get(wide, s.Data)
		return wide
	}
	narrow := make([]float32, len(s.Data)/4)
	safetensors.Get(narrow, s.Data)
	return widened(narrow)
}

func widened(narrow []float32) []float64 {
	wide := make([]float64, len(narrow))
	for i, x := range narrow {
		wide[i] = float64(x)
	}
	return wide
}

// floats64 are a copy of a value's numbers.
func floats64(v gorgonia.Value) []float64 {
	if v.Dtype() == tensor.Float64 {
		return slices.Clone(graph.Slice[float64](v))
	}
	return widened(graph.Slice[float32](v))
}

// hold holds what the model computes to Keras's numbers.
func (c *layerCase) hold(weights []string, keras map[string][]float64) error {
	var ours []string
	for _, w := range c.model.Weights {
		ours = append(ours, w.Name)
	}
	if !slices.Equal(ours, weights) {
		return fmt.Errorf("its weights are %v, Keras's %v", ours, weights)
	}
	p, err := c.model.Program(Prediction, c.rows)
	if err != nil {
		return err
	}
	if err := c.run(p); err != nil {
		return err
	}
	if err := c.near("inference", floats64(p.Logits()), keras); err != nil || c.noisy {
		return err
	}
	p, gradients, err := c.training()
	if err != nil {
		return err
	}
	if err := c.run(p); err != nil {
		return err
	}
	if err := c.near("training", floats64(p.Logits()), keras); err != nil {
		return err
	}
	terms := 0.0 // of which the loss is the sum
	for i, y := range floats64(p.Logits()) {
		terms += math.Abs(y * c.direction[i])
	}
	if err := c.near("loss", []float64{p.Loss()}, keras, terms); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(gradients)) { // into which go the functional's factors, around 1
		if err := c.near("gradient/"+name, floats64(gradients[name]()), keras, 1); err != nil {
			return err
		}
	}
	p.UpdateStates()
	for _, w := range c.model.Weights {
		if gradients[w.Name] != nil {
			continue
		}
		if err := c.near("state/"+w.Name, floats64(w.Value), keras); err != nil {
			return err
		}
	}
	return nil
}

func (c *layerCase) run(p *Program) error {
	if c.float64 {
		copy(graph.Slice[float64](p.Images()), c.images)
	} else {
		for i, x := range c.images {
			graph.Slice[float32](p.Images())[i] = float32(x)
		}
	}
	return p.Run()
}

// training is a program whose loss is the functional of the output, and its gradients
// by the images and the trained weights.
func (c *layerCase) training() (*Program, map[string]func() gorgonia.Value, error) {
	p, by := new(Program), gorgonia.Nodes(nil)
	var err error
	p.machine, err = graph.Build(func(g *gorgonia.ExprGraph) error {
		m := c.model
		b := &Builder{Ops: m.Ops, Phase: Training, Noise: noise{m.Noise, &m.Before}, graph: g, dtype: m.dtype, given: m.Weights}
		p.images = b.images(m.Network, c.rows)
		if p.logits, err = b.build(m.Network, p.images); err != nil {
			return err
		}
		if p.loss, p.hits, err = (Objective{Loss: functional(c.direction)}).loss(b, p.logits, nil); err != nil {
			return err
		}
		p.states, by = b.states, append(gorgonia.Nodes{p.images}, b.trained...)
		_, err = graph.Grad(p.loss, by...)
		return err
	}, Training.mode())
	if err != nil {
		return nil, nil, err
	}
	gradients := make(map[string]func() gorgonia.Value)
	for _, n := range by {
		name := n.Name()
		if n == p.images {
			name = "images"
		}
		gradients[name] = func() gorgonia.Value {
			v, err := n.Grad()
			if err != nil {
				panic(err)
			}
			return v
		}
	}
	return p, gradients, p.ready(Training)
}

// functional is a loss: the sum of a network's output times these factors.
type functional []float64

func (f functional) Loss(_ graph.Ops, out, _ *gorgonia.Node) (*gorgonia.Node, func() int, error) {
	factors := tensor.New(tensor.Of(out.Dtype()), tensor.WithShape(out.Shape()...))
	for i, x := range f {
		setFloat(factors, i, x)
	}
	product, err := gorgonia.HadamardProd(out, gorgonia.NewTensor(out.Graph(), out.Dtype(), out.Dims(), gorgonia.WithValue(factors), gorgonia.WithName("direction")))
	if err != nil {
		return nil, nil, err
	}
	loss, err := gorgonia.Sum(product)
	return loss, func() int { return 0 }, err
}

// near says which number is not Keras's, as far as rounding lets it: in parts of the
// largest of them, or of what went into them.
func (c *layerCase) near(what string, got []float64, keras map[string][]float64, into ...float64) error {
	want, ok := keras[c.id+"/"+what]
	if !ok || len(want) != len(got) {
		return fmt.Errorf("%s has %d numbers, Keras's %d", what, len(got), len(want))
	}
	scale, worst, at := slices.Max(append(into, 0.1)), 0.0, 0
	for i, x := range want {
		scale = max(scale, math.Abs(x))
		if d := math.Abs(got[i] - x); !(d <= worst) { // NaN is worse than all
			worst, at = d, i
		}
	}
	limit := 1e-5
	switch {
	case c.float64 && c.rounded():
		limit = 1e-7
	case c.float64:
		limit = 1e-10
	}
	if !(worst <= limit*scale) {
		return fmt.Errorf("%s: number %d of %d is %v, Keras's %v, off by %.2g of %.3g", what, at, len(got), got[at], want[at], worst, scale)
	}
	return nil
}
