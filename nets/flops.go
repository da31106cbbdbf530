package nets

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"stheno/graph"
)

// Operations are how many floating-point operations a layer takes for one image. A
// multiply-add is two.
type Operations struct {
	Forward int // for its output
	Weights int // for its weights' gradients: in a training step, unless the layer is frozen
	Inputs  int // for its input's gradient: in a training step, if a layer before is trained
}

// Counted is a layer of one's own that says how many floating-point operations it
// takes. One that is made of layers alone need not say it: it takes what they take.
type Counted interface {
	// FLOPs are those of one image, for an input and an output of these shapes,
	// which have no batch, of a Merge for the first input: as the plain algorithm
	// does it, without what the layers within this one take, which are asked
	// themselves. Below 1 % of the network's is as good as none: see Model.FLOPs for
	// what the layers here leave out.
	FLOPs(in, out []int) Operations
}

// UncountedError says which layer has mathematics of its own and does not say what
// it takes.
type UncountedError struct{ Network, Layer, Type string }

func (e *UncountedError) Error() string {
	return fmt.Sprintf("nets: %s: layer %s (%s) does not say its FLOPs: give its type a method FLOPs(in, out []int) nets.Operations", e.Network, e.Layer, e.Type)
}

// FLOPs is how many floating-point operations one image takes, as the plain
// algorithms do it: forward, and in a training step.
//
//	forward = 2 · sum of M
//	step    = 2 · sum of (M + M where the layer is trained + M where one before it is)
//
// M is a layer's multiply-adds, each of which is two operations:
//
//	Dense            I·O
//	Conv2D           OH·OW·KH·KW·C·F, with groups C/groups for C
//	DepthwiseConv2D  OH·OW·KH·KW·C·M, with the depth multiplier M
//	SeparableConv2D  OH·OW·C·M·(KH·KW + F)
//
// A step takes them up to three times: for the outputs, for the weights' gradient,
// which a frozen layer does not need, and for the inputs' gradient, which the lowest
// trained layer and those below need not. Beside depthwise convolutions these count,
// too, in operations:
//
//	a pool               one of each number of each window, and again for the inputs' gradient
//	BatchNormalization   4 a number; 6 for the weights' gradient and the batch's moments, 4 for the inputs'
//	LayerNormalization   7 a number; 3 for the weights' gradient, 8 for the inputs'
//
// What a layer of one's own takes it says itself: see [Counted]. Left out is what does
// one operation of each number, or one function: biases, activations, dropout and
// noise, merges, scaling, and all that moves numbers alone; and the loss and the
// optimizer. What Winograd's algorithm saves is not taken off.
//
// A layer that is not known and does not say it is a [*UncountedError].
func (m *Model) FLOPs() (forward, step int, err error) {
	b, err := m.sketch(graph.Fused, Prediction)
	if err == nil {
		forward, err = m.sum(b.parts, func(_ Part, takes Operations) int { return takes.Forward })
	}
	if err != nil {
		return 0, 0, err
	}
	if b, err = m.sketch(graph.Fused, Training); err == nil {
		step, err = m.sum(b.parts, m.ofStep(b.graph))
	}
	if err != nil {
		return 0, 0, err
	}
	return forward, step, nil
}

// FLOPs are those of a model of net: see [Model.FLOPs]. It takes no memory for one.
func FLOPs(net Network) (forward, step int, err error) {
	m, _, err := declared(net, tensor.Float32)
	if err != nil {
		return 0, 0, err
	}
	return m.FLOPs()
}

// sum adds up what count makes of each layer's operations.
func (m *Model) sum(parts []Part, count func(Part, Operations) int) (n int, err error) {
	for _, p := range parts {
		within, err := m.sum(p.Parts, count)
		if err != nil {
			return 0, err
		}
		n += within
		if !p.Computes() {
			continue
		}
		takes, err := m.operations(p)
		if err != nil {
			return 0, err
		}
		n += count(p, takes)
	}
	return n, nil
}

// operations are what a layer takes, beside those within it.
func (m *Model) operations(p Part) (Operations, error) {
	in, out := p.In.Shape()[1:], p.Out.Shape()[1:]
	if takes, ok := known(p.Layer, in, out); ok {
		return takes, nil
	}
	counted, ok := p.Layer.(Counted)
	if !ok {
		return Operations{}, &UncountedError{m.Name, p.Name, p.Type}
	}
	takes, err := ask(counted, in.Clone(), out.Clone())
	if err != nil {
		return takes, fmt.Errorf("nets: %s: layer %s (%s): %w", m.Name, p.Name, p.Type, err)
	}
	if min(takes.Forward, takes.Weights, takes.Inputs) < 0 {
		return takes, fmt.Errorf("nets: %s: layer %s (%s) says that it takes %+v FLOPs: none of them can be negative", m.Name, p.Name, p.Type, takes)
	}
	return takes, nil
}

// ask has a layer of one's own say its operations. It is asked when a run has been
// trained, which a panic of its must not cost.
func ask(l Counted, in, out []int) (takes Operations, err error) {
	defer func() {
		if said := recover(); said != nil {
			err = fmt.Errorf("its FLOPs panicked: %v", said)
		}
	}()
	return l.FLOPs(in, out), nil
}

// known is what the layers of this package take; ok is false for others, and for
// those that embed one of these, for whatever they do besides.
func known(l Layer, in, out tensor.Shape) (takes Operations, ok bool) {
	counts, ok := settings(l).(interface {
		flops(in, out []int) Operations
	})
	if ok = ok && ours(l); ok {
		takes = counts.flops(in, out)
	}
	return takes, ok
}

// product is how many numbers a shape holds.
func product(shape []int) int { return tensor.Shape(shape).TotalSize() }

// multiplyAdds are the operations of a layer of so many of them, which its weights'
// gradient and its input's take as well.
func multiplyAdds(n int) Operations { return Operations{2 * n, 2 * n, 2 * n} }

// ofStep counts what a training step takes. Where gradients go is read off the
// graph g: through the nodes that depend on a weight which is trained.
func (m *Model) ofStep(g *gorgonia.ExprGraph) func(Part, Operations) int {
	trained := make(map[*gorgonia.Node]bool)
	for _, w := range m.specs {
		if !w.state && !m.freezes(w.name) {
			for _, n := range g.ByName(w.name) {
				trained[n] = true
			}
		}
	}
	for _, n := range g.AllNodes() { // what is read comes before its readers
		if slices.ContainsFunc(read(n), func(x *gorgonia.Node) bool { return trained[x] }) {
			trained[n] = true
		}
	}
	return func(p Part, takes Operations) int {
		own, n := p.Own(), takes.Forward
		if slices.ContainsFunc(own, func(x *gorgonia.Node) bool { return x.IsVar() && trained[x] }) {
			n += takes.Weights
		}
		for _, x := range own {
			if slices.ContainsFunc(read(x), func(in *gorgonia.Node) bool { return trained[in] && !slices.Contains(own, in) }) {
				return n + takes.Inputs
			}
		}
		return n
	}
}
