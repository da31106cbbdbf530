package graph

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// classifier is a network of our ops, with a stock node beside it or not.
func classifier(t *testing.T, stockNode bool) (*Machine, *gorgonia.Node, gorgonia.Nodes) {
	t.Helper()
	fill := func(shape ...int) *tensor.Dense {
		x := make([]float64, tensor.Shape(shape).TotalSize())
		for i := range x {
			x[i] = float64((i*7+3)%11)/11 - 0.4
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
	}
	var loss *gorgonia.Node
	var grads gorgonia.Nodes
	var read gorgonia.Value
	machine, err := Build(func(g *gorgonia.ExprGraph) error {
		x, w, b := NewParam(g, "x", fill(4, 6, 6, 1)), NewParam(g, "w", fill(3, 3, 1, 2)), NewParam(g, "b", fill(2))
		v, c := NewParam(g, "v", fill(32, 3)), NewParam(g, "c", fill(3))
		labels := NewParam(g, "labels", tensor.New(tensor.WithBacking([]int{0, 2, 1, 1})))
		y, err := Fused.Convolve(x, w, b, Window{}, 1, true)
		if err == nil {
			y, err = Fused.Flatten(y)
		}
		if err == nil {
			y, err = Fused.Affine(y, v, c, false)
		}
		if err == nil {
			loss, _, err = Fused.CrossEntropy(y, labels, 0.125)
		}
		if err == nil { // w and v have two gradients each, which are added up
			loss, err = Fused.L2(loss, 0.25, w, v)
		}
		if err == nil {
			grads, err = Grad(loss, w, b, v, c)
		}
		if stockNode {
			gorgonia.Read(loss, &read)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Close() })
	return machine, loss, grads
}

// TestTapeIsGorgonias: a graph of our ops runs on the tape, one with a stock node
// on Gorgonia's machine, and both give the same bits, run after run.
func TestTapeIsGorgonias(t *testing.T) {
	ours, loss, grads := classifier(t, false)
	theirs, theirLoss, theirGrads := classifier(t, true)
	if ours.tape == nil || theirs.tape != nil {
		t.Fatalf("tapes: %v and %v", ours.tape, theirs.tape)
	}
	for run := range 3 {
		for _, m := range []*Machine{ours, theirs} {
			if err := m.Run(); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := Slice[float64](loss.Value()), Slice[float64](theirLoss.Value()); a[0] != b[0] {
			t.Errorf("run %d: loss %v, Gorgonia's machine has %v", run, a, b)
		}
		for i, g := range grads {
			if a, b := Slice[float64](g.Value()), Slice[float64](theirGrads[i].Value()); !slices.Equal(a, b) {
				t.Errorf("run %d: gradient %d is %v, Gorgonia's machine has %v", run, i, a, b)
			}
		}
	}
}

// TestWatch: every op is seen, in order, until nobody watches any more.
func TestWatch(t *testing.T) {
	m, _, _ := classifier(t, false)
	stock, _, _ := classifier(t, true)
	var seen []string
	see := func(op Op) {
		name := "begin"
		if op != nil {
			name, _, _ = strings.Cut(op.String(), "{")
		}
		seen = append(seen, name)
	}
	if !m.Watch(see) || stock.Watch(see) {
		t.Error("the tape is watched, Gorgonia's machine is not")
	}
	for range 2 {
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		m.Watch(nil)
	}
	slices.Sort(seen[1:]) // the order of those that do not depend on each other is Gorgonia's
	want := "begin Affine AffineGrad Convolve ConvolveGrad CrossEntropy CrossEntropyGrad L2 L2Grad L2Grad Reshape Reshape Sum Sum"
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("seen: %s, want %s", got, want)
	}
}

// TestFlattenIsAView: no number is moved.
func TestFlattenIsAView(t *testing.T) {
	x := tensor.New(tensor.WithShape(2, 3, 4), tensor.Of(tensor.Float32))
	var y *gorgonia.Node
	m, err := Build(func(g *gorgonia.ExprGraph) (err error) {
		y, err = Fused.Flatten(NewParam(g, "x", x))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if a, b := Slice[float32](y.Value()), x.Float32s(); &a[0] != &b[0] || len(a) != len(b) || m.Bytes() != 0 {
		t.Errorf("the view of %d floats has %d of its own; the machine takes %d bytes", len(b), len(a), m.Bytes())
	}
}
