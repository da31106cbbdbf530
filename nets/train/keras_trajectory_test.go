package train_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
	"stheno/nets/pythontest"
	"stheno/nets/train"
)

var (
	update = flag.Bool("update", false, "have Keras compute testdata/golden/keras-*.json anew")
	whole  = flag.Bool("whole", false, "follow Keras through all steps of the networks that it is known for, for minutes")
)

// followed is a training in which Keras is followed step by step.
type followed struct {
	net          nets.Network
	set          *data.Set
	batch, steps int
	dtype        tensor.Dtype
}

// course is what such a training gives.
type course struct {
	Losses []float64            `json:"losses"` // of each step, before its update
	States map[string][]float64 `json:"states"` // the moving moments, after the last
}

// adam has betas and an epsilon that float32 has, which Keras casts them to on their
// way to float64.
func (followed) adam() *train.Adam {
	a := train.NewAdam(0.001)
	a.Beta1, a.Beta2, a.Epsilon = 1-1.0/8, 1-1.0/1024, 1.0/(1<<23)
	return a
}

// model is the network with the weights that all begin with.
func (f followed) model(t *testing.T) *nets.Model {
	t.Helper()
	m := newModel(t, f.net, f.dtype)
	m.Ops = graph.FusedWith(kernel.Direct)
	first := make(map[string][]float64)
	for _, w := range m.States() {
		first[w.Name] = floats(w.Value)
	}
	drawByFormula(m, 1)
	for _, w := range m.Weights {
		if v, ok := first[w.Name]; ok || strings.HasSuffix(w.Name, ".gamma") {
			for i := range w.Value.Shape().TotalSize() {
				x := 1.0 // a gamma
				if ok {
					x = v[i]
				}
				put(w, i, x)
			}
		}
	}
	return m
}

func put(w nets.Weight, i int, v float64) {
	if w.Value.Dtype() == tensor.Float64 {
		w.Value.Float64s()[i] = v
	} else {
		w.Value.Float32s()[i] = float32(v)
	}
}

// ours is the course that we take.
func (f followed) ours(t *testing.T) course {
	t.Helper()
	m := f.model(t)
	c := course{States: make(map[string][]float64)}
	note := func(s *train.Stats) error {
		c.Losses = append(c.Losses, s.BatchLoss)
		return nil
	}
	epochs := 1 + f.steps*f.batch/f.set.Len()
	_, err := train.Fit(t.Context(), m, f.set, f.adam(), train.Plan{Epochs: epochs, Batch: f.batch, Steps: f.steps, Callbacks: []train.Callback{each{Batch: note}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.States() {
		c.States[w.Name] = floats(w.Value)
	}
	return c
}

// keras is the course that Keras takes.
func (f followed) keras(t *testing.T) (c course) {
	t.Helper()
	python := pythontest.Need(t, "keras", "tensorflow", "safetensors")
	folder := t.TempDir()
	write := func(name string, content []byte, err error) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err == nil {
			err = os.WriteFile(path, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	var weights, out, said bytes.Buffer
	err := f.model(t).WriteWeights(&weights)
	config, configErr := f.net.MarshalJSON()
	a, s := f.adam(), f.set
	labels := make([]int, s.Len())
	for i, l := range s.Labels {
		labels[i] = int(l)
	}
	task, taskErr := json.Marshal(map[string]any{
		"floatx": f.dtype.String(), "steps": f.steps, "batch": f.batch, "beta_1": a.Beta1, "beta_2": a.Beta2, "epsilon": a.Epsilon,
		"config": write("network.json", config, configErr), "weights": write("first.safetensors", weights.Bytes(), err),
		"images": write("images", s.Pixels, nil), "shape": []int{s.Len(), s.Height, s.Width, s.Channels}, "labels": labels,
	})
	if taskErr != nil {
		t.Fatal(taskErr)
	}
	child := exec.Command(python, "testdata/keras_trajectory.py")
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(task), &out, &said
	if err := child.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	if err := json.Unmarshal(out.Bytes(), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// holdCourse holds a course to Keras's, numbers below one as differences.
func holdCourse(t *testing.T, got, want course, bound float64) {
	t.Helper()
	if len(got.Losses) != len(want.Losses) || len(got.States) != len(want.States) {
		t.Fatalf("%d losses and %d states, want %d and %d", len(got.Losses), len(got.States), len(want.Losses), len(want.States))
	}
	off := func(what string, got, want []float64) {
		if len(got) != len(want) {
			t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
		}
		worst, at := 0.0, 0
		for i := range got {
			if d := math.Abs(got[i]-want[i]) / max(1, math.Abs(want[i])); !(d <= worst) { // NaN too
				worst, at = d, i
			}
		}
		t.Logf("%s: off by %.1g at most", what, worst)
		if !(worst <= bound) {
			t.Errorf("%s: number %d of %d is off by %.2g, want at most %.0g", what, at+1, len(got), worst, bound)
		}
	}
	off("losses", got.Losses, want.Losses)
	for name := range want.States {
		off(name, got.States[name], want.States[name])
	}
}

// smallConvNet and smallResNet have the layers of nets.ConvNet and nets.ResNet in
// numbers that a test has time for.
func smallConvNet() nets.Network {
	return nets.Network{Name: "convnet", Input: [3]int{12, 12, 1}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 4, Side: 3, Activation: nets.ReLU},
		nets.MaxPooling2D{},
		nets.Conv2D{Filters: 6, Side: 3, Activation: nets.ReLU},
		nets.MaxPooling2D{},
		nets.Flatten{},
		nets.Dense{Units: 4},
	}}
}

func smallResNet() nets.Network {
	net := nets.Network{Name: "resnet", Input: [3]int{8, 8, 1}}
	normed := func(filters, side, stride int, after ...string) string {
		net.Then(nets.Conv2D{Filters: filters, Side: side, Strides: [2]int{stride, stride}, Padding: nets.Same, NoBias: true}, after...)
		return net.Then(nets.BatchNormalization{})
	}
	normed(4, 3, 1)
	x := net.Then(nets.ReLULayer{})
	for _, stride := range []int{1, 2} {
		normed(4*stride, 3, stride, x)
		net.Then(nets.ReLULayer{})
		y := normed(4*stride, 3, 1)
		if stride > 1 {
			x = normed(4*stride, 1, stride, x)
		}
		net.Then(nets.Add{}, y, x)
		x = net.Then(nets.ReLULayer{})
	}
	net.Then(nets.GlobalAveragePooling2D{})
	net.Then(nets.Dense{Units: 4})
	return net
}

// patterns are images of as many classes, each a pattern under noise.
func patterns(rows int, shape [3]int, classes int) *data.Set {
	s := &data.Set{Height: shape[0], Width: shape[1], Channels: shape[2]}
	size := uint64(shape[0] * shape[1] * shape[2])
	for row := range uint64(rows) {
		class := splitmix(row) % uint64(classes)
		s.Labels = append(s.Labels, uint8(class))
		for i := range size {
			s.Pixels = append(s.Pixels, uint8(splitmix(class*size+i)>>57+splitmix(1<<32+row*size+i)>>57))
		}
	}
	return s
}

// TestSmallNetworksFollowKeras: fifty steps of convolutions and pooling, and two
// hundred of a residual network with its batch normalizations, are Keras's in float64;
// float32 is for two steps, before a ReLU near zero falls to the other side.
func TestSmallNetworksFollowKeras(t *testing.T) {
	for _, c := range []struct {
		net   nets.Network
		steps int
	}{{smallConvNet(), 50}, {smallResNet(), 200}} {
		t.Run(c.net.Name, func(t *testing.T) {
			t.Parallel()
			f := followed{c.net, patterns(64, c.net.Input, 4), 8, c.steps, tensor.Float64}
			path := filepath.Join("testdata", "golden", "keras-"+c.net.Name+".json")
			if *update {
				text, err := json.Marshal(f.keras(t))
				if err == nil {
					err = os.WriteFile(path, append(text, '\n'), 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			var want course
			text, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(text, &want)
			}
			if err != nil {
				t.Fatal(err)
			}
			holdCourse(t, f.ours(t), want, 1e-7)
			f.dtype, f.steps = tensor.Float32, 2
			narrow := f.ours(t)
			narrow.States, want.States, want.Losses = nil, nil, want.Losses[:2]
			holdCourse(t, narrow, want, 1e-4)
		})
	}
}

// TestNetworksFollowKeras does the same with the networks themselves on MNIST; without
// -whole with one, for two steps in float32:
//
//	go test ./nets/train -run '^TestNetworksFollowKeras' -v -whole -timeout 3h
func TestNetworksFollowKeras(t *testing.T) {
	pythontest.Need(t, "keras", "tensorflow", "safetensors")
	set, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	for name, steps := range map[string]int{"convnet": 50, "resnet": 200} {
		net, err := nets.Named(name, set.Train.Shape(), set.Classes)
		if err != nil {
			t.Fatal(err)
		}
		net = undropped(net)
		for dtype, bound := range map[tensor.Dtype]float64{tensor.Float64: 1e-7, tensor.Float32: 1e-4} {
			if !*whole && (name != "resnet" || dtype == tensor.Float64) {
				continue
			}
			t.Run(name+"/"+dtype.String(), func(t *testing.T) {
				f := followed{net, firstRows(set.Train, steps*32), 32, steps, dtype}
				if dtype == tensor.Float32 {
					f.steps = 2
				}
				got, want := f.ours(t), f.keras(t)
				if dtype == tensor.Float32 {
					got.States, want.States = nil, nil // of values that a ReLU's tie decides
				}
				holdCourse(t, got, want, bound)
			})
		}
	}
}

// undropped is a network whose layers drop nothing: Keras draws other numbers.
func undropped(net nets.Network) nets.Network {
	net.Layers = slices.Clone(net.Layers)
	for i, l := range net.Layers {
		at, placed := l.(nets.At)
		if _, ok := l.(nets.Dropout); ok {
			net.Layers[i] = nets.Dropout{}
		} else if _, ok := at.Layer.(nets.Dropout); placed && ok {
			at.Layer = nets.Dropout{}
			net.Layers[i] = at
		}
	}
	return net
}

func firstRows(s *data.Set, n int) *data.Set {
	first := *s
	first.Pixels, first.Labels = s.Pixels[:n*s.Height*s.Width*s.Channels], s.Labels[:n]
	return &first
}
