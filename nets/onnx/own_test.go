package onnx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/onnx"
	"stheno/nets/pythontest"
)

// Leaky scales each channel by a number that is learned, and leaks below zero.
type Leaky struct{ Slope float64 }

func (l Leaky) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	last := x.Dims() - 1
	shape, axes := make([]int, last+1), make([]byte, last)
	for i := range axes {
		shape[i], axes[i] = 1, byte(i)
	}
	shape[last] = x.Shape()[last]
	y, err := gorgonia.BroadcastHadamardProd(x, b.Weight("scale", nets.HeNormal, nets.Fans{In: 1}, shape...), nil, axes)
	if err != nil {
		return nil, err
	}
	return gorgonia.LeakyRelu(y, l.Slope)
}

func (l Leaky) ONNX(g *onnx.Graph) error {
	y := g.Node("Mul", []onnx.Value{g.Input(onnx.ChannelsLast), g.Weight("scale")})
	g.Output(g.Node("LeakyRelu", []onnx.Value{y}, onnx.Float("alpha", float32(l.Slope))), onnx.ChannelsLast)
	return nil
}

// Channelwise is Leaky, but for images whose channels come first.
type Channelwise struct{ Leaky }

func (l Channelwise) ONNX(g *onnx.Graph) error {
	scale, err := g.Values("scale")
	if err != nil {
		return err
	}
	scale.Shape = []int{len(scale.Values), 1, 1}
	y := g.Node("Mul", []onnx.Value{g.Input(onnx.ChannelsFirst), g.Constant("scale", scale)})
	g.Output(g.Node("LeakyRelu", []onnx.Value{y}, onnx.Float("alpha", float32(l.Slope))), onnx.ChannelsFirst)
	return nil
}

// Tanh does the same to every number.
type Tanh struct{}

func (Tanh) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Tanh(x) }

func (Tanh) ONNX(g *onnx.Graph) error {
	g.Output(g.Node("Tanh", []onnx.Value{g.Input(onnx.Any)}), onnx.Any)
	return nil
}

// Fold makes images of rows.
type Fold struct{ Height, Width, Channels int }

func (l Fold) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Reshape(x, tensor.Shape{x.Shape()[0], l.Height, l.Width, l.Channels})
}

func (l Fold) ONNX(g *onnx.Graph) error {
	shape := g.Integers("shape", -1, l.Height, l.Width, l.Channels)
	g.Output(g.Node("Reshape", []onnx.Value{g.Input(onnx.Rows), shape}), onnx.ChannelsLast)
	return nil
}

// Shifted adds 3.5, which its nodes have in lists of numbers and of texts.
type Shifted struct{}

func (Shifted) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Add(x, gorgonia.NewConstant(float32(3.5)))
}

func (Shifted) ONNX(g *onnx.Graph) error {
	number := g.Node("Constant", nil, onnx.Floats("value_floats", 1.5))
	text := g.Node("Cast", []onnx.Value{g.Node("Constant", nil, onnx.Strings("value_strings", "2"))}, onnx.Int("to", 1))
	y := g.Node("Add", []onnx.Value{g.Input(onnx.Any), g.Node("Sum", []onnx.Value{number, text})})
	g.Output(y, onnx.Any)
	return nil
}

// Pair is two layers, one after the other, and nothing else.
type Pair struct{ One, Two nets.Layer }

func (l Pair) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := b.Layer("", l.One, x)
	if err != nil {
		return nil, err
	}
	return b.Layer("two", l.Two, x)
}

// Detour adds what two layers make of the input to it.
type Detour struct{ One, Two nets.Layer }

func (l Detour) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	narrow, err := b.Layer("one", l.One, x)
	if err != nil {
		return nil, err
	}
	wide, err := b.Layer("two", l.Two, narrow)
	if err != nil {
		return nil, err
	}
	return gorgonia.Add(wide, x)
}

func (l Detour) ONNX(g *onnx.Graph) error {
	x := g.Input(onnx.ChannelsLast)
	narrow := g.Part("one", x, onnx.ChannelsLast, onnx.ChannelsLast)
	wide := g.Part("two", narrow, onnx.ChannelsLast, onnx.ChannelsLast)
	g.Output(g.Node("Add", []onnx.Value{wide, x}), onnx.ChannelsLast)
	return nil
}

// Halves multiplies the first half of a row with the second, by a node of two outputs.
type Halves struct{}

func (Halves) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	half := x.Shape()[1] / 2
	one, err := gorgonia.Slice(x, nil, gorgonia.S(0, half))
	if err != nil {
		return nil, err
	}
	two, err := gorgonia.Slice(x, nil, gorgonia.S(half, 2*half))
	if err != nil {
		return nil, err
	}
	return gorgonia.HadamardProd(one, two)
}

func (Halves) ONNX(g *onnx.Graph) error {
	halves := g.Nodes("Split", 2, []onnx.Value{g.Input(onnx.Rows)}, onnx.Int("axis", 1))
	g.Output(g.Node("Mul", halves), onnx.Rows)
	return nil
}

// Plus is a sum of branches.
type Plus struct{}

func (Plus) Build(*nets.Builder, *gorgonia.Node) (*gorgonia.Node, error) {
	return nil, errors.New("of one")
}

func (Plus) Merge(_ *nets.Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return gorgonia.ReduceAdd(xs)
}

func (Plus) ONNX(g *onnx.Graph) error {
	g.Output(g.Node("Sum", g.Inputs(onnx.Any)), onnx.Any)
	return nil
}

// Softmax has the name of what stands at every network's end.
type Softmax struct{}

func (Softmax) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return b.Ops.Softmax(x)
}

func (Softmax) ONNX(g *onnx.Graph) error {
	g.Output(g.Node("Softmax", []onnx.Value{g.Input(onnx.Rows)}, onnx.Int("axis", -1)), onnx.Rows)
	return nil
}

// Noisy is nothing in prediction, and so nothing to be written.
type Noisy struct{}

func (Noisy) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	if b.Phase == nets.Training {
		return gorgonia.Square(x)
	}
	return x, nil
}

var (
	conv = nets.Conv2D{Filters: 4, Side: 3, Activation: nets.ReLU}
	same = nets.Conv2D{Filters: 4, Side: 1}
)

// owned are networks with layers of one's own, in all the places where one can stand.
var owned = map[string][]nets.Layer{
	"first":    {Leaky{0.1}, conv, nets.Flatten{}, nets.Dense{Units: 3}},
	"between":  {conv, Leaky{0.2}, conv, &Channelwise{Leaky{0.3}}, nets.Dense{Units: 8}, Leaky{0.1}, nets.Dense{Units: 3}},
	"last":     {conv, nets.Flatten{}, nets.Dense{Units: 6}, Halves{}},
	"any":      {Tanh{}, conv, Tanh{}, nets.Flatten{}, Tanh{}, nets.Dense{Units: 3}, Tanh{}},
	"flat":     {conv, nets.Flatten{}, Leaky{0.1}, nets.Dense{Units: 3}},
	"folds":    {conv, nets.Flatten{}, Fold{5, 4, 4}, conv, Fold{4, 3, 2}, conv, nets.Dense{Units: 3}},
	"pairs":    {Pair{conv, Pair{Leaky{0.1}, conv}}, Pair{nets.Flatten{}, nets.Dense{Units: 3}}},
	"detours":  {conv, Detour{same, same}, conv, Detour{Pair{same, Tanh{}}, same}, nets.Dense{Units: 6}, Detour{nets.Dense{Units: 2, Activation: nets.ReLU}, nets.Dense{Units: 6}}, Detour{Leaky{0.2}, Tanh{}}, nets.Dense{Units: 3}},
	"softmaxs": {nets.Dense{Units: 6}, Softmax{}, Softmax{}, nets.Dense{Units: 3}},
	"elu":      {conv, Elu{}, nets.Dense{Units: 3}},
	"noisy":    {conv, Noisy{}, nets.Dense{Units: 3}, Noisy{}},
	"shifted":  {conv, Shifted{}, nets.Dense{Units: 3}},
	"maps":     {conv, same, at(same, "conv2d"), at(Plus{}, "conv2d_1", "conv2d_2"), at(Plus{}, "plus", "conv2d"), nets.Dense{Units: 3}},
	"mixed":    {nets.Conv2D{Filters: 2, Side: 1}, at(Plus{}, "image", "conv2d"), at(Plus{}, "plus", "image"), at(Plus{}, "plus_1", "image", "plus"), nets.Dense{Units: 3}},
	"rows":     {conv, nets.Dense{Units: 5 * 4 * 4}, at(nets.Flatten{}, "conv2d"), at(Plus{}, "flatten", "flatten"), at(Plus{}, "plus", "dense"), nets.Dense{Units: 3}},
}

// at is a layer after others.
func at(l nets.Layer, after ...string) nets.Layer { return nets.At{Layer: l, After: after} }

// answers has onnxruntime say what the models in a folder make of the images there.
const answers = `
import sys, pathlib, numpy as np, onnxruntime as ort
options = ort.SessionOptions(); options.log_severity_level = 3; options.intra_op_num_threads = 1
for model in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    images = np.fromfile(sys.argv[1] + "/images", "<f4").reshape(-1, *session.get_inputs()[0].shape[1:])
    for batch in (images, images[:1]):
        for out in session.run(["logits", "probabilities"], {"image": batch}):
            sys.stdout.buffer.write(out.astype("<f4").tobytes())
`

// TestONNXRuntimeAgreesOnLayersOfOnesOwn holds what onnxruntime makes of them to what
// prediction says here.
func TestONNXRuntimeAgreesOnLayersOfOnesOwn(t *testing.T) {
	t.Parallel()
	python := pythontest.Need(t, "numpy", "onnxruntime")
	folder, input := t.TempDir(), [3]int{7, 6, 2}
	images := make([]float32, 5*7*6*2)
	for i := range images {
		images[i] = float32(i%17) / 17
	}
	var raw bytes.Buffer
	if err := errors.Join(binary.Write(&raw, binary.LittleEndian, images), os.WriteFile(filepath.Join(folder, "images"), raw.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	var names []string
	models := make(map[string]*nets.Model)
	var want [][]float32
	for name, layers := range owned {
		names, models[name] = append(names, name), newModel(t, nets.Network{Name: name, Input: input, Layers: layers}, tensor.Float32)
		if err := os.WriteFile(filepath.Join(folder, name+".onnx"), write(t, models[name], nil), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		scores, err := nets.NewPredictor(models[name]).Predict(images)
		if err != nil {
			t.Fatal(err)
		}
		c := scores.Classes
		want = append(want, slices.Concat(scores.Logits, scores.Probabilities, scores.Logits[:c], scores.Probabilities[:c]))
	}
	cmd := exec.Command(python, "-c", answers, folder)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("onnxruntime: %v: %s", err, said.String())
	}
	got := make([]float32, len(out)/4)
	if err := binary.Read(bytes.NewReader(out), binary.LittleEndian, got); err != nil || len(got) != len(slices.Concat(want...)) {
		t.Fatalf("onnxruntime gives %d numbers, expected %d: %v", len(got), len(slices.Concat(want...)), err)
	}
	for i, name := range names {
		far := 0.0
		for j, v := range want[i] {
			far = max(far, math.Abs(float64(v)-float64(got[j])))
		}
		if !(far <= 1e-5) {
			t.Errorf("%s: it differs by %g", name, far)
		}
		got = got[len(want[i]):]
	}
}

// writes is a layer that writes itself as it is told.
type writes struct {
	Leaky
	as func(g *onnx.Graph) error
}

func (l writes) ONNX(g *onnx.Graph) error { return l.as(g) }

// TestMistakesOfLayersOfOnesOwn are errors that name the layer.
func TestMistakesOfLayersOfOnesOwn(t *testing.T) {
	in := func(g *onnx.Graph) []onnx.Value { return []onnx.Value{g.Input(onnx.Rows)} }
	for want, as := range map[string]func(g *onnx.Graph) error{
		"its own words":                              func(*onnx.Graph) error { return errors.New("its own words") },
		"its ONNX panicked: mine":                    func(*onnx.Graph) error { panic("mine") },
		"gives no output: its ONNX must call Output": func(*onnx.Graph) error { return nil },
		`it has no weight "gain"`: func(g *onnx.Graph) error {
			g.Output(g.Node("Mul", append(in(g), g.Weight("gain"))), onnx.Rows)
			return nil
		},
		`does not write its weight "scale"`: func(g *onnx.Graph) error {
			g.Output(g.Node("Tanh", in(g)), onnx.Rows)
			return nil
		},
		`it writes the weight "scale" twice`: func(g *onnx.Graph) error {
			g.Weight("scale")
			g.Weight("scale") // the same again is no mistake
			g.Constant("scale", onnx.Tensor{Shape: []int{1}, Values: []float32{1}})
			return nil
		},
		`"eps" of shape [2 3] has 1 values`: func(g *onnx.Graph) error {
			g.Constant("eps", onnx.Tensor{Shape: []int{2, 3}, Values: []float32{1}})
			return nil
		},
		`it has no layer "dense" in it`: func(g *onnx.Graph) error {
			g.Part("dense", g.Input(onnx.Rows), onnx.Rows, onnx.Rows)
			return nil
		},
		"it gives an output twice": func(g *onnx.Graph) error {
			g.Output(g.Input(onnx.Rows), onnx.Rows)
			g.Output(g.Input(onnx.Rows), onnx.Rows)
			return nil
		},
		"its output: it has shape [4], which the layout Layout(9) has not": func(g *onnx.Graph) error {
			g.Output(g.Input(onnx.Rows), onnx.Layout(9))
			return nil
		},
		"its output: Any is the layout of an Input of Any alone": func(g *onnx.Graph) error {
			g.Output(g.Input(onnx.Rows), onnx.Any)
			return nil
		},
	} {
		net := nets.Network{Name: "n", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dense{Units: 4}, writes{as: as}, nets.Dense{Units: 3}}}
		var file bytes.Buffer
		err := onnx.Write(&file, newModel(t, net, tensor.Float32), nil)
		if err == nil || err.Error() != "onnx: n: layer writes (writes): "+want || file.Len() > 0 {
			t.Errorf("%v\nexpected %s", err, want)
		}
	}
}

// TestAConstantIsNoAnswer: a network's logits are made of its images.
func TestAConstantIsNoAnswer(t *testing.T) {
	constant := writes{as: func(g *onnx.Graph) error {
		g.Output(g.Weight("scale"), onnx.Rows)
		return nil
	}}
	net := nets.Network{Name: "n", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dense{Units: 4}, constant}}
	err := onnx.Write(new(bytes.Buffer), newModel(t, net, tensor.Float32), nil)
	if want := "onnx: n: the last layer gives writes.scale, which no node has made"; err == nil || err.Error() != want {
		t.Errorf("%v, expected %s", err, want)
	}
}

// TestLayersWithinLayersThatCannotBeWritten are named by where they are.
func TestLayersWithinLayersThatCannotBeWritten(t *testing.T) {
	for _, l := range []nets.Layer{Pair{nets.Flatten{}, Negate{}}, Detour{nets.Dense{Units: 4}, Negate{}}} {
		net := nets.Network{Name: "n", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dense{Units: 4}, l, nets.Dense{Units: 3}}}
		err := onnx.Write(new(bytes.Buffer), newModel(t, net, tensor.Float32), nil)
		kind := strings.ToLower(fmt.Sprintf("%T", l)[len("onnx_test."):])
		if want := "onnx: n: layer " + kind + ".two (Negate) cannot be written"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
}
