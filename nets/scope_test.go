package nets_test

import (
	"bytes"
	"errors"
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

// tower is a layer made of layers, of the package's own and of others like it.
type tower struct{ Floors int }

func (l tower) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := b.Layer("", nets.Conv2D{Filters: 2, Side: 2, Activation: nets.ReLU}, x)
	if err != nil || l.Floors == 1 {
		return x, err
	}
	if x, err = b.Layer("", &nets.Conv2D{Filters: 3, Side: 1}, x); err != nil {
		return nil, err
	}
	return b.Layer("upper", tower{l.Floors - 1}, x)
}

var towers = nets.Network{Name: "towers", Input: [3]int{6, 5, 1}, Layers: []nets.Layer{tower{2}, tower{1}, nets.Dense{Units: 3}}}

func weightNames(m *nets.Model) string {
	var names []string
	for _, w := range m.Weights {
		names = append(names, w.Name)
	}
	return strings.Join(names, " ")
}

// TestLayersOfLayers have weights of their own, under names that say where they
// are; parameters, operations and gradients count them all.
func TestLayersOfLayers(t *testing.T) {
	m := newModel(t, towers, tensor.Float64)
	want := "tower.conv2d.kernel tower.conv2d.bias tower.conv2d_1.kernel tower.conv2d_1.bias " +
		"tower.upper.conv2d.kernel tower.upper.conv2d.bias tower_1.conv2d.kernel tower_1.conv2d.bias dense.kernel dense.bias"
	if got := weightNames(m); got != want {
		t.Errorf("weights %s\nwant    %s", got, want)
	}
	var flat nets.Network // the same without towers
	flat.Name, flat.Input = "flat", towers.Input
	for _, c := range []nets.Conv2D{{Filters: 2, Side: 2, Activation: nets.ReLU}, {Filters: 3, Side: 1}, {Filters: 2, Side: 2, Activation: nets.ReLU}, {Filters: 2, Side: 2, Activation: nets.ReLU}} {
		flat.Layers = append(flat.Layers, c)
	}
	flat.Layers = append(flat.Layers, nets.Dense{Units: 3})
	plain := newModel(t, flat, tensor.Float64)
	forward, step := flops(t, m)
	if f, s := flops(t, plain); f != forward || s != step || m.Params() != plain.Params() {
		t.Errorf("%d and %d operations, %d parameters; without towers %d and %d, %d", forward, step, m.Params(), f, s, plain.Params())
	}
	got, twin := gradients(t, program(t, m, nets.Training, 4)), gradients(t, program(t, plain, nets.Training, 4))
	for i := range got {
		if !slices.Equal(got[i], twin[i]) {
			t.Errorf("%s: other gradients than without towers", m.Weights[i].Name)
		}
	}
	path := filepath.Join(t.TempDir(), "towers.safetensors")
	var file bytes.Buffer
	if err := errors.Join(m.WriteWeights(&file), os.WriteFile(path, file.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	again, err := nets.New(towers, tensor.Float64, source(2))
	if err == nil {
		err = again.ReadWeights(path)
	}
	var copied bytes.Buffer
	if err == nil {
		err = again.WriteWeights(&copied)
	}
	if err != nil || !bytes.Equal(file.Bytes(), copied.Bytes()) {
		t.Errorf("written and read again, the weights are others: %v", err)
	}
}

// asks is a layer that asks for weights as it is told.
type asks struct {
	of func(b *nets.Builder, in int)
}

func (l asks) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	l.of(b, x.Shape()[1:].TotalSize())
	return b.Ops.Flatten(x)
}

// gives is a layer with a mistake in what it gives.
type gives struct {
	what func(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error)
}

func (l gives) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return l.what(b, x) }

// TestNewRefuses networks that cannot be, by the name of the layer, and of the
// weight if it is one.
func TestNewRefuses(t *testing.T) {
	input := [3]int{4, 3, 1}
	weight := func(name string, init nets.Initializer, fans nets.Fans, shape ...int) func(*nets.Builder, int) {
		return func(b *nets.Builder, _ int) { b.Weight(name, init, fans, shape...) }
	}
	twice := func(b *nets.Builder, in int) {
		w := b.Weight("kernel", nets.GlorotUniform, nets.Fans{In: in, Out: 2}, in, 2)
		_ = w.Shape()[1]
		_ = b.Weight("kernel", nets.GlorotUniform, nets.Fans{In: in, Out: 2}, in, 2).Shape()[1]
	}
	inside := func(name string, l nets.Layer, times int) nets.Layer {
		return gives{func(b *nets.Builder, x *gorgonia.Node) (out *gorgonia.Node, err error) {
			for range times {
				if out, err = b.Layer(name, l, x); err != nil {
					return nil, err
				}
			}
			return out, nil
		}}
	}
	last := nets.Dense{Units: 3}
	for _, c := range []struct {
		input  [3]int
		layers []nets.Layer
		want   []string
	}{
		{input, []nets.Layer{last, asks{twice}, last}, []string{"layer asks (asks)", `weight "kernel"`, "asked for before"}},
		{input, []nets.Layer{inside("a", last, 2)}, []string{"layer gives", "a (Dense)", `weight "kernel"`, "asked for before"}},
		{input, []nets.Layer{asks{weight("", nets.Zeros, nets.Fans{}, 1)}, last}, []string{"layer asks", "no name"}},
		{input, []nets.Layer{asks{weight("w", nil, nets.Fans{}, 1)}, last}, []string{"layer asks", `weight "w"`, "no initializer"}},
		{input, []nets.Layer{asks{weight("w", nets.GlorotUniform, nets.Fans{}, 1)}, last}, []string{"asks.w", "0 inputs and 0 outputs"}},
		{input, []nets.Layer{asks{weight("w", nets.Zeros, nets.Fans{}, 3, 0)}, last}, []string{"layer asks", `weight "w"`, "[3 0]"}},
		{input, []nets.Layer{asks{weight("w", nets.Zeros, nets.Fans{}, -3)}, last}, []string{"layer asks", "[-3]"}},
		{input, []nets.Layer{asks{weight("w", nets.Zeros, nets.Fans{})}, last}, []string{"layer asks", "at least one dimension"}},
		{input, []nets.Layer{nets.Dense{Units: 3, Kernel: func(*rand.Rand, nets.Fans) float64 { return math.NaN() }}}, []string{"dense.kernel", "NaN"}},
		{input, []nets.Layer{nets.Dense{Units: 8, Activation: 99}, last}, []string{"layer dense (Dense)", "Activation(99)"}},
		{input, []nets.Layer{nets.Conv2D{Filters: 2, Side: 2, Activation: -1}, last}, []string{"layer conv2d", "Activation(-1)"}},
		{input, []nets.Layer{last, nil, last}, []string{"layer 2 of 3", "nil"}},
		{input, []nets.Layer{last, (*nets.Dense)(nil)}, []string{"layer 2 of 2, dense_1", "nil"}},
		{input, []nets.Layer{inside("a", nil, 1), last}, []string{"layer gives", `"a"`, "nil"}},
		{input, []nets.Layer{inside("a", (*nets.Dense)(nil), 1), last}, []string{"layer gives", `"a"`, "nil"}},
		{input, []nets.Layer{inside("a", nets.Dense{}, 1), last}, []string{"layer gives", "a (Dense)", "0 units"}},
		{input, nil, []string{"no layers"}},
		{[3]int{0, 3, 1}, []nets.Layer{last}, []string{"0 x 3", "at least 1"}},
		{[3]int{4, -3, 1}, []nets.Layer{last}, []string{"4 x -3", "at least 1"}},
		{[3]int{-4, -3, 1}, []nets.Layer{last}, []string{"-4 x -3", "at least 1"}},
		{[3]int{4, 3, 0}, []nets.Layer{last}, []string{"0 channels", "at least 1"}},
		{input, []nets.Layer{nets.Dropout{Rate: 1}, last}, []string{"layer dropout", "rate of 1"}},
		{input, []nets.Layer{nets.Dropout{Rate: -0.1}, last}, []string{"layer dropout", "rate of -0.1"}},
		{input, []nets.Layer{nets.Dropout{Rate: math.NaN()}, last}, []string{"layer dropout", "rate of NaN"}},
		{input, nets.Network{Layers: []nets.Layer{&nets.Dense{Units: 8}, &nets.Dense{Units: 3}}}.WithDropout(2).Layers, []string{"layer dropout", "rate of 2"}},
		{input, []nets.Layer{gives{func(*nets.Builder, *gorgonia.Node) (*gorgonia.Node, error) { return nil, nil }}, last}, []string{"layer gives", "no node"}},
		{input, []nets.Layer{gives{func(b *nets.Builder, _ *gorgonia.Node) (*gorgonia.Node, error) { return b.Layer("a", last, nil) }}}, []string{"layer gives", "no node"}},
		{input, []nets.Layer{gives{func(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Sum(x) }}, last}, []string{"layer gives", "scalar"}},
		{input, []nets.Layer{gives{func(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Reshape(x, tensor.Shape{6, 2})
		}}}, []string{"(6, 2)", "(1,classes)"}},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			_, err := nets.New(nets.Network{Name: "wrong", Input: c.input, Layers: c.layers}, dt, source(1))
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q", err, want)
				}
			}
		}
	}
	if _, err := nets.New(nets.Network{Name: "right", Input: input, Layers: []nets.Layer{last}}, tensor.Float32, nil); err == nil {
		t.Error("weights are drawn from nothing")
	}
}

// TestWeightsOfAPhaseAreRefused: a layer that asks for other weights in training
// than the model has.
func TestWeightsOfAPhaseAreRefused(t *testing.T) {
	for want, ask := range map[string]func(b *nets.Builder, shape ...int){
		"same order":            func(b *nets.Builder, shape ...int) { b.Weight("more", nets.Zeros, nets.Fans{}, shape...) },
		"has shape [2]":         nil,
		"no layer asks for the": func(*nets.Builder, ...int) {},
	} {
		l := asks{func(b *nets.Builder, in int) {
			switch {
			case b.Phase != nets.Training:
				b.Weight("w", nets.Zeros, nets.Fans{}, 1)
			case ask == nil:
				b.Weight("w", nets.Zeros, nets.Fans{}, 2)
			default:
				ask(b, 1)
			}
		}}
		layers := []nets.Layer{nets.Dense{Units: 3}, l}
		m := newModel(t, nets.Network{Name: "phases", Input: [3]int{4, 3, 1}, Layers: layers}, tensor.Float32)
		if _, err := m.Program(nets.Training, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestGradientsThroughALayerOfLayers with a stock node in it, by finite
// differences.
func TestGradientsThroughALayerOfLayers(t *testing.T) {
	const h = 1e-6
	m := newModel(t, nets.Network{Name: "detours", Input: [3]int{4, 3, 1}, Layers: []nets.Layer{
		nets.Dense{Units: 6}, Detour{Units: 3}, nets.Dense{Units: 3},
	}}, tensor.Float64)
	dw, eval := gradients(t, program(t, m, nets.Training, 4)), program(t, m, nets.Evaluation, 4)
	for i, weight := range m.Weights {
		w := weight.Value.Float64s()
		at := w[0]
		w[0] = at + h
		run(t, eval)
		above := eval.Loss()
		w[0] = at - h
		run(t, eval)
		below := eval.Loss()
		w[0] = at
		if want := (above - below) / (2 * h); math.Abs(dw[i][0]-want) > 1e-7 {
			t.Errorf("%s: gradient %.9g, central difference %.9g", weight.Name, dw[i][0], want)
		}
	}
}

// listed is a loss that holds a slice.
type listed struct{ _ []float64 }

func (listed) Loss(ops graph.Ops, out, labels *gorgonia.Node) (*gorgonia.Node, func() int, error) {
	return ops.CrossEntropy(out, labels, 0)
}

func TestProgramsThatCannotBeAreRefused(t *testing.T) {
	m := newModel(t, nets.MLP([3]int{4, 3, 1}, 3), tensor.Float32)
	refused := func(want string, phase nets.Phase, batch int) {
		t.Helper()
		_, program := m.Program(phase, batch)
		_, bytes := m.Bytes(phase, batch)
		_, draft := m.Draft(phase, batch)
		for _, err := range []error{program, bytes, draft} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	}
	refused("Phase(3) is not known", 3, 1)
	refused("Phase(-1) is not known", -1, 1)
	refused("0 images", nets.Training, 0)
	m.Objective.Loss = listed{}
	refused("make it a pointer", nets.Training, 2)
	m.Objective.Loss = &listed{}
	p, err := m.Program(nets.Training, 2)
	if err != nil {
		t.Fatal(err)
	}
	if parts := p.Parts(); parts[len(parts)-1].Type != "listed" {
		t.Errorf("the loss is called %q", parts[len(parts)-1].Type)
	}
}

func TestEmptyNetworksHaveNoTrunk(t *testing.T) {
	if n := len(nets.Embedding(nets.Network{Input: mnist}, 4).Layers); n != 2 {
		t.Errorf("%d layers", n)
	}
}
