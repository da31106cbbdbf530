package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/graph/optest"
)

// eachImplementation runs a test on every implementation of the kernels.
func eachImplementation(t *testing.T, test func(t *testing.T)) {
	was := kernel.Implementation()
	defer kernel.Use(was)
	for _, name := range kernel.Implementations() {
		if err := kernel.Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, test)
	}
}

func affine(relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Affine(in[0], in[1], in[2], relu)
	}
}

func convolve(relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return ops.Convolve(in[0], in[1], in[2], graph.Window{}, 1, relu)
	}
}

// over is a convolution of some window and groups, without a bias if there is none.
func over(w graph.Window, groups int, relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		var b *gorgonia.Node
		if len(in) == 3 {
			b = in[2]
		}
		return ops.Convolve(in[0], in[1], b, w, groups, relu)
	}
}

// winograd is a convolution by Winograd's algorithm, whose gradient is its exact
// adjoint; the twin is stock's.
func winograd(relu bool) func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error) {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		if ops == graph.Fused {
			ops = graph.FusedWith(kernel.Winograd)
		}
		return ops.Convolve(in[0], in[1], in[2], graph.Window{}, 1, relu)
	}
}

func of(apply func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error), in ...*tensor.Dense) optest.Case {
	return optest.Case{Apply: apply, Inputs: in}
}

func TestOps(t *testing.T) {
	r := optest.Random
	cases := map[string]optest.Case{
		"affine":            of(affine(false), r(1, 5, 7), r(2, 7, 3), r(3, 3)),
		"affine relu":       of(affine(true), r(1, 5, 7), r(2, 7, 3), r(3, 3)),
		"affine of image":   of(affine(true), r(1, 2, 3, 4, 2), r(2, 24, 5), r(3, 5)),
		"affine of one":     of(affine(true), r(1, 1, 2), r(2, 2, 2), r(3, 2)),
		"convolve":          of(convolve(false), r(1, 2, 5, 6, 3), r(2, 3, 3, 3, 4), r(3, 4)),
		"convolve relu":     of(convolve(true), r(1, 2, 5, 6, 3), r(2, 3, 3, 3, 4), r(3, 4)),
		"convolve 2x4":      of(convolve(true), r(1, 3, 4, 6, 2), r(2, 2, 4, 2, 3), r(3, 3)),
		"convolve whole":    of(convolve(true), r(1, 2, 3, 3, 2), r(2, 3, 3, 2, 3), r(3, 3)),
		"convolve same":     of(over(graph.Window{Same: true}, 1, true), r(1, 2, 5, 6, 3), r(2, 3, 4, 3, 4), r(3, 4)),
		"convolve strides":  of(over(graph.Window{Strides: [2]int{2, 3}, Same: true}, 1, true), r(1, 2, 7, 8, 3), r(2, 3, 2, 3, 4), r(3, 4)),
		"convolve dilated":  of(over(graph.Window{Dilation: [2]int{2, 1}}, 1, false), r(1, 2, 7, 5, 3), r(2, 3, 2, 3, 4), r(3, 4)),
		"convolve groups":   of(over(graph.Window{Same: true}, 2, true), r(1, 2, 5, 5, 4), r(2, 3, 3, 2, 6), r(3, 6)),
		"convolve no bias":  of(over(graph.Window{}, 1, true), r(1, 2, 5, 5, 3), r(2, 3, 3, 3, 4)),
		"convolve points":   of(over(graph.Window{Strides: [2]int{2, 2}}, 1, true), r(1, 2, 5, 4, 3), r(2, 1, 1, 3, 4)),
		"winograd":          of(winograd(false), r(1, 2, 6, 6, 3), r(2, 3, 3, 3, 4), r(3, 4)),
		"winograd relu":     of(winograd(true), r(1, 1, 10, 6, 2), r(2, 3, 3, 2, 3), r(3, 3)),
		"winograd overhang": of(winograd(true), r(1, 2, 5, 9, 2), r(2, 3, 3, 2, 3), r(3, 3)),
		"winograd whole":    of(winograd(true), r(1, 2, 3, 3, 2), r(2, 3, 3, 2, 3), r(3, 3)),
		"flatten": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.Flatten(in[0])
		}, r(1, 4, 5, 2)),
		"softmax": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.Softmax(in[0])
		}, r(1, 4, 5)),
		"cross-entropy": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			loss, _, err := ops.CrossEntropy(in[0], in[1], 0)
			return loss, err
		}, r(1, 4, 5), optest.Labels(0, 4, 2, 2)),
		"smoothed cross-entropy": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			loss, _, err := ops.CrossEntropy(in[0], in[1], 0.1)
			return loss, err
		}, r(1, 4, 5), optest.Labels(0, 4, 2, 2)),
		"cross-entropy with L2": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			x, err := ops.Affine(in[0], in[1], in[2], false)
			if err != nil {
				return nil, err
			}
			loss, _, err := ops.CrossEntropy(x, in[3], 0)
			if err != nil {
				return nil, err
			}
			return ops.L2(loss, 0.3, in[1], in[0]) // both are read twice
		}, r(1, 4, 5), r(2, 5, 3), r(3, 3), optest.Labels(0, 1, 2, 2)),
		"two layers": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			h, err := ops.Convolve(in[0], in[1], in[2], graph.Window{}, 1, true)
			if err != nil {
				return nil, err
			}
			y, err := ops.Affine(h, in[3], in[4], false)
			if err != nil {
				return nil, err
			}
			loss, _, err := ops.CrossEntropy(y, in[5], 0)
			return loss, err
		}, r(1, 3, 4, 4, 2), r(2, 3, 3, 2, 3), r(3, 3), r(4, 12, 4), r(5, 4), optest.Labels(1, 0, 3)),
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			eachImplementation(t, func(t *testing.T) { optest.Run(t, c) })
		})
	}
}

// again is a source that always says the same, so that central differences
// see one mask.
type again struct{ seed uint64 }

func (a again) Uint64() uint64 { return a.seed }

func TestDropout(t *testing.T) {
	for _, draw := range []uint64{0, ^uint64(0)} { // drop all, keep all
		c := optest.Case{Apply: func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.Dropout(in[0], 0.25, again{draw})
		}, Inputs: []*tensor.Dense{optest.Random(1, 3, 4)}}
		optest.Gradient(t, c)
		optest.Garbage(t, c)
	}
}

func TestDropoutKeepsTheExpectedValue(t *testing.T) {
	const n, rate = 100_000, 0.3
	ones := make([]float32, n)
	for i := range ones {
		ones[i] = 1
	}
	in := tensor.New(tensor.WithShape(n), tensor.WithBacking(ones))
	out, mask := tensor.New(tensor.WithShape(n), tensor.Of(tensor.Float32)), tensor.New(tensor.WithShape(n), tensor.Of(tensor.Float32))
	op := graph.Dropout[float32]{Rate: rate, Source: rand.NewPCG(1, 2)}
	if err := op.Run([]gorgonia.Value{out, mask}, []gorgonia.Value{in}); err != nil {
		t.Fatal(err)
	}
	var sum float64
	kept := 0
	for _, v := range out.Float32s() {
		sum += float64(v)
		if v != 0 {
			kept++
		}
	}
	if mean := sum / n; mean < 0.99 || mean > 1.01 {
		t.Errorf("mean of ones is %v after dropout", mean)
	}
	if share := float64(kept) / n; share < 0.69 || share > 0.71 {
		t.Errorf("%v of the elements are kept, want 0.7", share)
	}
}

func TestIdentity(t *testing.T) {
	optest.Identity(t, graph.Affine[float32]{})
	optest.Identity(t, graph.Convolve[float32]{})
	optest.Identity(t, graph.Reshape[float32]{To: tensor.Shape{2, 3}})
	optest.Identity(t, graph.CrossEntropy[float32]{})
	optest.Identity(t, graph.L2[float32]{Factor: 0.5})
	optest.Identity(t, graph.Softmax[float32]{})
	optest.Identity(t, graph.Dropout[float32]{Rate: 0.5})
}

func TestShapesAreRefused(t *testing.T) {
	shapes := func(s ...tensor.Shape) []tensor.Shape { return s }
	optest.Refuses(t, graph.Affine[float32]{}, shapes(tensor.Shape{2, 3}, tensor.Shape{4, 5}, tensor.Shape{5}), "3 columns", "takes 4")
	optest.Refuses(t, graph.Affine[float32]{}, shapes(tensor.Shape{3}, tensor.Shape{3, 5}, tensor.Shape{5}), "wants x (N,I)")
	optest.Refuses(t, graph.Affine[float32]{}, shapes(tensor.Shape{2, 3}, tensor.Shape{3, 5}, tensor.Shape{4}), "b has 4")
	optest.Refuses(t, graph.Convolve[float32]{}, shapes(tensor.Shape{2, 3, 3, 1}, tensor.Shape{5, 5, 1, 4}, tensor.Shape{4}), "does not fit into an image of 3 x 3")
	optest.Refuses(t, graph.Convolve[float32]{}, shapes(tensor.Shape{2, 3, 3, 1}, tensor.Shape{3, 3, 2, 4}, tensor.Shape{4}), "1 channels")
	optest.Refuses(t, graph.CrossEntropy[float32]{}, shapes(tensor.Shape{2, 3}, tensor.Shape{3}), "labels (N)")
	optest.Refuses(t, graph.CrossEntropy[float32]{Smoothing: 1}, shapes(tensor.Shape{2, 3}, tensor.Shape{2}), "[0,1)")
	optest.Refuses(t, graph.L2[float32]{}, shapes(tensor.Shape{2}, tensor.Shape{3}), "scalar loss")
	optest.Refuses(t, graph.L2[float32]{Factor: -1}, shapes(tensor.Shape{}, tensor.Shape{3}), "0 or more")
	optest.Refuses(t, graph.Softmax[float32]{}, shapes(tensor.Shape{2}), "(N,C)")
	optest.Refuses(t, graph.Dropout[float32]{Rate: 1}, shapes(tensor.Shape{2}), "[0,1)")
}

// TestNothingIsRefused: where a size is 0 there is nothing to compute.
func TestNothingIsRefused(t *testing.T) {
	for _, shape := range []tensor.Shape{{0, 5}, {3, 0}} {
		_, err := graph.Build(func(g *gorgonia.ExprGraph) error {
			_, err := graph.Fused.Softmax(gorgonia.NewTensor(g, tensor.Float32, 2, gorgonia.WithShape(shape...), gorgonia.WithName("x")))
			return err
		})
		if want := fmt.Sprintf("input 0 has the shape %v, and so no elements", shape); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", shape, err)
		}
	}
}

func TestLabelOutsideTheClassesIsAnError(t *testing.T) {
	for _, label := range []int{-1, 3} {
		m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
			x := graph.NewParam(g, "x", optest.Random(1, 2, 3))
			_, _, err := graph.Fused.CrossEntropy(x, graph.NewParam(g, "labels", optest.Labels(0, label)), 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a failed run leaves the machine usable
			if err := m.Run(); err == nil {
				t.Errorf("label %d of 3 classes passes", label)
			}
		}
	}
}
