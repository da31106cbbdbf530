package nets_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/safetensors"
)

// foreign is the network of testdata/foreign/foreign.py, which made the files
// beside it; its head says how.
var foreign = nets.Network{Name: "foreign", Input: [3]int{7, 6, 2}, Layers: []nets.Layer{
	nets.Conv2D{Filters: 3, Side: 3, Activation: nets.ReLU},
	nets.Conv2D{Filters: 5, Side: 2, Activation: nets.ReLU},
	nets.Flatten{},
	nets.Dense{Units: 4, Activation: nets.ReLU},
	nets.Dropout{Rate: 0.5},
	nets.Dense{Units: 4, Activation: nets.ReLU},
	nets.Dense{Units: 4},
}}

// floats reads a tensor of a file.
func floats(t *testing.T, path, name string) []float32 {
	t.Helper()
	tensors, _, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(tensors, func(t safetensors.Tensor) bool { return t.Name == name })
	values := make([]float32, len(tensors[i].Data)/4)
	safetensors.Get(values, tensors[i].Data)
	return values
}

// holdScores holds what a model says of a framework's images to what the
// framework says.
func holdScores(t *testing.T, m *nets.Model, framework string) {
	t.Helper()
	path := filepath.Join("testdata", "foreign", framework+"-scores.safetensors")
	got, err := nets.NewPredictor(m).Predict(floats(t, path, "images"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range floats(t, path, "logits") {
		if d := math.Abs(float64(got.Logits[i] - want)); !(d <= 1e-6) {
			t.Fatalf("%s: logit %d is %v, %s's is %v", m.Name, i, got.Logits[i], framework, want)
		}
	}
}

func TestWeightsOfPyTorchAndKeras(t *testing.T) {
	for _, framework := range []string{"torch", "keras"} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			m := newModel(t, foreign, dt)
			if err := m.ReadWeights(filepath.Join("testdata", "foreign", framework+".safetensors")); err != nil {
				t.Fatal(err)
			}
			holdScores(t, m, framework)
		}
	}
}

// TestModelFileOfKeras reads a model that keras/testdata/tiny.py has saved, and
// has it say of its images what Keras says.
func TestModelFileOfKeras(t *testing.T) {
	folder := filepath.Join("keras", "testdata")
	text, err := os.ReadFile(filepath.Join(folder, "tiny.json"))
	if err != nil {
		t.Fatal(err)
	}
	var keras map[string]struct{ Values []float32 }
	if err := json.Unmarshal(text, &keras); err != nil {
		t.Fatal(err)
	}
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		m := newModel(t, foreign, dt)
		if err := m.ReadWeights(filepath.Join(folder, "tiny.keras")); err != nil {
			t.Fatal(err)
		}
		got, err := nets.NewPredictor(m).Predict(keras["images"].Values)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range keras["probabilities"].Values {
			if d := math.Abs(float64(got.Probabilities[i] - want)); !(d <= 1e-6) {
				t.Fatalf("%v: probability %d is %v, Keras's is %v", dt, i, got.Probabilities[i], want)
			}
		}
	}
}

// TestModelFileOfOtherLayers: the error says which tensor, what is there and what
// would fit.
func TestModelFileOfOtherLayers(t *testing.T) {
	path := filepath.Join("keras", "testdata", "tiny.keras")
	for want, change := range map[string]func(*nets.Network){
		`layer 4 of the file's model, "dense", is Dense of 4 units with relu, of the foreign Dense of 8 units with relu`:               func(n *nets.Network) { n.Layers[3] = nets.Dense{Units: 8, Activation: nets.ReLU} },
		`the file's model goes on with Dense of 4 units with softmax, "dense_2", where the foreign ends`:                               func(n *nets.Network) { n.Layers = n.Layers[:6] },
		`layer 6 of the file's model, "dense_2", is Dense of 4 units with softmax, of the foreign Dense of 4 units without activation`: func(n *nets.Network) { n.Layers = append(n.Layers, nets.Dense{Units: 4}) },
	} {
		other := foreign
		other.Layers = slices.Clone(foreign.Layers)
		change(&other)
		err := newModel(t, other, tensor.Float32).ReadWeights(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("want an error with the path and %s, got %v", want, err)
		}
	}
}

// edited reads a framework's file, changes its tensors and writes it to a new
// one, whose path it returns.
func edited(t *testing.T, framework string, edit func([]safetensors.Tensor) []safetensors.Tensor) string {
	t.Helper()
	tensors, _, err := safetensors.ReadFile(filepath.Join("testdata", "foreign", framework+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := safetensors.Write(&file, edit(tensors), nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "edited.safetensors")
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// renamed gives tensors other names.
func renamed(pairs ...string) func([]safetensors.Tensor) []safetensors.Tensor {
	replacer := strings.NewReplacer(pairs...)
	return func(list []safetensors.Tensor) []safetensors.Tensor {
		for i := range list {
			list[i].Name = replacer.Replace(list[i].Name)
		}
		return list
	}
}

// TestNamesOfLayersMeanNothing: shapes decide, and order by number between two
// layers of one shape. What torch.compile and DataParallel put before a name says
// nothing.
func TestNamesOfLayersMeanNothing(t *testing.T) {
	for _, path := range []string{
		edited(t, "torch", renamed("0.", "z.conv1.", "2.", "conv2.", "5.", "a.", "8.", "fc9.", "10.", "fc10.")),
		edited(t, "torch", renamed("0.", "module.features.0.", "2.", "module.features.2.", "5.", "module.classifier.0.", "8.", "module.classifier.3.", "10.", "module.classifier.20.")),
		edited(t, "torch", renamed("0.", "conv2d.", "2.", "conv2d_1.", "5.", "dense.", "8.", "dense_1.", "10.", "dense_2.")),
		edited(t, "torch", func(list []safetensors.Tensor) []safetensors.Tensor { slices.Reverse(list); return list }),
		edited(t, "torch", renamed("0.", "_orig_mod.module.0.", "2.", "_orig_mod.module.2.", "5.", "_orig_mod.module.5.", "8.", "_orig_mod.module.8.", "10.", "_orig_mod.module.10.")),
		edited(t, "torch", renamed("8.", "8._orig_mod.", "10.", "module.10.")),
	} {
		m := newModel(t, foreign, tensor.Float32)
		if err := m.ReadWeights(path); err != nil {
			t.Fatal(err)
		}
		holdScores(t, m, "torch")
	}
	m := newModel(t, foreign, tensor.Float32)
	if err := m.ReadWeights(edited(t, "keras", renamed("sequential/dense/", "model/dense_7/", "dense_1/", "dense_8/", "dense_2/", "dense_10/"))); err != nil {
		t.Fatal(err)
	}
	holdScores(t, m, "keras")
}

// TestOrderWithoutNumbers: between equal shapes names that differ in words have no
// order, whichever of them comes first in the alphabet.
func TestOrderWithoutNumbers(t *testing.T) {
	for _, c := range []struct {
		framework     string
		names         []string
		first, second string
	}{
		{"torch", []string{"8.", "hidden.", "10.", "out."}, `"hidden.weight"`, `"out.weight"`},
		{"torch", []string{"8.", "block.2.", "10.", "head.0."}, `"block.2.weight"`, `"head.0.weight"`},
		{"keras", []string{"dense_1/", "second/", "dense_2/", "first/"}, `"sequential/first/kernel"`, `"sequential/second/kernel"`},
	} {
		want := "tensors " + c.first + " and " + c.second + " are both [4 4], and their names do not say which layer comes first: number them"
		err := newModel(t, foreign, tensor.Float32).ReadWeights(edited(t, c.framework, renamed(c.names...)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %s, got %v", want, err)
		}
	}
}

// within is a layer that is made of another.
type within struct{ nets.Layer }

func (w within) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Layer("", w.Layer, x)
}

// TestFileOfAnotherSize: a dense layer behind images tells of what the file does
// not say.
func TestFileOfAnotherSize(t *testing.T) {
	for _, c := range []struct {
		framework string
		change    func(*nets.Network)
		want      string
	}{
		{"torch", func(n *nets.Network) { n.Input = [3]int{9, 8, 2} }, `tensor "5.weight" has shape [4 60], the foreign's "dense.kernel" is [4 150] in files of PyTorch: it has 60 inputs, where images of 9 x 8 x 2 give 6 x 5 x 5 = 150: before it the file's network probably has a pooling layer, strides or padding, which the foreign has not, or it takes images of another size`},
		{"keras", func(n *nets.Network) { n.Input = [3]int{9, 8, 2} }, `"dense.kernel" is [150 4] in files of Keras: it has 60 inputs, where images of 9 x 8 x 2 give 6 x 5 x 5 = 150`},
		{"torch", func(n *nets.Network) { n.Layers[3] = within{n.Layers[3]} }, `the foreign's weight "within.dense.kernel" is of a layer within a layer: there is no rule for it in files of PyTorch`},
	} {
		other := foreign
		other.Layers = slices.Clone(foreign.Layers)
		c.change(&other)
		err := newModel(t, other, tensor.Float32).ReadWeights(edited(t, c.framework, renamed()))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error with %s, got %v", c.want, err)
		}
	}
}

// TestModelFileOfAnotherNetwork: a model.keras has to be the network, layer by
// layer, though all its weights fit.
func TestModelFileOfAnotherNetwork(t *testing.T) {
	for want, change := range map[string]func(*nets.Network){
		`layer 1 of the file's model, "conv2d", is Conv2D of 3 filters of 3 x 3 with relu, of the foreign Conv2D of 3 filters of 3 x 3 without activation`: func(n *nets.Network) { n.Layers[0] = nets.Conv2D{Filters: 3, Side: 3} },
		`layer 5 of the file's model, "dense_1", is Dense of 4 units with relu, of the foreign Dense of 4 units without activation`:                        func(n *nets.Network) { n.Layers[5] = nets.Dense{Units: 4} },
		`layer 4 of the file's model, "dense", is Dense of 4 units with relu, of the foreign identity, for which there is no rule`:                         func(n *nets.Network) { n.Layers[3] = identity{} },
		`the file's model takes images of 7 x 6 x 2, the foreign of 6 x 7 x 2`:                                                                             func(n *nets.Network) { n.Input = [3]int{6, 7, 2} },
	} {
		other := foreign
		other.Layers = slices.Clone(foreign.Layers)
		change(&other)
		m := newModel(t, other, tensor.Float32)
		before := slices.Clone(m.Weights[0].Value.Float32s())
		err := m.ReadWeights(filepath.Join("keras", "testdata", "tiny.keras"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %s, got %v", want, err)
		}
		if !slices.Equal(before, m.Weights[0].Value.Float32s()) {
			t.Errorf("%s: the model has changed", want)
		}
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	without := func(name string) func([]safetensors.Tensor) []safetensors.Tensor {
		return func(list []safetensors.Tensor) []safetensors.Tensor {
			return slices.DeleteFunc(list, func(t safetensors.Tensor) bool { return t.Name == name })
		}
	}
	with := func(added ...safetensors.Tensor) func([]safetensors.Tensor) []safetensors.Tensor {
		return func(list []safetensors.Tensor) []safetensors.Tensor { return append(list, added...) }
	}
	one := func(name, dtype string, bytes int) safetensors.Tensor {
		return safetensors.Tensor{Name: name, DType: dtype, Shape: []int{1}, Data: make([]byte, bytes)}
	}
	for _, c := range []struct {
		framework string
		edit      func([]safetensors.Tensor) []safetensors.Tensor
		want      string
	}{
		{"torch", without("2.bias"), `tensor "2.weight", shape [5 3 2 2], has no bias beside it`},
		{"torch", without("2.weight"), `tensor "2.bias", shape [5], has no kernel or weight beside it`},
		{"torch", with(one("3.running_mean", "F32", 4)), `tensor "3.running_mean", shape [1], is no kernel, weight or bias`},
		{"torch", with(one("3.weight", "F32", 4), one("3.bias", "F32", 4)), `the foreign has no layer for "3.weight" [1]`},
		{"torch", with(one("module.2.weight", "F32", 4)), `tensors "2.weight" and "module.2.weight" belong to one layer: the file has two models`},
		{"torch", with(one("x/kernel", "F32", 4)), `tensor "x/kernel" is named as Keras's are, others in the file as PyTorch's`},
		{"torch", with(one("3.weight", "F64", 8)), `tensor "3.weight" has element type F64, the foreign's has F32`},
		{"torch", renamed("5.weight", "5.kernel", "weight", "kernel"), `nothing fits the foreign's "conv2d.kernel", which is [3 3 2 3] in files of Keras; there is "0.kernel" [3 2 3 3], "2.kernel"`},
		{"torch", with(one("dense.kernel", "F32", 4)), `tensor "conv2d.kernel" is missing`}, // one name of ours, so it is ours
		{"keras", func(list []safetensors.Tensor) []safetensors.Tensor { list[0].Shape = []int{3, 1}; return list }, `tensor "sequential/conv2d/bias" has shape [3 1], beside "sequential/conv2d/kernel" it is [3]`},
		{"keras", func(list []safetensors.Tensor) []safetensors.Tensor { return list[:8] }, `nothing fits the foreign's "dense_2.kernel", which is [4 4] in files of Keras; there is nothing left`},
		{"keras", func([]safetensors.Tensor) []safetensors.Tensor { return nil }, `tensor "conv2d.kernel" is missing`},
	} {
		m := newModel(t, foreign, tensor.Float32)
		before := slices.Clone(m.Weights[0].Value.Float32s())
		path := edited(t, c.framework, c.edit)
		err := m.ReadWeights(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("want an error with the path and %s, got %v", c.want, err)
		}
		if !slices.Equal(before, m.Weights[0].Value.Float32s()) {
			t.Errorf("%s: the model has changed", c.want)
		}
	}
}

// TestWeightsThatAreNoNumbersAreRefused, of files and of tensors made by hand.
func TestWeightsThatAreNoNumbersAreRefused(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		path := edited(t, "torch", func(tensors []safetensors.Tensor) []safetensors.Tensor {
			safetensors.Put(tensors[3].Data[4:8], []float32{float32(v)})
			return tensors
		})
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			if err := newModel(t, foreign, dt).ReadWeights(path); err == nil || !strings.Contains(err.Error(), "has a value that is ") {
				t.Errorf("%v: error %v", v, err)
			}
		}
	}
	small := nets.Network{Name: "small", Input: [3]int{1, 1, 1}, Layers: []nets.Layer{nets.Dense{Units: 2}}}
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		m, name, one := newModel(t, small, dt), map[tensor.Dtype]string{tensor.Float32: "F32", tensor.Float64: "F64"}[dt], int(dt.Size())
		kernel := safetensors.Tensor{Name: "dense.kernel", DType: name, Shape: []int{1, 2}, Data: make([]byte, 2*one)}
		bias := safetensors.Tensor{Name: "dense.bias", DType: name, Shape: []int{2}, Data: make([]byte, 2*one)}
		if err := m.SetWeights([]safetensors.Tensor{kernel, bias}); err != nil {
			t.Error(err)
		}
		bias.Data = bias.Data[1:]
		if err := m.SetWeights([]safetensors.Tensor{kernel, bias}); err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("error %v", err)
		}
		kernel.Data[2*one-1], kernel.Data[2*one-2], bias.Data = 0xff, 0xf8, make([]byte, 2*one)
		if err := m.SetWeights([]safetensors.Tensor{kernel, bias}); err == nil || !strings.Contains(err.Error(), "has a value that is ") {
			t.Errorf("%v: error %v", dt, err)
		}
	}
}

// TestImagesAreGreyOrInColour: inputs that only many channels would explain are
// those of images of another size.
func TestImagesAreGreyOrInColour(t *testing.T) {
	file := func(inputs int) *nets.WeightFile {
		return &nets.WeightFile{Path: "f", Tensors: []safetensors.Tensor{{Name: "0.weight", Shape: []int{512, inputs}}, {Name: "1.weight", Shape: []int{10, 512}}}}
	}
	for inputs, channels := range map[int]int{28 * 28: 1, 3 * 28 * 28: 3} {
		if net, err := file(inputs).Network("mlp", 28, 28); err != nil || net.Input[2] != channels {
			t.Errorf("%d inputs: %v, %v", inputs, net.Input, err)
		}
	}
	for _, inputs := range []int{56 * 56, 2 * 28 * 28, 14 * 14} {
		if net, err := file(inputs).Network("mlp", 28, 28); err == nil || !strings.Contains(err.Error(), "no images of 28 x 28, grey (784) or in colour (2352)") {
			t.Errorf("%d inputs: %v, %v", inputs, net.Input, err)
		}
	}
}
