package nets

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func newEmbedding(t *testing.T, net Network, seed uint64) *Model {
	t.Helper()
	m, err := New(net, tensor.Float32, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// forked is a network whose trunk ends in branches, behind a pool.
func forked(input [3]int, classes int) Network {
	n := Network{Name: "forked", Input: input}
	n.Then(Conv2D{Filters: 4, Side: 3})
	n.Then(BatchNormalization{})
	pool := n.Then(GlobalAveragePooling2D{})
	aside := n.Then(Dense{Units: 4})
	n.Then(Add{}, pool, aside)
	n.Then(Dense{Units: classes})
	return n
}

// TestEmbeddingIsOnTheSphere, for any network, and can be trained.
func TestEmbeddingIsOnTheSphere(t *testing.T) {
	for _, net := range []func([3]int, int) Network{MLP, CNN, forked} {
		m := newEmbedding(t, Embedding(net([3]int{8, 8, 1}, 10), 5), 1)
		m.Loss = SupCon{Tau: 0.1}
		p, err := m.Program(Training, 6)
		if err != nil {
			t.Fatal(err)
		}
		images := p.Images().(*tensor.Dense).Float32s()
		for i := range images {
			images[i] = float32(i%13) / 13
		}
		copy(p.Labels(), []int{0, 1, 2, 0, 1, 2})
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		z := p.Logits().(*tensor.Dense).Float32s()
		for i := range 6 {
			length := 0.0
			for _, v := range z[5*i : 5*i+5] {
				length += float64(v) * float64(v)
			}
			if math.Abs(length-1) > 1e-5 {
				t.Errorf("%s: row %d has the length %v", m.Name, i, math.Sqrt(length))
			}
		}
		if parts := p.Parts(); parts[len(parts)-1].Type != "SupCon" || !(p.Loss() > 0) || len(p.Gradients()) != len(m.Trained()) {
			t.Errorf("%s: loss %v of %v, %d gradients", m.Name, p.Loss(), parts[len(parts)-1].Type, len(p.Gradients()))
		}
	}
}

// TestCopyTrunkLeavesTheHead, also one of the shape of the other model's last
// layer.
func TestCopyTrunkLeavesTheHead(t *testing.T) {
	net := CNN([3]int{8, 8, 1}, 10)
	head := []string{"dense_1.kernel", "dense_1.bias"}
	for _, units := range []int{10, 16} {
		from, to := newEmbedding(t, Embedding(net, units), 1), newEmbedding(t, net, 2)
		untouched := newEmbedding(t, net, 2)
		if err := CopyTrunk(net, to, from); err != nil {
			t.Fatal(err)
		}
		for i, w := range to.Weights {
			want := from.Weights[i].Value.Float32s()
			if slices.Contains(head, w.Name) {
				want = untouched.Weights[i].Value.Float32s()
			}
			if !slices.Equal(w.Value.Float32s(), want) {
				t.Errorf("embedding %d: %s is another one", units, w.Name)
			}
		}
	}
	if err := CopyTrunk(net, newEmbedding(t, net, 1), newEmbedding(t, MLP([3]int{8, 8, 1}, 10), 1)); err == nil {
		t.Error("an MLP's trunk is taken for a CNN's")
	}
}
