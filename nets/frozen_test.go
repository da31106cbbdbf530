package nets_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

func frozen(t *testing.T, net nets.Network, layers ...string) nets.Network {
	t.Helper()
	net, err := net.Freeze(layers...)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// backward are the gradient ops that a training step runs, without their algorithm,
// in order.
func backward(t *testing.T, p *nets.Program) string {
	t.Helper()
	var ops []string
	if !p.Watch(func(op graph.Op) {
		if op != nil && strings.Contains(op.String(), "Grad") {
			ops = append(ops, strings.NewReplacer("ReLU:true ", "", "ReLU:false ", "", "Algorithm:auto ", "", "Strides:[0 0] Dilation:[0 0] Same:false Groups:1 ", "").Replace(op.String()))
		}
	}) {
		t.Fatal("the program cannot be watched")
	}
	run(t, p)
	return strings.Join(ops, " ")
}

// TestNothingRunsBackwardBelow the lowest layer that is trained, and of a frozen
// layer above it no more than the gradient by its input.
func TestNothingRunsBackwardBelow(t *testing.T) {
	for _, c := range []struct {
		net    nets.Network
		frozen []string
		want   string
	}{
		{small, nil, "CrossEntropyGrad AffineGrad{DX:true} AffineGrad{DX:true} ConvolveGrad{DX:true} ConvolveGrad{DX:false}"},
		{small, []string{"conv2d"}, "CrossEntropyGrad AffineGrad{DX:true} AffineGrad{DX:true} ConvolveGrad{DX:false}"},
		{small, []string{"conv2d", "flatten", "conv2d_1"}, "CrossEntropyGrad AffineGrad{DX:true} AffineGrad{DX:false}"},
		{small, []string{"conv2d", "conv2d_1", "dense"}, "CrossEntropyGrad AffineGrad{DX:false}"},
		{small, []string{"conv2d_1", "dense_1"}, "CrossEntropyGrad AffineGrad{DX:true DW:false DB:false} AffineGrad{DX:true} ConvolveGrad{DX:true DW:false DB:false} ConvolveGrad{DX:false}"},
		{towers, []string{"tower"}, "CrossEntropyGrad AffineGrad{DX:true} ConvolveGrad{DX:false}"},
		{towers, []string{"tower.conv2d", "tower.upper"}, "CrossEntropyGrad AffineGrad{DX:true} ConvolveGrad{DX:true} ConvolveGrad{DX:true DW:false DB:false} ConvolveGrad{DX:false}"},
	} {
		m := newModel(t, frozen(t, c.net, c.frozen...), tensor.Float32)
		if got := backward(t, program(t, m, nets.Training, 2)); got != c.want {
			t.Errorf("%s without %v runs\n%s\nwant\n%s", c.net.Name, c.frozen, got, c.want)
		}
	}
}

// TestGradientsOfTheTrained are the same bits, whatever is frozen beside them, and
// there are no others; in fused ops and in stock ones.
func TestGradientsOfTheTrained(t *testing.T) {
	for _, net := range []nets.Network{small, towers} {
		for _, ops := range []graph.Ops{graph.Fused, graph.Stock} {
			whole := newModel(t, net, tensor.Float64)
			whole.Ops = ops
			p := program(t, whole, nets.Training, 4)
			want := gradients(t, p)
			layers := []string{"conv2d", "dense"}
			if net.Name == towers.Name {
				layers = []string{"tower.conv2d_1", "tower_1"}
			}
			for _, layer := range layers {
				m := newModel(t, frozen(t, net, layer), tensor.Float64)
				m.Ops = ops
				q := program(t, m, nets.Training, 4)
				got := gradients(t, q)
				for i, w := range whole.Weights {
					if strings.HasPrefix(w.Name, layer+".") {
						continue
					}
					if len(got) == 0 || m.Trained()[len(m.Trained())-len(got)].Name != w.Name || !slices.Equal(got[0], want[i]) {
						t.Fatalf("%s: %s: other gradients where %s is frozen", net.Name, w.Name, layer)
					}
					got = got[1:]
				}
				if len(got) > 0 || p.Loss() != q.Loss() {
					t.Errorf("%s: %d more gradients where %s is frozen; loss %v and %v", net.Name, len(got), layer, p.Loss(), q.Loss())
				}
			}
		}
	}
}

// TestFrozenTakesLess memory and fewer operations.
func TestFrozenTakesLess(t *testing.T) {
	m := newModel(t, nets.CNN([3]int{12, 12, 1}, 10), tensor.Float32)
	whole, err := m.Bytes(nets.Training, 8)
	_, step := flops(t, m)
	if err := errors.Join(err, m.Freeze("conv2d", "conv2d_1")); err != nil {
		t.Fatal(err)
	}
	less, err := m.Bytes(nets.Training, 8)
	// The inputs' gradients of dense and conv2d_1, and those of four weights.
	if want := whole - 4*(8*4096+8*10*10*32+9*32+32+9*32*64+64); less != want || err != nil {
		t.Errorf("%d bytes, and %d with both convolutions frozen, want %d: %v", whole, less, want, err)
	}
	// 2 · (10·10·9·1·32 + 8·8·9·32·64 + 4096·128 + 128·10) forward, those of the dense
	// layers again for their weights, and of the last one for its input.
	forward, fewer := flops(t, m)
	if want := forward + 2*(4096*128+2*128*10); fewer != want || forward != 2*(28800*1+64*9*32*64+4096*128+1280) {
		t.Errorf("%d operations forward and %d a step, want %d; %d where all is trained", forward, fewer, want, step)
	}
	m.Frozen = nil
	if again, err := m.Bytes(nets.Training, 8); again != whole || err != nil {
		t.Errorf("%d bytes where all is trained again, %d before: %v", again, whole, err)
	}
}

// TestPenaltyOfTheTrained: as Keras 3 does, the L2 penalty leaves frozen kernels out,
// in training and in evaluation.
func TestPenaltyOfTheTrained(t *testing.T) {
	losses := func(layers ...string) (evaluation, training float64) {
		m := newModel(t, nets.Network{Name: "two", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dense{Units: 3}, nets.Dense{Units: 2}}, Frozen: layers}, tensor.Float64)
		m.L2 = 0.5
		for i, v := range []float64{1, 2} { // 12 and 6 of them
			w := m.Weights[2*i].Value.Float64s()
			for j := range w {
				w[j] = v
			}
		}
		p := program(t, m, nets.Evaluation, 2)
		run(t, p)
		if len(layers) == 2 {
			return p.Loss(), p.Loss()
		}
		q := program(t, m, nets.Training, 2)
		run(t, q)
		return p.Loss(), q.Loss()
	}
	none, _ := losses("dense", "dense_1")
	for _, c := range []struct {
		frozen []string
		want   float64
	}{{nil, 0.5 * (12*1 + 6*4)}, {[]string{"dense"}, 0.5 * 6 * 4}, {[]string{"dense_1"}, 0.5 * 12 * 1}} {
		if e, tr := losses(c.frozen...); e-none != c.want || tr != e {
			t.Errorf("%v frozen: a penalty of %v, want %v; training loss %v, evaluation's %v", c.frozen, e-none, c.want, tr, e)
		}
	}
}

// LeakyScale is a layer of one's own with a weight.
type LeakyScale struct{ gain }

// MLPBlock2D is one made of layers.
type MLPBlock2D struct{}

func (MLPBlock2D) Build(b *nets.Builder, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := b.Layer("one", nets.Dense{Units: 4}, x)
	if err != nil {
		return nil, err
	}
	return b.Layer("two", nets.Dense{Units: 6}, x)
}

// own has layers of one's own, under the names that Keras gives them.
var own = nets.Network{Name: "own", Input: [3]int{7, 6, 2}, Layers: []nets.Layer{
	LeakyScale{}, nets.Flatten{}, nets.Dense{Units: 5}, &LeakyScale{}, MLPBlock2D{}, MLPBlock2D{},
}}

// TestSummariesWithFrozenAreKeras holds those with frozen layers, and with layers of one's own.
func TestSummariesWithFrozenAreKeras(t *testing.T) {
	for file, net := range map[string]nets.Network{
		"frozen-mlp": frozen(t, nets.MLP(mnist, 10), "dense"),
		"frozen-cnn": frozen(t, nets.CNN(mnist, 10), "conv2d", "conv2d_1"),
		"own":        frozen(t, own, "leaky_scale_1"),
	} {
		want, err := os.ReadFile(filepath.Join("summary", "testdata", file+".txt"))
		var got bytes.Buffer
		if err := errors.Join(err, newModel(t, net, tensor.Float32).Summary(&got, 80)); err != nil {
			t.Fatal(err)
		}
		if got.String() != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("%s:\n%s\nwant:\n%s", net.Name, got.String(), want)
		}
	}
	var got bytes.Buffer
	if err := newModel(t, frozen(t, towers, "tower.upper", "tower.conv2d_1"), tensor.Float32).Summary(&got, 80); err != nil {
		t.Fatal(err)
	}
	if want := " Non-trainable params: 35 (140.00 B)"; !strings.Contains(got.String(), want) { // 2·3+3 and 2·2·3·2+2
		t.Errorf("%s\nwant: %s", got.String(), want)
	}
}

// TestFreezeRefuses the names of layers that there are not, and says which there are.
func TestFreezeRefuses(t *testing.T) {
	first := func(n int) func(nets.Network) (nets.Network, error) {
		return func(net nets.Network) (nets.Network, error) { return net.FreezeFirst(n) }
	}
	these := func(layers ...string) func(nets.Network) (nets.Network, error) {
		return func(net nets.Network) (nets.Network, error) { return net.Freeze(layers...) }
	}
	for _, c := range []struct {
		net  nets.Network
		do   func(nets.Network) (nets.Network, error)
		want string
	}{
		{small, these("conv2d", "dense_2"), `nets: small: no layer "dense_2" can be frozen: its layers are conv2d, conv2d_1, flatten, dense, dense_1`},
		{small, these(""), `nets: small: no layer "" can be frozen: its layers are`},
		{small, these("dense.kernel"), `nets: small: no layer "dense.kernel" can be frozen: those with weights are conv2d, conv2d_1, dense, dense_1`},
		{towers, these("tower.upper.conv2d_1"), `no layer "tower.upper.conv2d_1" can be frozen: those with weights are tower.conv2d, tower.conv2d_1, tower.upper.conv2d, tower_1.conv2d, dense`},
		{small, first(6), "nets: small: the first 6 layers cannot be frozen: it has 5"},
		{small, first(-1), "nets: small: the first -1 layers cannot be frozen: it has 5"},
	} {
		if _, err := c.do(c.net); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	net := small
	net.Frozen = []string{"conv"}
	if _, err := nets.New(net, tensor.Float32, source(1)); err == nil || !strings.Contains(err.Error(), `no layer "conv" can be frozen`) {
		t.Errorf("New: %v", err)
	}
	m := newModel(t, small, tensor.Float32)
	if err := m.Freeze("dense_2"); err == nil || m.Frozen != nil {
		t.Errorf("a model is frozen in %v: %v", m.Frozen, err)
	}
	if err := m.Freeze("conv2d", "conv2d_1", "dense", "dense_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Program(nets.Training, 2); !errors.Is(err, nets.ErrAllFrozen) {
		t.Errorf("all is frozen: %v", err)
	}
	if _, err := m.Program(nets.Evaluation, 2); err != nil {
		t.Errorf("all is frozen: %v", err)
	}
	m = newModel(t, frozen(t, nets.Network{Name: "moody", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Flatten{}, moody{}, nets.Dense{Units: 2}}}, "moody"), tensor.Float64)
	if _, err := m.Program(nets.Training, 2); err == nil || !strings.Contains(err.Error(), "layer moody (moody) after (2, 4): is frozen, but training changes the running statistics of Gorgonia's BatchNorm") {
		t.Errorf("frozen statistics: %v", err)
	}
}

// TestFreezeLeavesTheOther network alone, and networks made of a frozen one are frozen.
func TestFreezeLeavesTheOther(t *testing.T) {
	one := frozen(t, small, "conv2d")
	two, three := frozen(t, one, "dense", "conv2d"), frozen(t, one, "conv2d_1")
	first, err := small.FreezeFirst(2)
	got := fmt.Sprint(small.Frozen, one.Frozen, two.Frozen, three.Frozen, first.Frozen, err)
	if want := "[] [conv2d] [conv2d dense] [conv2d conv2d_1] [conv2d conv2d_1] <nil>"; got != want {
		t.Errorf("frozen are %s, want %s", got, want)
	}
	cnn := frozen(t, nets.CNN([3]int{8, 8, 1}, 3), "conv2d", "dense", "dense_1")
	for _, c := range []struct {
		net  nets.Network
		want string
	}{
		{cnn.WithDropout(0.5), "[conv2d_1.kernel conv2d_1.bias]"},
		{nets.Embedding(cnn, 3), "[conv2d_1.kernel conv2d_1.bias dense_1.kernel dense_1.bias]"},
	} {
		var trained []string
		for _, w := range newModel(t, c.net, tensor.Float32).Trained() {
			trained = append(trained, w.Name)
		}
		if fmt.Sprint(trained) != c.want {
			t.Errorf("%s: %v are trained, want %s", c.net.Name, trained, c.want)
		}
	}
}

// TestFrozenDropoutDrops in training, as Keras's does: it has no weights.
func TestFrozenDropoutDrops(t *testing.T) {
	net := frozen(t, nets.Network{Name: "drop", Input: [3]int{2, 2, 1}, Layers: []nets.Layer{nets.Dropout{Rate: 0.5}, nets.Dense{Units: 3}}}, "dropout")
	p := program(t, newModel(t, net, tensor.Float64), nets.Training, 8)
	run(t, p)
	first := p.Loss()
	run(t, p)
	if p.Loss() == first {
		t.Error("two runs of a frozen dropout are the same")
	}
}
