package nets_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// TestTiesOfPools: to which of several that are the largest the gradient goes. The
// numbers are those of Keras 3.15.1 on TensorFlow 2.21, for ones (1,3,3,1) and y times
// 1, 2, 3 ...:
//
//	with tf.GradientTape() as tape:
//	    tape.watch(x)
//	    y = keras.layers.MaxPooling2D(2, strides=1)(x)
//	    loss = tf.reduce_sum(y * tf.reshape(tf.range(1., tf.size(y) + 1), y.shape))
//	tape.gradient(loss, x)
func TestTiesOfPools(t *testing.T) {
	ones := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}
	for name, c := range map[string]struct {
		layer nets.Layer
		x, dx []float64
	}{
		"overlapping":    {nets.MaxPooling2D{Strides: [2]int{1, 1}}, ones, []float64{1, 2, 0, 3, 4, 0, 0, 0, 0}},
		"odd, same":      {nets.MaxPooling2D{Padding: nets.Same}, ones, []float64{1, 0, 2, 0, 0, 0, 3, 0, 4}},
		"3 x 3, same":    {nets.MaxPooling2D{Side: 3, Strides: [2]int{1, 1}, Padding: nets.Same}, ones, []float64{12, 9, 0, 15, 9, 0, 0, 0, 0}},
		"mean, odd same": {nets.AveragePooling2D{Padding: nets.Same}, ones, []float64{0.25, 0.25, 1, 0.25, 0.25, 1, 1.5, 1.5, 4}},
		"global":         {nets.GlobalMaxPooling2D{}, []float64{1, 5, 5, 2, 5, 0, 0, 0, 0}, []float64{0, 1. / 3, 1. / 3, 0, 1. / 3, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			dx := gradientByImage(t, c.layer, [3]int{3, 3, 1}, c.x)
			for i, want := range c.dx {
				if d := dx[i] - want; d > 1e-12 || d < -1e-12 {
					t.Errorf("the gradient is %v, want %v", dx, c.dx)
					break
				}
			}
		})
	}
}

// gradientByImage is that of the sum of 1, 2, 3 ... times what a layer without weights
// gives.
func gradientByImage(t *testing.T, l nets.Layer, image [3]int, x []float64) []float64 {
	t.Helper()
	var dx gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		in := graph.NewParam(g, "x", tensor.New(tensor.WithShape(1, image[0], image[1], image[2]), tensor.WithBacking(x)))
		y, err := l.Build(&nets.Builder{Ops: graph.Fused}, in)
		if err != nil {
			return err
		}
		by := make([]float64, y.Shape().TotalSize())
		for i := range by {
			by[i] = float64(i + 1)
		}
		factors := graph.NewParam(g, "factors", tensor.New(tensor.WithShape(y.Shape()...), tensor.WithBacking(by)))
		dx, err = graph.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, factors)))), in)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	return graph.Slice[float64](dx[0].Value())
}

// TestPoolingConfigs: settings are written as Keras's get_config has them, and read.
func TestPoolingConfigs(t *testing.T) {
	for text, l := range map[string]nets.Layer{
		`{"pool_size":[2,2],"strides":[2,2],"padding":"valid"}`: nets.MaxPooling2D{},
		`{"pool_size":[3,3],"strides":[2,1],"padding":"same"}`:  nets.MaxPooling2D{Side: 3, Strides: [2]int{2, 1}, Padding: nets.Same},
		`{"pool_size":[3,2],"strides":[3,2],"padding":"valid"}`: nets.AveragePooling2D{Size: [2]int{3, 2}},
		`{"keepdims":false}`: nets.GlobalAveragePooling2D{},
		`{"keepdims":true}`:  nets.GlobalMaxPooling2D{KeepDims: true},
	} {
		if written, err := json.Marshal(l); err != nil || string(written) != text {
			t.Errorf("%#v is written as %s (%v), want %s", l, written, err, text)
		}
	}
	var m nets.MaxPooling2D
	for text, want := range map[string]nets.MaxPooling2D{
		`{}`: {Side: 2}, `{"pool_size":3}`: {Side: 3}, `{"pool_size":[3,2],"strides":null}`: {Size: [2]int{3, 2}},
		`{"strides":1,"padding":"same"}`: {Side: 2, Strides: [2]int{1, 1}, Padding: nets.Same},
	} {
		if err := json.Unmarshal([]byte(text), &m); err != nil || m != want {
			t.Errorf("%s is %#v (%v), want %#v", text, m, err, want)
		}
	}
	for text, says := range map[string]string{
		`{"pool_size":0}`: "pool_size are 0 and 0", `{"pool_size":[2,2,2]}`: "no number of pixels, nor two", `{"strides":[0,1]}`: "strides are 0 and 1", `{"padding":"full"}`: "full",
	} {
		if err := json.Unmarshal([]byte(text), &m); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want a word of %q", text, err, says)
		}
	}
	if _, err := json.Marshal(nets.MaxPooling2D{Side: 2, Size: [2]int{2, 3}}); err == nil || !strings.Contains(err.Error(), "only one of them") {
		t.Errorf("a side and a size: %v", err)
	}
}
