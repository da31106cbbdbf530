package graph

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// three are three stock layers, x (2,3) -> (2,5) -> (2,7) -> (2,4), and the loss of what
// they give; of the weights those are trained, and then also may do more.
func three(t *testing.T, trained []int, then func(g *gorgonia.ExprGraph) error) (m *Machine, weights gorgonia.Nodes) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 0))
	random := func(shape ...int) *tensor.Dense {
		v := tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float64))
		for i := range v.Float64s() {
			v.Float64s()[i] = rng.Float64() - 0.3
		}
		return v
	}
	m, err := Build(func(g *gorgonia.ExprGraph) (err error) {
		h, sizes := NewParam(g, "x", random(2, 3)), []int{3, 5, 7, 4}
		for i := range 3 {
			w, b := NewParam(g, fmt.Sprintf("w%d", i+1), random(sizes[i], sizes[i+1])), NewParam(g, fmt.Sprintf("b%d", i+1), random(sizes[i+1]))
			weights = append(weights, w, b)
			if h, err = Stock.Affine(h, w, b, i < 2); err != nil {
				return err
			}
		}
		labels := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 3}))
		loss, _, err := Stock.CrossEntropy(h, NewParam(g, "labels", labels), 0)
		if err != nil || trained == nil {
			return err
		}
		var by gorgonia.Nodes
		for _, i := range trained {
			by = append(by, weights[i])
		}
		if _, err = Grad(loss, by...); err != nil || then == nil {
			return err
		}
		return then(g)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	return m, weights
}

// ran counts the nodes of a shape that have a value.
func ran(m *Machine, shape ...int) (count int) {
	for _, n := range m.Graph().AllNodes() {
		if n.Shape().Eq(tensor.Shape(shape)) && n.Value() != nil {
			count++
		}
	}
	return count
}

// TestStockGradientsThatNobodyWants are not computed: Gorgonia's ops add them for all of
// their inputs. Those that are wanted are the same bits.
func TestStockGradientsThatNobodyWants(t *testing.T) {
	forward, _ := three(t, nil, nil)
	all, whole := three(t, []int{0, 1, 2, 3, 4, 5}, nil)
	some, weights := three(t, []int{2, 3}, nil) // the second layer's
	for _, c := range []struct {
		what      string
		shape     []int
		all, some bool // whether there is more than forward
	}{
		{"dx", []int{2, 3}, false, false},
		{"dw1", []int{3, 5}, true, false},
		{"dh1", []int{2, 5}, true, false},
		{"dw2", []int{5, 7}, true, true},
		{"dh2", []int{2, 7}, true, true},
		{"dw3", []int{7, 4}, true, false},
	} {
		before := ran(forward, c.shape...)
		if a, s := ran(all, c.shape...) > before, ran(some, c.shape...) > before; a != c.all || s != c.some {
			t.Errorf("%s is computed: %v where all is wanted, %v where the second layer's are; want %v and %v", c.what, a, s, c.all, c.some)
		}
	}
	for i := 2; i < 4; i++ {
		if got, want := Slice[float64](weights[i].Deriv().Value()), Slice[float64](whole[i].Deriv().Value()); !slices.Equal(got, want) {
			t.Errorf("the gradient of %s is %v, want %v", weights[i].Name(), got, want)
		}
	}
}

// TestIdleUntilRead: what somebody reads after all is computed.
func TestIdleUntilRead(t *testing.T) {
	var dw3, copied *gorgonia.Node
	m, _ := three(t, []int{2}, func(g *gorgonia.ExprGraph) (err error) {
		for _, n := range g.AllNodes() {
			if constructing.idle[n] && n.Shape().Eq(tensor.Shape{7, 4}) {
				dw3 = n
			}
		}
		copied, err = either(duplicate[float32]{}, duplicate[float64]{}, dw3)
		return err
	})
	_, whole := three(t, []int{4}, nil)
	if want := Slice[float64](whole[4].Deriv().Value()); !slices.Equal(Slice[float64](copied.Value()), want) {
		t.Errorf("a copy of the third layer's gradient is %v, want %v", copied.Value(), want)
	}
	if ran(m, 3, 5) > 1 {
		t.Error("the first layer has a gradient")
	}
}
