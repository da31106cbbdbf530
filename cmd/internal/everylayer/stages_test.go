package everylayer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/graph"
	"stheno/nets"
	"stheno/nets/dot"
	"stheno/nets/onnx"
	"stheno/nets/train"
)

// model is one of the place's network, whose weights are none of those that do nothing:
// no gamma is 1 and no moving mean 0.
func (p place) model(t *testing.T, dt tensor.Dtype) *nets.Model {
	t.Helper()
	m, err := nets.New(p.net, dt, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for _, w := range m.Weights {
		for i := range w.Value.Shape().TotalSize() {
			if strings.HasSuffix(w.Name, "kernel") {
				break
			}
			if more := rng.Float64() / 4; dt == tensor.Float64 {
				w.Value.Float64s()[i] += more
			} else {
				w.Value.Float32s()[i] += float32(more)
			}
		}
	}
	return m
}

// part is what the layer adds to a graph.
func (p place) part(t *testing.T) nets.Part {
	t.Helper()
	program, err := p.model(t, tensor.Float32).DraftWhole(nets.Prediction, 2)
	if err != nil {
		t.Fatal(err)
	}
	parts := program.Parts()
	return parts[slices.IndexFunc(parts, func(part nets.Part) bool { return part.Name == p.name })]
}

// images are n random images, and labels.
func images(t *testing.T, n int) *data.Set {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	pixels, labels := make([]uint8, n*image[0]*image[1]*image[2]), make([]int, n)
	for i := range pixels {
		pixels[i] = uint8(rng.IntN(256))
	}
	for i := range labels {
		labels[i] = i % classes
	}
	s, err := data.NewSet(pixels, labels, image, classes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestConfig writes a network and reads it.
func TestConfig(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		text, err := json.Marshal(p.net)
		if err != nil {
			t.Fatal(err)
		}
		read, err := nets.ParseNetwork(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(read)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("(%v) written again it is\n%s\nnot\n%s", err, again, text)
		}
	})
}

// layer is the one that is walked.
func (p place) layer(net nets.Network) nets.Layer {
	for _, l := range net.Layers {
		if at, ok := l.(nets.At); ok && at.Name == p.name {
			return at.Layer
		}
	}
	return nil
}

// TestSummary: the table has the layer, and all weights are trained or are not.
func TestSummary(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		m := p.model(t, tensor.Float32)
		var out strings.Builder
		if err := m.Summary(&out, 200); err != nil {
			t.Fatal(err)
		}
		trained := 0
		for _, w := range m.Trained() {
			trained += w.Value.Shape().TotalSize()
		}
		for _, want := range []string{fmt.Sprintf("│ %s (%s) ", p.name, p.class), fmt.Sprintf("Trainable params: %d ", trained), fmt.Sprintf("Non-trainable params: %d ", m.Params()-trained)} {
			if !strings.Contains(strings.ReplaceAll(out.String(), ",", ""), want) {
				t.Errorf("%q is not in\n%s", want, &out)
			}
		}
	})
}

// TestCosts: FLOPs and memory are known, and of memory more for more images.
func TestCosts(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		m := p.model(t, tensor.Float32)
		forward, step, err := m.FLOPs()
		if err != nil || forward <= 0 || step <= forward {
			t.Errorf("FLOPs %d and %d, %v", forward, step, err)
		}
		one, err := m.Bytes(nets.Training, 1)
		if err != nil {
			t.Fatal(err)
		}
		seven, err := m.Bytes(nets.Training, 7)
		if err != nil || one <= 0 || seven <= one {
			t.Errorf("a graph takes %d bytes for an image and %d for seven, %v", one, seven, err)
		}
	})
}

// TestGradients holds those of each weight against differences of the loss, in float64.
func TestGradients(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		for _, batch := range []int{1, 7} {
			m := p.model(t, tensor.Float64)
			program := p.training(t, m, batch)
			loss := func() float64 {
				*m.Noise = *rand.NewPCG(5, 6) // the same for each
				if err := program.Run(); err != nil {
					t.Fatal(err)
				}
				return program.Loss()
			}
			loss()
			var want [][]float64
			for _, g := range program.Gradients() {
				d, err := g.Grad()
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, slices.Clone(graph.Slice[float64](d)))
			}
			for i, w := range m.Trained() {
				values := w.Value.Float64s()
				for j := 0; j < len(values); j += 1 + len(values)/5 {
					const h = 1e-6
					was := values[j]
					values[j] = was + h
					up := loss()
					values[j] = was - h
					down := loss()
					values[j] = was
					if got := (up - down) / (2 * h); math.Abs(got-want[i][j]) > 1e-7 {
						t.Fatalf("batch %d: the gradient of %s at %d is %g, by differences %g", batch, w.Name, j, want[i][j], got)
					}
				}
			}
		}
	})
}

// training is a program with images and labels.
func (p place) training(t *testing.T, m *nets.Model, batch int) *nets.Program {
	t.Helper()
	program, err := m.Program(nets.Training, batch)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for i, x := 0, graph.Slice[float64](program.Images()); i < len(x); i++ {
		x[i] = rng.Float64()
	}
	for i := range program.Labels() {
		program.Labels()[i] = i % classes
	}
	return program
}

// TestPrecisions: float32 predicts as float64 does, and of an image the same among
// seven as alone.
func TestPrecisions(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		wide, slim := p.model(t, tensor.Float64), p.model(t, tensor.Float32)
		for i, w := range wide.Weights {
			for j, v := range w.Value.Float64s() {
				slim.Weights[i].Value.Float32s()[j] = float32(v)
			}
		}
		x := data.Scaled[float32](images(t, 7).Pixels)
		predict := func(m *nets.Model, x []float32) []float32 {
			s, err := nets.NewPredictor(m).Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			return s.Logits
		}
		want, got := predict(wide, x), predict(slim, x)
		for i := range got {
			if d := math.Abs(float64(got[i] - want[i])); !(d < 1e-5*max(1, math.Abs(float64(want[i])))) {
				t.Fatalf("logit %d is %v, in float64 %v", i, got[i], want[i])
			}
		}
		for i := range 7 {
			size := len(x) / 7
			if alone := predict(slim, x[i*size:(i+1)*size]); !slices.Equal(alone, got[i*classes:(i+1)*classes]) {
				t.Fatalf("image %d has logits %v alone, %v among others", i, alone, got[i*classes:(i+1)*classes])
			}
		}
	})
}

// TestFreeze: training leaves a frozen layer as it is, its states too.
func TestFreeze(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		m := p.model(t, tensor.Float32)
		if err := m.Freeze(p.name); err != nil {
			t.Fatal(err)
		}
		before := make([][]float32, len(m.Weights))
		for i, w := range m.Weights {
			before[i] = slices.Clone(w.Value.Float32s())
		}
		if _, err := train.Fit(t.Context(), m, images(t, 10), train.NewAdam(0.01), train.Plan{Epochs: 1, Batch: 4}); err != nil {
			t.Fatal(err)
		}
		moved := 0
		for i, w := range m.Weights {
			if slices.Equal(before[i], w.Value.Float32s()) {
				continue
			}
			moved++
			if strings.HasPrefix(w.Name, p.name+".") {
				t.Errorf("%s is frozen, and another one after training", w.Name)
			}
		}
		if moved == 0 {
			t.Error("nothing is trained")
		}
	})
}

// TestDot: the picture of the graph has the layer in it.
func TestDot(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		m := p.model(t, tensor.Float32)
		program, err := m.Draft(nets.Training, 2)
		if err != nil {
			t.Fatal(err)
		}
		drawn := slices.ContainsFunc(program.Parts(), func(part nets.Part) bool { return part.Name == p.name && len(part.Nodes) > 0 })
		var out bytes.Buffer
		if err := dot.Write(&out, m, dot.View{Batch: 2, Gradients: true}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "cluster_"+p.name) != drawn {
			t.Errorf("the layer adds nodes: %v, but not in the picture:\n%s", drawn, &out)
		}
	})
}

// TestONNX: the layer can be written. Another test holds what onnxruntime makes of it.
func TestONNX(t *testing.T) {
	walk(t, false, func(t *testing.T, p place) {
		if err := onnx.Check(p.model(t, tensor.Float32)); err != nil {
			t.Error(err)
		}
	})
}
