package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/graph/optest"
)

func TestNoise(t *testing.T) {
	for name, apply := range map[string]func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error){
		"spatial dropout, all": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.SpatialDropout(in[0], 0.25, again{0})
		},
		"spatial dropout, some": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.SpatialDropout(in[0], 0.5, again{7})
		},
		"gaussian noise": func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.GaussianNoise(in[0], 0.5, again{7})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := of(apply, optest.Random(1, 3, 2, 2, 5))
			optest.Gradient(t, c)
			optest.Garbage(t, c)
		})
	}
	optest.Identity(t, graph.SpatialDropout[float32]{Rate: 0.5})
	optest.Identity(t, graph.GaussianNoise[float32]{})
	shapes := func(s ...int) []tensor.Shape { return []tensor.Shape{s} }
	optest.Refuses(t, graph.SpatialDropout[float32]{Rate: 1}, shapes(1, 2, 2, 3), "[0,1)")
	optest.Refuses(t, graph.SpatialDropout[float32]{}, shapes(1, 2), "images (N,H,W,C)")
	optest.Refuses(t, graph.GaussianNoise[float32]{Deviation: math.NaN()}, shapes(1, 2), "0 or more")
}

// noisy runs an op on ones, a batch's rows from first on.
func noisy(t *testing.T, op func(rand.Source) graph.Op, outputs, first int, shape ...int) []float32 {
	t.Helper()
	ones := make([]float32, tensor.Shape(shape).TotalSize())
	for i := range ones {
		ones[i] = 1
	}
	o := op(part{rand.NewPCG(1, 2), first})
	shapes, err := o.Shape(shape)
	if err != nil {
		t.Fatal(err)
	}
	var out []gorgonia.Value
	for _, s := range shapes {
		out = append(out, tensor.New(tensor.WithShape(s...), tensor.Of(tensor.Float32)))
	}
	if err := o.Run(out, []gorgonia.Value{tensor.New(tensor.WithShape(shape...), tensor.WithBacking(ones))}); err != nil {
		t.Fatal(err)
	}
	return graph.Slice[float32](out[0])
}

// part is a source of noise for the rows of a batch from one on.
type part struct {
	*rand.PCG
	before int
}

func (p part) Before() int { return p.before }

// TestNoiseIsEachRowsOwn: whatever threads there are, and whatever rows stand beside it.
func TestNoiseIsEachRowsOwn(t *testing.T) {
	defer kernel.SetThreads(0)
	for name, op := range map[string]func(rand.Source) graph.Op{
		"dropout":         func(s rand.Source) graph.Op { return graph.Dropout[float32]{Rate: 0.4, Source: s} },
		"spatial dropout": func(s rand.Source) graph.Op { return graph.SpatialDropout[float32]{Rate: 0.4, Source: s} },
		"gaussian noise":  func(s rand.Source) graph.Op { return graph.GaussianNoise[float32]{Deviation: 0.4, Source: s} },
	} {
		kernel.SetThreads(1)
		all := noisy(t, op, 2, 0, 23, 5, 7, 31)
		row := len(all) / 23
		kernel.SetThreads(3)
		for _, rows := range [][2]int{{0, 23}, {0, 5}, {5, 8}, {13, 10}, {22, 1}} {
			some := noisy(t, op, 2, rows[0], rows[1], 5, 7, 31)
			if !slices.Equal(some, all[rows[0]*row:][:len(some)]) {
				t.Errorf("%s: rows from %d on, %d of them, have other noise than among all", name, rows[0], rows[1])
			}
		}
	}
}

func TestSpatialDropoutDropsWholeChannels(t *testing.T) {
	const n, pixels, c = 500, 4, 40
	y := noisy(t, func(s rand.Source) graph.Op { return graph.SpatialDropout[float32]{Rate: 0.3, Source: s} }, 2, 0, n, 2, 2, c)
	kept := 0
	for i := range n {
		for k := range c {
			first := y[i*pixels*c+k]
			if first != 0 {
				kept++
			}
			for p := range pixels {
				if v := y[(i*pixels+p)*c+k]; v != first || v != 0 && v != float32(1/0.7) {
					t.Fatalf("image %d, pixel %d, channel %d: %v, the first pixel %v", i, p, k, v, first)
				}
			}
		}
	}
	if share := float64(kept) / (n * c); math.Abs(share-0.7) > 0.015 {
		t.Errorf("%v of the channels are kept, want 0.7", share)
	}
}

// TestGaussianNoiseIsNormal: moments, and shares within one and two deviations.
func TestGaussianNoiseIsNormal(t *testing.T) {
	const n, deviation = 200_000, 0.25
	y := noisy(t, func(s rand.Source) graph.Op { return graph.GaussianNoise[float32]{Deviation: deviation, Source: s} }, 1, 0, n, 1)
	var sum, squares, within1, within2, neighbours float64
	for i, v := range y {
		z := (float64(v) - 1) / deviation
		sum, squares = sum+z, squares+z*z
		if math.Abs(z) < 1 {
			within1++
		}
		if math.Abs(z) < 2 {
			within2++
		}
		if i%2 == 1 {
			neighbours += z * (float64(y[i-1]) - 1) / deviation
		}
	}
	for what, v := range map[string][2]float64{
		"mean": {sum / n, 0}, "variance": {squares / n, 1}, "within one deviation": {within1 / n, 0.6827},
		"within two": {within2 / n, 0.9545}, "of neighbours": {neighbours / n * 2, 0},
	} {
		if math.Abs(v[0]-v[1]) > 0.01 {
			t.Errorf("%s: %v, want %v", what, v[0], v[1])
		}
	}
}
