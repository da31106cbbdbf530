package nets_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

// plus is a Merge of one's own.
type plus struct{}

func (plus) Build(*nets.Builder, *gorgonia.Node) (*gorgonia.Node, error) { panic("of one input") }

func (plus) Merge(_ *nets.Builder, xs gorgonia.Nodes) (*gorgonia.Node, error) {
	return gorgonia.Add(xs[0], xs[1])
}

// counter keeps a state: the mean of what it was given.
type counter struct{}

func (counter) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	s := b.State("seen", nets.Zeros, x.Shape()[1])
	if b.Phase == nets.Training {
		mean, err := gorgonia.Mean(x, 0)
		if err != nil {
			return nil, err
		}
		b.Become(s, mean, 0.75)
	}
	return x, nil
}

// TestBranches: a network that branches is what its parts say, whether it is written
// with At or with Then.
func TestBranches(t *testing.T) {
	var then nets.Network
	then.Name, then.Input = "fork", [3]int{1, 1, 3}
	x := then.Then(nets.Flatten{})
	y := then.Then(nets.Dense{Units: 3})
	z := then.Then(nets.At{Layer: nets.Dense{Units: 3}, Name: "side"}, x)
	then.Then(plus{}, y, z)
	at := nets.Network{Name: "fork", Input: [3]int{1, 1, 3}, Layers: []nets.Layer{
		nets.Flatten{}, nets.Dense{Units: 3},
		nets.At{Layer: nets.Dense{Units: 3}, Name: "side", After: []string{"flatten"}},
		nets.At{Layer: plus{}, After: []string{"dense", "side"}},
	}}
	for _, net := range []nets.Network{then, at} {
		m := newModel(t, net, tensor.Float64)
		for i, name := range []string{"dense.kernel", "dense.bias", "side.kernel", "side.bias"} {
			if m.Weights[i].Name != name {
				t.Fatalf("weight %d is %s, want %s", i, m.Weights[i].Name, name)
			}
		}
		p, err := m.Program(nets.Prediction, 1)
		if err != nil {
			t.Fatal(err)
		}
		in := graph.Slice[float64](p.Images())
		copy(in, []float64{1, 2, 3})
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		k, s := graph.Slice[float64](m.Weights[0].Value), graph.Slice[float64](m.Weights[2].Value)
		for o, got := range graph.Slice[float64](p.Logits()) {
			want := 0.0
			for i := range 3 {
				want += float64(i+1) * (k[i*3+o] + s[i*3+o])
			}
			if d := got - want; d > 1e-12 || d < -1e-12 {
				t.Errorf("logit %d is %v, want %v", o, got, want)
			}
		}
	}
}

func TestBranchesRefused(t *testing.T) {
	dense := nets.Dense{Units: 2}
	for want, layers := range map[string][]nets.Layer{
		`stands after "dense_1", which is no layer before it`:          {nets.Flatten{}, nets.At{Layer: dense, After: []string{"dense_1"}}, dense},
		"nothing takes the output of layer dense":                      {nets.Flatten{}, dense, nets.At{Layer: dense, After: []string{"flatten"}}},
		`is called "flatten": it needs a name that no other layer has`: {nets.Flatten{}, nets.At{Layer: dense, Name: "flatten"}},
		`is called "a.b": it needs a name`:                             {nets.Flatten{}, nets.At{Layer: dense, Name: "a.b"}},
		`is called "image": it needs a name`:                           {nets.Flatten{}, nets.At{Layer: dense, Name: "image"}},
		"takes one input, and stands after 2 layers":                   {nets.Flatten{}, dense, nets.At{Layer: dense, After: []string{"flatten", "dense"}}},
		"layer 2 of 2, layer, is nil":                                  {nets.Flatten{}, nets.At{}},
	} {
		_, err := nets.New(nets.Network{Name: "x", Input: [3]int{1, 1, 3}, Layers: layers}, tensor.Float32, source(1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v does not say %q", layers, err, want)
		}
	}
}

// TestStates: a state is no weight that is trained, and becomes what the layer says
// once a step, unless it is frozen.
func TestStates(t *testing.T) {
	net := nets.Network{Name: "x", Input: [3]int{1, 1, 2}, Layers: []nets.Layer{nets.Flatten{}, counter{}, nets.Dense{Units: 2}}}
	for _, frozen := range []bool{false, true} {
		m := newModel(t, net, tensor.Float64)
		if frozen {
			if err := m.Freeze("counter"); err != nil {
				t.Fatal(err)
			}
		}
		if s := m.States(); len(s) != 1 || s[0].Name != "counter.seen" || len(m.Trained()) != 2 {
			t.Fatalf("states %v, trained %v", s, m.Trained())
		}
		p, err := m.Program(nets.Training, 2)
		if err != nil {
			t.Fatal(err)
		}
		copy(graph.Slice[float64](p.Images()), []float64{1, 2, 3, 4})
		for range 2 {
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			p.UpdateStates()
		}
		want := []float64{2 * (1 - 0.75*0.75), 3 * (1 - 0.75*0.75)}
		if frozen {
			want = []float64{0, 0}
		}
		for i, got := range graph.Slice[float64](m.States()[0].Value) {
			if got != want[i] {
				t.Errorf("frozen %v: state %d is %v, want %v", frozen, i, got, want[i])
			}
		}
	}
}
