package dot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/graph/formats/dot"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets"
)

var update = flag.Bool("update", false, "write testdata anew")

func newModel(t testing.TB, net nets.Network, ops graph.Ops) *nets.Model {
	t.Helper()
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	m.Ops = ops
	return m
}

func write(t testing.TB, m *nets.Model, v View) string {
	t.Helper()
	var text bytes.Buffer
	if err := Write(&text, m, v); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func Example() {
	m, err := nets.New(nets.MLP([3]int{28, 28, 1}, 10), tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var text strings.Builder
	if err := Write(&text, m, View{Batch: 128, Gradients: true}); err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(text.String()) {
		if strings.Contains(line, `:"dense_1.`) || strings.Contains(line, `:"gradient of dense_1.`) {
			fmt.Println(strings.Trim(line, " \n"))
		}
	}
	// Output:
	// "dense_1: weights":"dense_1.kernel":e -> "dense_1: Affine";
	// "dense_1: weights":"dense_1.bias":e -> "dense_1: Affine";
	// "dense_1: weights":"dense_1.kernel":e -> "dense_1: AffineGrad" [
	// "dense_1: AffineGrad" -> "dense_1: gradients":"gradient of dense_1.kernel":w [color="#c2703d"];
	// "dense_1: AffineGrad" -> "dense_1: gradients":"gradient of dense_1.bias":w [color="#c2703d"];
}

var digits = [3]int{28, 28, 1}

// noisy has a layer that trains only, and one that is nothing at all.
var noisy = nets.Network{Name: "noisy", Input: [3]int{6, 6, 2}, Layers: []nets.Layer{
	nets.Conv2D{Filters: 3, Side: 3}, nets.Dropout{Rate: 0.5}, nets.Flatten{}, nets.Dropout{}, nets.Dense{Units: 4},
}}

func TestGolden(t *testing.T) {
	m := newModel(t, nets.MLP(digits, 10), graph.Fused)
	for name, v := range map[string]View{"mlp.dot": {Batch: 128}, "mlp-gradients.dot": {Batch: 128, Gradients: true}} {
		path, got := filepath.Join("testdata", name), write(t, m, v)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// every runs a test for networks, ops and views of all kinds.
func every(t *testing.T, test func(t *testing.T, m *nets.Model, v View)) {
	for _, net := range []nets.Network{nets.MLP(digits, 10), nets.CNN([3]int{8, 8, 1}, 3), noisy} {
		for ops, o := range map[string]graph.Ops{"fused": graph.Fused, "stock": graph.Stock} {
			for _, v := range []View{{nets.Training, 4, false}, {nets.Training, 4, true}, {nets.Evaluation, 3, true}, {nets.Prediction, 1, false}} {
				t.Run(fmt.Sprintf("%s/%s/%v/gradients=%v", net.Name, ops, v.Phase, v.Gradients), func(t *testing.T) {
					test(t, newModel(t, net, o), v)
				})
			}
		}
	}
}

// TestWhatIsDrawnIsWhatRuns: each node has its place and each edge its arrow, in
// the frame of its layer, and nothing else is drawn.
func TestWhatIsDrawnIsWhatRuns(t *testing.T) {
	every(t, func(t *testing.T, m *nets.Model, v View) {
		p, err := m.Draft(v.Phase, v.Batch)
		if err != nil {
			t.Fatal(err)
		}
		d := collect(p, v.Gradients)
		home := make(map[*box]*frame)
		for _, f := range d.frames {
			for _, b := range f.boxes {
				home[b] = f
			}
		}
		arrows := make(map[[2]point]bool)
		for _, a := range d.arrows {
			arrows[[2]point{a.from, a.to}] = true
		}
		seen, edges := make(map[point]bool), make(map[[2]point]bool)
		for _, n := range p.Graph().AllNodes() {
			at, drawn := d.made[n]
			if _, ahead := d.ahead[n]; drawn != (ahead || v.Gradients && !graph.Keeps(n)) {
				t.Errorf("%v is drawn: %v", n, drawn)
			}
			if !drawn || graph.First(n) != n {
				continue
			}
			if seen[at] {
				t.Errorf("%v shares its place", n)
			}
			seen[at] = true
			if outside := home[at.box] == nil; outside != (n.Name() == "image" || n.Name() == "label") {
				t.Errorf("%v stands outside of all frames: %v", n, outside)
			}
			for _, x := range inputs(n) {
				edge := [2]point{d.made[x], at}
				if edges[edge] = true; !arrows[edge] {
					t.Errorf("no arrow leads from %v to %v", x, n)
				}
			}
		}
		for _, a := range d.arrows { // the rest leads to results and gradients
			if k := a.to.box.kind; !edges[[2]point{a.from, a.to}] && k != result && k != gradients {
				t.Errorf("the arrow from %s to %s is no edge", a.from.box.name, a.to.box.name)
			}
			if a.to.box.kind == gradients && home[a.from.box] != home[a.to.box] {
				t.Errorf("%s is made in %s", a.to.port, home[a.from.box].Name)
			}
		}
	})
}

func TestLayersWeightsAndGradientsAreComplete(t *testing.T) {
	every(t, func(t *testing.T, m *nets.Model, v View) {
		p, err := m.Draft(v.Phase, v.Batch)
		if err != nil {
			t.Fatal(err)
		}
		d := collect(p, v.Gradients)
		var want, names, weightCells, gradientCells []string
		for _, part := range p.Parts() {
			if len(part.Nodes) > 0 {
				want = append(want, part.Name)
			}
		}
		params := 0
		for _, f := range d.frames {
			names = append(names, f.Name)
			params += f.params
			for i, list := range []*[]string{&weightCells, &gradientCells} {
				if f.stacks[i] != nil {
					for _, c := range f.stacks[i].cells {
						*list = append(*list, c.port)
					}
				}
			}
		}
		if d := cmp.Diff(want, names); d != "" {
			t.Errorf("frames (-want +got):\n%s", d)
		}
		if params != m.Params() {
			t.Errorf("%d parameters are drawn, the model has %d", params, m.Params())
		}
		var weights, gradients []string
		for _, w := range m.Weights {
			weights = append(weights, w.Name)
			if v.Gradients && v.Phase == nets.Training {
				gradients = append(gradients, "gradient of "+w.Name)
			}
		}
		slices.Sort(gradients)
		slices.Sort(gradientCells)
		if d := cmp.Diff(weights, weightCells); d != "" {
			t.Errorf("weights (-want +got):\n%s", d)
		}
		if d := cmp.Diff(gradients, gradientCells); d != "" {
			t.Errorf("gradients (-want +got):\n%s", d)
		}
	})
}

// TestFusedLayersHaveOneGradientOpEach: what stands in a layer's frame is its
// own way back, also where it reads nothing of the layer, as Reshape's does.
func TestFusedLayersHaveOneGradientOpEach(t *testing.T) {
	p, err := newModel(t, nets.CNN([3]int{8, 8, 1}, 3), graph.Fused).Draft(nets.Training, 2)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range collect(p, true).frames {
		for _, b := range f.row() {
			if b.kind == operation || b.kind == gradientOperation {
				got = append(got, b.name)
			}
		}
	}
	want := []string{
		"conv2d: Convolve", "conv2d: ConvolveGrad", "conv2d_1: Convolve", "conv2d_1: ConvolveGrad", "flatten: Reshape", "flatten: Reshape (2)",
		"dense: Affine", "dense: AffineGrad", "dense_1: Affine", "dense_1: AffineGrad", "loss: CrossEntropy", "loss: CrossEntropyGrad",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEqualGraphsGiveEqualBytes(t *testing.T) {
	every(t, func(t *testing.T, m *nets.Model, v View) {
		if write(t, m, v) != write(t, newModel(t, m.Network, m.Ops), v) {
			t.Error("two drawings differ")
		}
	})
}

func TestIsDOTWhateverTheName(t *testing.T) {
	net := nets.MLP([3]int{2, 2, 1}, 2)
	net.Name = `a "b" <c> & \d`
	for _, m := range []*nets.Model{newModel(t, net, graph.Fused), newModel(t, noisy, graph.Stock)} {
		text := write(t, m, View{Batch: 1, Gradients: true})
		if _, err := dot.ParseString(text); err != nil {
			t.Errorf("%v:\n%s", err, text)
		}
	}
}

func TestRefusesEmptyBatch(t *testing.T) {
	if err := Write(io.Discard, newModel(t, noisy, graph.Fused), View{}); err == nil || !strings.Contains(err.Error(), "a batch of 0 images") {
		t.Errorf("error %v", err)
	}
}

func TestSVG(t *testing.T) {
	if _, err := exec.LookPath("dot"); err != nil {
		t.Skip("there is no program dot: apt-get install graphviz")
	}
	for _, net := range []nets.Network{nets.CNN([3]int{8, 8, 1}, 3), noisy} {
		var image bytes.Buffer
		if err := WriteSVG(t.Context(), &image, newModel(t, net, graph.Fused), View{Batch: 4, Gradients: true}); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"<svg", ">conv2d<", ">Conv2D<", "∂ kernel", ">CrossEntropyGrad<", "scalar"} {
			if !strings.Contains(image.String(), word) {
				t.Errorf("%s: the image has no %s", net.Name, word)
			}
		}
		for d := xml.NewDecoder(&image); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestWithoutGraphviz(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var image bytes.Buffer
	err := WriteSVG(t.Context(), &image, newModel(t, noisy, graph.Fused), View{Batch: 4})
	if !errors.Is(err, ErrNoGraphviz) || image.Len() > 0 {
		t.Errorf("error %v, %d bytes written", err, image.Len())
	}
}

// TestCellsHaveRoom: each line of a cell has a tenth of its letters as room at
// either end, for fonts that are wider than Graphviz's.
func TestCellsHaveRoom(t *testing.T) {
	m := newModel(t, nets.CNN(digits, 10), graph.Fused)
	cells := regexp.MustCompile(`<td port=[^>]*>(.*?)</td>`).FindAllStringSubmatch(write(t, m, View{Batch: 128, Gradients: true}), -1)
	if len(cells) != 16 {
		t.Fatalf("%d cells, want eight weights and their gradients", len(cells))
	}
	for _, c := range cells {
		for _, line := range strings.Split(regexp.MustCompile(`</?(b|font)[^>r]*>`).ReplaceAllString(c[1], ""), "<br/>") {
			words := strings.Trim(line, "\u00a0")
			before, after := strings.Index(line, words), len(line)-strings.LastIndex(line, words)-len(words)
			if room := before / len("\u00a0"); before != after || 6*room < len([]rune(words)) {
				t.Errorf("%q has %d and %d bytes of room", line, before, after)
			}
		}
	}
}
