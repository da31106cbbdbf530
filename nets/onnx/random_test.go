package onnx_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/pythontest"
)

// dice makes random networks.
type dice struct{ *rand.Rand }

func (d dice) side() int                   { return 1 + d.IntN(3) }
func (d dice) two() [2]int                 { return [2]int{d.side(), d.side()} }
func (d dice) padding() nets.Padding       { return nets.Padding(d.IntN(2)) }
func (d dice) yes() bool                   { return d.IntN(2) == 0 }
func (d dice) activation() nets.Activation { return nets.Activation(d.IntN(int(nets.GELUTanh) + 1)) }
func (d dice) sides() nets.Sides           { return nets.Sides{{d.IntN(2), d.IntN(3)}, {d.IntN(3), d.IntN(2)}} }
func (d dice) numbers(n int) (numbers []float64) {
	for range n {
		numbers = append(numbers, 0.5+d.Float64())
	}
	return numbers
}

// layer is one of those that may stand anywhere, of images with so many channels. One
// that does not fit is refused, and another one taken.
func (d dice) layer(channels int) nets.Layer {
	stride := d.side()
	most := d.Float64()
	of := []nets.Layer{
		nets.Conv2D{Filters: d.side(), Size: d.two(), Strides: d.two(), Padding: d.padding(), NoBias: d.yes(), Activation: d.activation()},
		nets.Conv2D{Filters: 2 * d.side(), Size: d.two(), Dilation: d.two(), Padding: d.padding(), Groups: d.side(), Activation: d.activation()},
		nets.DepthwiseConv2D{Size: d.two(), Strides: [2]int{stride, stride}, Padding: d.padding(), DepthMultiplier: d.side(), NoBias: d.yes(), Activation: d.activation()},
		nets.DepthwiseConv2D{Size: d.two(), Dilation: d.two(), Padding: d.padding()},
		nets.SeparableConv2D{Filters: d.side(), Size: d.two(), Strides: [2]int{stride, stride}, Padding: d.padding(), DepthMultiplier: d.side(), NoBias: d.yes(), Activation: d.activation()},
		nets.MaxPooling2D{Size: d.two(), Strides: d.two(), Padding: d.padding()},
		nets.AveragePooling2D{Size: d.two(), Strides: d.two(), Padding: d.padding()},
		nets.GlobalAveragePooling2D{KeepDims: d.yes()},
		nets.GlobalMaxPooling2D{KeepDims: d.yes()},
		nets.BatchNormalization{NoScale: d.yes(), NoCenter: d.yes()},
		nets.LayerNormalization{NoScale: d.yes(), NoCenter: d.yes()},
		nets.Activate{With: d.activation()},
		nets.ReLULayer{MaxValue: &most, NegativeSlope: d.Float64(), Threshold: most * d.Float64()},
		nets.LeakyReLULayer{}, nets.ELULayer{Alpha: d.Float64()}, nets.SoftmaxLayer{},
		nets.PReLU{Init: nets.HeNormal}, nets.PReLU{Init: nets.HeNormal, SharedAxes: []int{1, 2}},
		nets.Rescaling{Scale: 1 + d.Float64(), Offset: -d.Float64()},
		nets.Normalization{Mean: d.numbers(channels), Variance: d.numbers(channels), Invert: d.yes()},
		nets.ZeroPadding2D{Padding: d.sides()}, nets.Cropping2D{Cropping: d.sides()},
		nets.Reshape{To: []int{2, -1, 2}}, nets.Flatten{}, nets.Dropout{Rate: 0.5},
		nets.Dense{Units: 1 + d.IntN(5), Activation: d.activation()},
	}
	return of[d.IntN(len(of))]
}

// merge is a layer in which branches meet.
func (d dice) merge() nets.Layer {
	of := []nets.Layer{nets.Add{}, nets.Average{}, nets.Concatenate{}, nets.Maximum{}, nets.Minimum{}, nets.Multiply{}, nets.Subtract{}}
	return of[d.IntN(len(of))]
}

// network is a random one that can be built.
func (d dice) network(name string) *nets.Model {
	for {
		n := nets.Network{Name: name, Input: [3]int{3 + d.IntN(8), 3 + d.IntN(8), 1 + d.IntN(4)}}
		at, before := "image", "image"
		for range 3 + d.IntN(4) {
			l, after := d.layer(n.Input[2]), []string{at}
			if at != before && d.IntN(3) == 0 {
				l, after = d.merge(), []string{at, before}
			}
			grown := n
			grown.Layers = slices.Clone(n.Layers)
			last := grown.Then(l, after...)
			if d.model(grown, last) != nil {
				n, before, at = grown, at, last
			}
		}
		if m := d.model(n, at); m != nil && len(n.Layers) > 2 {
			return m
		}
	}
}

// model is one of the network with a layer for logits, or nil if it cannot be built.
func (d dice) model(n nets.Network, last string) *nets.Model {
	n.Layers = slices.Clone(n.Layers)
	n.Then(nets.Flatten{}, last)
	n.Then(nets.Dense{Units: 3})
	m, err := nets.New(n, tensor.Float32, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		return nil
	}
	for _, w := range m.Weights {
		for i := range w.Value.Float32s() {
			if !strings.HasSuffix(w.Name, "kernel") {
				w.Value.Float32s()[i] += d.Float32() / 2
			}
		}
	}
	return m
}

// logitsOf has onnxruntime say what models, by their numbers, make of their images.
const logitsOf = `
import sys, numpy as np, onnxruntime as ort
options = ort.SessionOptions(); options.log_severity_level = 3; options.intra_op_num_threads = 1
for i in range(int(sys.argv[2])):
    session = ort.InferenceSession(f"{sys.argv[1]}/{i}.onnx", options, providers=["CPUExecutionProvider"])
    images = np.fromfile(f"{sys.argv[1]}/{i}.images", "<f4").reshape(-1, *session.get_inputs()[0].shape[1:])
    sys.stdout.buffer.write(session.run(["logits"], {"image": images})[0].astype("<f4").tobytes())
`

// TestONNXRuntimeAgreesOnRandomNetworks, of all the layers here in random shapes, with
// random settings, in chains and in branches.
func TestONNXRuntimeAgreesOnRandomNetworks(t *testing.T) {
	t.Parallel()
	const networks, rows = 60, 3
	python := pythontest.Need(t, "numpy", "onnxruntime")
	folder, d := t.TempDir(), dice{rand.New(rand.NewPCG(11, 12))}
	var want [][]float32
	var models []*nets.Model
	for i := range networks {
		m := d.network(fmt.Sprint(i))
		images := make([]float32, rows*m.Input[0]*m.Input[1]*m.Input[2])
		for j := range images {
			images[j] = d.Float32()
		}
		s, err := nets.NewPredictor(m).Predict(images)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := binary.Append(nil, binary.LittleEndian, images)
		for name, content := range map[string][]byte{".onnx": write(t, m, nil), ".images": raw} {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)+name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, models = append(want, s.Logits), append(models, m)
	}
	cmd := exec.Command(python, "-c", logitsOf, folder, fmt.Sprint(networks))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		text, _ := json.Marshal(models[len(out)/(4*3*rows)].Network)
		t.Fatalf("onnxruntime: %v: %s of %s", err, said.String(), text)
	}
	for i, m := range models {
		for j, v := range want[i] {
			got := math.Float32frombits(binary.LittleEndian.Uint32(out))
			out = out[4:]
			if d := math.Abs(float64(got - v)); !(d <= 1e-5*max(1, math.Abs(float64(v)))) {
				text, _ := json.Marshal(m.Network)
				t.Errorf("network %d: logit %d is %v, onnxruntime's %v: %s", i, j, v, got, text)
				break
			}
		}
	}
}
