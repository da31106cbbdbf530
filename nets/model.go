package nets

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/nets/summary"
)

// Model is a network with weights. Its programs are used by one goroutine at a
// time.
type Model struct {
	Network
	Classes   int            // how many logits the last layer gives
	Weights   []Weight       // in the layers' order
	Noise     *rand.PCG      // the source of dropout, part of a run's state
	Objective                // what training and evaluation measure; plain cross-entropy unless changed
	Before    int            // rows of each batch that other processes have before this one's, where they train together
	Together  graph.Together // those processes, in the middle of a run; nil is this one alone
	Ops       graph.Ops      // how graphs are written; graph.Fused unless changed before the first Program

	dtype     tensor.Dtype
	rows      []summary.Row
	specs     []spec // of the weights
	penalized bool   // whether a layer has a penalty
	programs  map[programKey]*Program
}

// Weight is a named tensor of a model.
type Weight struct {
	Name  string // such as "dense.kernel"
	Value *tensor.Dense
}

// New makes a model with element type float32 or float64 and draws its
// weights, one after the other, from rng.
func New(net Network, dt tensor.Dtype, rng *rand.Rand) (*Model, error) {
	m, specs, err := declared(net, dt)
	if err != nil {
		return nil, err
	}
	if rng == nil {
		return nil, fmt.Errorf("nets: %s: there is no source of random numbers to draw its weights from", net.Name)
	}
	m.allocate(specs)
	if err := m.draw(specs, rng); err != nil {
		return nil, err
	}
	m.Noise = rand.NewPCG(rng.Uint64(), rng.Uint64())
	return m, nil
}

// declared is a model whose weights have no memory yet, and what they will be.
func declared(net Network, dt tensor.Dtype) (*Model, []spec, error) {
	if dt != tensor.Float32 && dt != tensor.Float64 {
		return nil, nil, fmt.Errorf("nets: element type %v; there are float32 and float64", dt.Type) // a Dtype of none prints a panic
	}
	if n, ok := elements(net.Input[:]); !ok || n < 1 {
		return nil, nil, fmt.Errorf("nets: %s: images of %d x %d pixels and %d channels: each must be at least 1, and one image fit into memory", net.Name, net.Input[0], net.Input[1], net.Input[2])
	}
	m := &Model{Network: net, Ops: graph.Fused, dtype: dt, programs: make(map[programKey]*Program)}
	var err error
	if m.specs, err = m.declare(); err != nil {
		return nil, nil, err
	}
	_, err = weightBytes(net, m.specs, dt)
	return m, m.specs, err
}

// declare learns of the network's weights and shapes.
func (m *Model) declare() ([]spec, error) {
	b, err := m.sketch(graph.Fused, Prediction)
	if err != nil {
		return nil, err
	}
	if err := m.checkStrays(b); err != nil {
		return nil, err
	}
	m.rows = append(m.rows, summary.Row{Name: "image", Type: "InputLayer", Output: m.Input[:]})
	for _, p := range b.parts {
		row := summary.Row{Name: p.Name, Type: p.Type, Output: p.Out.Shape()[1:]}
		for _, s := range b.specs {
			if s.layer == p.Name || strings.HasPrefix(s.layer, p.Name+".") {
				row.Params += s.shape.TotalSize()
			}
		}
		m.rows = append(m.rows, row)
	}
	m.penalized = len(b.penalties) > 0
	m.Classes = b.parts[len(b.parts)-1].Out.Shape()[1]
	return b.specs, nil
}

// sketch builds the network for one image, without memory and without gradients: to
// learn what its layers ask for and add.
func (m *Model) sketch(ops graph.Ops, phase Phase) (*Builder, error) {
	b := &Builder{Ops: ops, Phase: phase, Noise: noise{new(rand.PCG), new(int)}, Together: together{m}, dtype: m.dtype, declaring: true}
	machine, err := graph.Build(func(g *gorgonia.ExprGraph) error {
		b.graph = g
		_, err := b.build(m.Network, b.images(m.Network, 1))
		return err
	}, phase.mode())
	if err != nil {
		return nil, err
	}
	return b, machine.Close()
}

// Convolutions says, by the layer's name, with which algorithm each convolution
// is computed. A stock twin has none to choose.
func (m *Model) Convolutions() (map[string]graph.Algorithm, error) {
	b, err := m.sketch(m.Ops, Prediction)
	if err != nil {
		return nil, err
	}
	chosen := make(map[string]graph.Algorithm)
	for _, p := range b.parts {
		if a, ok := graph.ConvolutionOf(p.Out); ok {
			chosen[p.Name] = a
		}
	}
	return chosen, nil
}

// allocate gives the weights memory, one aligned piece for all.
func (m *Model) allocate(specs []spec) {
	sizes := make([]int, len(specs))
	for i, s := range specs {
		sizes[i] = s.shape.TotalSize() * int(m.dtype.Size())
	}
	arena := graph.NewArena(sizes...)
	for _, s := range specs {
		m.Weights = append(m.Weights, Weight{s.name, arena.Tensor(m.dtype, s.shape)})
	}
}

// draw gives the weights their initial values.
func (m *Model) draw(specs []spec, rng *rand.Rand) (err error) {
	for i, s := range specs {
		if w := m.Weights[i].Value; m.dtype == tensor.Float64 {
			err = fill(w.Float64s(), s, rng)
		} else {
			err = fill(w.Float32s(), s, rng)
		}
		if err != nil {
			return fmt.Errorf("nets: %s: weight %s: %w", m.Name, s.name, err)
		}
	}
	return nil
}

func fill[T graph.Float](w []T, s spec, rng *rand.Rand) error {
	for i := range w {
		w[i] = T(s.init(rng, s.fans))
		if v := float64(w[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("its initializer gives %v, for %d inputs and %d outputs", v, s.fans.In, s.fans.Out)
		}
	}
	return nil
}

// Dtype is the element type of weights and images.
func (m *Model) Dtype() tensor.Dtype { return m.dtype }

// Params is how many parameters the model has, trained and frozen.
func (m *Model) Params() int {
	n := 0
	for _, w := range m.Weights {
		n += w.Value.Shape().TotalSize()
	}
	return n
}

// Summary writes Keras's table of the model, for a terminal of so many columns.
func (m *Model) Summary(w io.Writer, columns int) error {
	rows := slices.Clone(m.rows)
	for _, s := range m.specs {
		if s.state || m.freezes(s.name) {
			layer, _, _ := strings.Cut(s.name, ".")
			rows[slices.IndexFunc(rows, func(r summary.Row) bool { return r.Name == layer })].Frozen += s.shape.TotalSize()
		}
	}
	steps, err := m.steps()
	if err != nil {
		return err
	}
	if branches(steps) {
		rows = connected(steps, rows)
	}
	return summary.Write(w, m.Name, rows, columns)
}

// connected are the rows of a network that branches, the first of them that of the
// images: in Keras's order, with what each layer takes.
func connected(steps []step, rows []summary.Row) []summary.Row {
	sorted := rows[:1:1]
	for _, i := range byDepth(steps) {
		row := rows[i+1]
		for _, at := range steps[i].after {
			row.After = append(row.After, rows[at+1].Name)
		}
		sorted = append(sorted, row)
	}
	return sorted
}
