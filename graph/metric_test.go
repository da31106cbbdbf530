package graph_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/optest"
)

type apply = func(graph.Ops, gorgonia.Nodes) (*gorgonia.Node, error)

func normalize(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
	return ops.Normalize(in[0])
}

// ofUnitRows is a loss of the first input's rows, at length 1, and its labels.
func ofUnitRows(loss func(ops graph.Ops, z, labels *gorgonia.Node) (*gorgonia.Node, func() int, error)) apply {
	return func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		z, err := ops.Normalize(in[0])
		if err != nil {
			return nil, err
		}
		l, _, err := loss(ops, z, in[len(in)-1])
		return l, err
	}
}

func supCon(tau float64) apply {
	return ofUnitRows(func(ops graph.Ops, z, labels *gorgonia.Node) (*gorgonia.Node, func() int, error) {
		return ops.SupCon(z, labels, tau)
	})
}

func triplet(margin float64) apply {
	return ofUnitRows(func(ops graph.Ops, z, labels *gorgonia.Node) (*gorgonia.Node, func() int, error) {
		return ops.Triplet(z, labels, margin)
	})
}

// cosFace is of embeddings, a weight matrix and labels.
func cosFace(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
	z, err := ops.Normalize(in[0])
	if err != nil {
		return nil, err
	}
	w, err := ops.Normalize(in[1])
	if err != nil {
		return nil, err
	}
	cos, err := ops.InnerProducts(z, w)
	if err != nil {
		return nil, err
	}
	loss, _, err := ops.CosFace(cos, in[2], 16, 0.35)
	return loss, err
}

func TestMetricOps(t *testing.T) {
	r, alone := optest.Random, optest.Labels(0, 1, 2, 1, 0, 3, 2)
	cases := map[string]optest.Case{
		"normalize":     of(normalize, r(1, 5, 7)),
		"normalize one": of(normalize, r(1, 1, 3)),
		"inner products": of(func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return ops.InnerProducts(in[0], in[1])
		}, r(1, 5, 4), r(2, 3, 4)),
		"supcon":           of(supCon(0.1), r(1, 7, 4), alone),
		"supcon hot":       of(supCon(2), r(2, 7, 4), alone),
		"supcon one class": of(supCon(0.5), r(3, 4, 3), optest.Labels(1, 1, 1, 1)),
		"triplet":          of(triplet(0.2), r(4, 7, 4), alone),
		"triplet wide":     of(triplet(3), r(5, 7, 4), alone),
		"cosface":          of(cosFace, r(1, 7, 4), r(2, 4, 4), alone),
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			eachImplementation(t, func(t *testing.T) { optest.Run(t, c) })
		})
	}
}

func TestMetricIdentity(t *testing.T) {
	optest.Identity(t, graph.SupCon[float32]{})
	optest.Identity(t, graph.Triplet[float32]{})
	optest.Identity(t, graph.CosFace[float32]{})
}

func TestMetricShapesAreRefused(t *testing.T) {
	rows, labels := tensor.Shape{4, 3}, tensor.Shape{4}
	shapes := func(s ...tensor.Shape) []tensor.Shape { return s }
	optest.Refuses(t, graph.Normalize[float32]{}, shapes(labels), "(N,E)")
	optest.Refuses(t, graph.InnerProducts[float32]{}, shapes(rows, tensor.Shape{3, 4}), "(C,E)")
	optest.Refuses(t, graph.SupCon[float32]{}, shapes(rows, labels), "temperature")
	optest.Refuses(t, graph.SupCon[float32]{Tau: 1}, shapes(rows, tensor.Shape{3}), "labels (N)")
	optest.Refuses(t, graph.Triplet[float32]{}, shapes(rows, labels), "margin")
	optest.Refuses(t, graph.Triplet[float32]{Margin: 1}, shapes(labels, labels), "rows (N,E)")
	optest.Refuses(t, graph.CosFace[float32]{}, shapes(rows, labels), "scale")
	optest.Refuses(t, graph.CosFace[float32]{Scale: 1, Margin: -1}, shapes(rows, labels), "margin")
	optest.Refuses(t, graph.CosFace[float32]{Scale: 1}, shapes(rows, rows), "labels (N)")
}

// result is what a loss makes of rows x (n,e) and others that follow.
type result struct {
	loss      float64
	gradients [][]float64
}

// compute runs a loss and its gradients once.
func compute(t *testing.T, loss apply, in ...*tensor.Dense) (result, error) {
	t.Helper()
	var out *gorgonia.Node
	var grads gorgonia.Nodes
	m, err := graph.Build(func(g *gorgonia.ExprGraph) (err error) {
		var nodes, by gorgonia.Nodes
		for i, v := range in {
			n := graph.NewParam(g, string(rune('a'+i)), v)
			nodes = append(nodes, n)
			if v.Dtype() != tensor.Int {
				by = append(by, n)
			}
		}
		if out, err = loss(graph.Fused, nodes); err != nil {
			return err
		}
		grads, err = graph.Grad(out, by...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Run(); err != nil {
		return result{}, err
	}
	read := func(n *gorgonia.Node) (wide []float64) {
		if n.Dtype() == tensor.Float64 {
			return append(wide, graph.Slice[float64](n.Value())...)
		}
		for _, v := range graph.Slice[float32](n.Value()) {
			wide = append(wide, float64(v))
		}
		return wide
	}
	r := result{loss: read(out)[0]}
	for _, g := range grads {
		r.gradients = append(r.gradients, read(g))
	}
	return r, nil
}

// sines are the rows of testdata/metric/torch_reference.py.
func sines[T graph.Float](n, e int, shift float64) *tensor.Dense {
	x := make([]T, n*e)
	for i := range n {
		for j := range e {
			x[i*e+j] = T(math.Sin(shift + float64(3*i+7*j+i*j)))
		}
	}
	return tensor.New(tensor.WithShape(n, e), tensor.WithBacking(x))
}

// TestMetricLossesArePyTorchs: testdata/metric/torch_reference.py made the
// values, in float64.
func TestMetricLossesArePyTorchs(t *testing.T) {
	content, err := os.ReadFile("testdata/metric/losses.json")
	if err != nil {
		t.Fatal(err)
	}
	type golden struct {
		Loss   float64
		DX, DW []float64
	}
	var want struct {
		Labels                   []int
		SupCon, Triplet, CosFace golden
	}
	if err := json.Unmarshal(content, &want); err != nil {
		t.Fatal(err)
	}
	labels := optest.Labels(want.Labels...)
	for name, c := range map[string]struct {
		loss apply
		want golden
	}{"supcon": {supCon(0.1), want.SupCon}, "triplet": {triplet(0.2), want.Triplet}, "cosface": {cosFace, want.CosFace}} {
		for _, precision := range []struct {
			x, w      *tensor.Dense
			tolerance float64
		}{
			{sines[float64](12, 5, 1), sines[float64](4, 5, 2), 1e-12},
			{sines[float32](12, 5, 1), sines[float32](4, 5, 2), 2e-5},
		} {
			in := []*tensor.Dense{precision.x, labels}
			if c.want.DW != nil {
				in = []*tensor.Dense{precision.x, precision.w, labels}
			}
			got, err := compute(t, c.loss, in...)
			if err != nil {
				t.Fatal(err)
			}
			near(t, name+" loss", precision.tolerance, []float64{got.loss}, []float64{c.want.Loss})
			for i, want := range [][]float64{c.want.DX, c.want.DW} {
				if want != nil {
					near(t, name+" gradient", precision.tolerance, got.gradients[i], want)
				}
			}
		}
	}
}

func near(t *testing.T, what string, tolerance float64, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(got[i] - want[i]); !(d <= tolerance*(1+math.Abs(want[i]))) {
			t.Errorf("%s[%d]: %.12g, want %.12g", what, i, got[i], want[i])
		}
	}
}

// TestBatchesWithoutPairs: there is nothing to learn from them, and nothing
// that is not a number.
func TestBatchesWithoutPairs(t *testing.T) {
	for name, c := range map[string]struct {
		loss   apply
		labels *tensor.Dense
	}{
		"supcon of different classes":  {supCon(0.1), optest.Labels(0, 1, 2)},
		"supcon of one row":            {supCon(0.1), optest.Labels(4)},
		"triplet of different classes": {triplet(0.2), optest.Labels(0, 1, 2)},
		"triplet of one class":         {triplet(0.2), optest.Labels(3, 3, 3)},
	} {
		got, err := compute(t, c.loss, sines[float32](c.labels.Shape()[0], 5, 1), c.labels)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, 0, append(got.gradients[0], got.loss), make([]float64, len(got.gradients[0])+1))
	}
}

// TestRowsOfZerosHaveNoDirection, and no gradient.
func TestRowsOfZerosHaveNoDirection(t *testing.T) {
	x := sines[float32](3, 4, 1)
	clear(x.Float32s()[4:8])
	got, err := compute(t, supCon(0.1), x, optest.Labels(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "gradient of the row of zeros", 0, got.gradients[0][4:8], make([]float64, 4))
	if math.IsNaN(got.loss) || got.gradients[0][0] == 0 {
		t.Errorf("loss %v, gradients %v", got.loss, got.gradients[0])
	}
}

// TestContrastDoesNotOverflow at a temperature at which the exponentials would.
func TestContrastDoesNotOverflow(t *testing.T) {
	got, err := compute(t, supCon(1e-3), sines[float32](12, 5, 1), optest.Labels(0, 1, 2, 1, 0, 3, 2, 2, 1, 0, 0, 1))
	if err != nil || math.IsNaN(got.loss) || math.IsInf(got.loss, 0) || got.loss < 100 {
		t.Errorf("loss %v, %v", got.loss, err)
	}
}

// TestHardestTripletIsTheFirstOfEquals: the gradient goes to one of them.
func TestHardestTripletIsTheFirstOfEquals(t *testing.T) {
	x := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]float64{1, 0, 0, 1, 0.6, 0.8, 0.6, 0.8}))
	got, err := compute(t, func(ops graph.Ops, in gorgonia.Nodes) (*gorgonia.Node, error) {
		loss, _, err := ops.Triplet(in[0], in[1], 0.2)
		return loss, err
	}, x, optest.Labels(0, 0, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	// Rows 0 and 1 both have the negatives 2 and 3, equally near; the triplets of
	// these are far enough apart. So row 2 gets 2/4·(z[0]+z[1]), and row 3 nothing.
	near(t, "gradient of rows 2 and 3", 1e-12, got.gradients[0][4:], []float64{0.5, 0.5, 0, 0})
	near(t, "loss", 1e-12, []float64{got.loss}, []float64{((0.2 + 2 - 0.8) + (0.2 + 2 - 0.4)) / 4})
}

func TestPairsCountTheRowsNearestToTheirClass(t *testing.T) {
	hits := 0
	x := tensor.New(tensor.WithShape(5, 2), tensor.WithBacking([]float32{1, 0, 1, 0, 0, 1, 0, 1, 0.8, 0.6}))
	m, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		_, err := graph.Apply(graph.SupCon[float32]{Hits: &hits, Tau: 1}, graph.NewParam(g, "x", x), graph.NewParam(g, "labels", optest.Labels(0, 0, 1, 1, 1)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Run(); err != nil || hits != 4 { // the last is among the wrong ones
		t.Errorf("%d rows are nearest to their class, %v", hits, err)
	}
}

func TestLabelsThatAreNoClassesAreRefused(t *testing.T) {
	for name, loss := range map[string]apply{"supcon": supCon(1), "triplet": triplet(1)} {
		if _, err := compute(t, loss, sines[float32](2, 5, 1), optest.Labels(0, -1)); err == nil {
			t.Errorf("%s takes a label of -1", name)
		}
	}
	for _, label := range []int{-1, 4} {
		if _, err := compute(t, cosFace, sines[float32](2, 5, 1), sines[float32](4, 5, 2), optest.Labels(0, label)); err == nil {
			t.Errorf("CosFace takes label %d of 4 classes", label)
		}
	}
}
