package onnx_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/onnx"
)

func newModel(t *testing.T, net nets.Network, dt tensor.Dtype) *nets.Model {
	t.Helper()
	m, err := nets.New(net, dt, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func write(t *testing.T, m *nets.Model, meta map[string]string) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := onnx.Write(&file, m, meta); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// fields are a message's fields of one number: integers as they are encoded,
// everything else as bytes.
func fields(t *testing.T, b []byte, number protowire.Number) (list [][]byte) {
	t.Helper()
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, kind, b)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		value := b[:size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if num == number {
			list = append(list, value)
		}
		b = b[size:]
	}
	return list
}

func texts(list [][]byte) (s []string) {
	for _, b := range list {
		s = append(s, string(b))
	}
	return s
}

// nodes are lines "Op input input -> output" of a file's graph.
func nodes(t *testing.T, file []byte) (lines []string) {
	t.Helper()
	for _, n := range fields(t, fields(t, file, 7)[0], 1) {
		lines = append(lines, strings.Join(append(texts(fields(t, n, 4)), texts(fields(t, n, 1))...), " ")+" -> "+strings.Join(texts(fields(t, n, 2)), " "))
	}
	return lines
}

func TestGraphs(t *testing.T) {
	image := [3]int{7, 6, 2}
	for _, c := range []struct {
		net  nets.Network
		want string
	}{
		{nets.MLP(image, 3), `
Flatten image -> flatten
Gemm flatten dense.kernel dense.bias -> dense
Relu dense -> dense.relu
Gemm dense.relu dense_1.kernel dense_1.bias -> logits
Softmax logits -> probabilities`},
		{nets.CNN(image, 3), `
Transpose image -> image.transpose
Conv image.transpose conv2d.kernel conv2d.bias -> conv2d
Relu conv2d -> conv2d.relu
Conv conv2d.relu conv2d_1.kernel conv2d_1.bias -> conv2d_1
Relu conv2d_1 -> conv2d_1.relu
Flatten conv2d_1.relu -> flatten
Gemm flatten dense.kernel dense.bias -> dense
Relu dense -> dense.relu
Gemm dense.relu dense_1.kernel dense_1.bias -> logits
Softmax logits -> probabilities`},
		{nets.Network{Name: "odd", Input: image, Layers: []nets.Layer{nets.Dropout{Rate: 0.5}, &nets.Dense{Units: 3, Activation: nets.ReLU}, nets.Flatten{}}}, `
Flatten image -> flatten
Gemm flatten dense.kernel dense.bias -> dense
Relu dense -> logits
Softmax logits -> probabilities`},
		{nets.Network{Name: "flat", Input: image, Layers: []nets.Layer{nets.Conv2D{Filters: 2, Side: 6}, nets.Flatten{}}}, `
Transpose image -> image.transpose
Conv image.transpose conv2d.kernel conv2d.bias -> conv2d
Transpose conv2d -> conv2d.transpose
Flatten conv2d.transpose -> logits
Softmax logits -> probabilities`},
	} {
		got := strings.Join(nodes(t, write(t, newModel(t, c.net, tensor.Float32), nil)), "\n")
		if got != c.want[1:] {
			t.Errorf("%s:\n%s\nwant:%s", c.net.Name, got, c.want)
		}
	}
}

// TestGraphsAreWhatTheyWere holds the graphs of the two networks, to the byte, against
// those of the version that took weights by their place and knew no layer of one's own.
func TestGraphsAreWhatTheyWere(t *testing.T) {
	const mlp = "06270e486c1f15b81a3cb762f8c4dda7bfc206b6fa07152f26734b38f77c6306"
	const cnn = "21ea29c3506d26e44d3a3a5d14c972d7c91b5a9371a8d0afd78b1b69db85fec2"
	image := [3]int{9, 8, 2}
	for _, c := range []struct {
		net  nets.Network
		want string
	}{{nets.MLP(image, 5), mlp}, {nets.CNN(image, 5), cnn}, {nets.CNN(image, 5).WithDropout(0.25), cnn}} {
		graph := fields(t, write(t, newModel(t, c.net, tensor.Float32), nil), 7)[0]
		if got := fmt.Sprintf("%x", sha256.Sum256(graph)); got != c.want {
			t.Errorf("%s: %s, expected %s", c.net.Name, got, c.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	m := newModel(t, nets.MLP([3]int{7, 6, 2}, 3), tensor.Float32)
	meta := map[string]string{"seed": "1", "network": "not this one", "a": "b"}
	file := write(t, m, meta)
	if got := string(fields(t, file, 2)[0]); got != "stheno" {
		t.Errorf("the producer is %q", got)
	}
	var props []string
	for _, p := range fields(t, file, 14) {
		props = append(props, string(fields(t, p, 1)[0])+"="+string(fields(t, p, 2)[0]))
	}
	if got, want := strings.Join(props, " "), "a=b classes=3 network=mlp parameters=45059 seed=1"; got != want {
		t.Errorf("metadata %q, want %q", got, want)
	}
	for range 10 {
		if !bytes.Equal(write(t, m, meta), file) {
			t.Fatal("the same model gives other bytes")
		}
	}
	if err := onnx.Write(new(bytes.Buffer), m, map[string]string{"key": "\xff"}); err == nil || !strings.Contains(err.Error(), `"key"`) {
		t.Errorf("text that is not UTF-8: %v", err)
	}
}

// TestFloat64 writes the same file for a model of float64 as for the same one of
// float32.
func TestFloat64(t *testing.T) {
	net := nets.CNN([3]int{7, 6, 2}, 3)
	wide, slim := newModel(t, net, tensor.Float64), newModel(t, net, tensor.Float32)
	for i, w := range wide.Weights {
		for j, v := range w.Value.Float64s() {
			slim.Weights[i].Value.Float32s()[j] = float32(v)
		}
	}
	if !bytes.Equal(write(t, wide, nil), write(t, slim, nil)) {
		t.Error("float64 is not written as float32")
	}
	wide.Weights[0].Value.Float64s()[5] = 1e300
	if err := onnx.Write(new(bytes.Buffer), wide, nil); err == nil || !strings.Contains(err.Error(), `"conv2d.kernel": 1e+300 at 5`) {
		t.Errorf("1e300: %v", err)
	}
	wide.Weights[0].Value.Float64s()[5] = math.Inf(1)
	write(t, wide, nil)
}

// Negate is a layer that does not write itself. Embedding one that does is nothing
// to the point.
type Negate struct{ nets.Flatten }

func (Negate) Build(_ *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Neg(x)
}

// full is a disk with room for so many bytes.
type full struct{ left int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestRefusals(t *testing.T) {
	net := nets.MLP([3]int{4, 4, 1}, 3)
	net.Layers = slices.Insert(slices.Clone(net.Layers), 1, nets.Layer(Negate{}))
	var file bytes.Buffer
	err := onnx.Write(&file, newModel(t, net, tensor.Float32), nil)
	var unwritable *onnx.UnwritableError
	if !errors.As(err, &unwritable) || *unwritable != (onnx.UnwritableError{Network: "mlp", Layer: "negate", Type: "Negate"}) || file.Len() > 0 ||
		err.Error() != "onnx: mlp: layer negate (Negate) cannot be written: give its type a method ONNX(g *onnx.Graph) error" {
		t.Errorf("an unknown layer: %v, %d bytes", err, file.Len())
	}
	for _, none := range []*nets.Model{nil, {}} {
		if err := onnx.Write(&file, none, nil); err == nil || file.Len() > 0 {
			t.Errorf("no model: %v, %d bytes", err, file.Len())
		}
	}
	m := newModel(t, nets.MLP([3]int{4, 4, 1}, 3), tensor.Float32)
	for _, room := range []int{0, 100, 3000} {
		if err := onnx.Write(&full{room}, m, nil); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}
